import { lookingBrain } from "../app-brain.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { type Decision, type Policy, refusalText, type Target } from "../core/policy.ts";
import type { Actor } from "../core/tool.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";

const longestMs = 15_000;
const me: Actor = { channel: "cli", sender: "local" };

/** What is known of the way to a host. */
interface Route {
  readonly host: string;
  readonly port: number;
  /** Absent: it could not be resolved, see `dns`. */
  readonly addresses: readonly { readonly address: string; readonly range: string }[];
  readonly dns: string;
  readonly proxy: string;
  readonly tools: string;
  readonly models: string;
  /** What an HTTP request through the door met; absent where the policy lets none go. */
  readonly reached?: string;
}

/** `weft doctor net HOST`: 0 when tools may go there and something answered. */
export async function net(call: Call): Promise<number> {
  const { platform, options, arguments: given } = call;
  const { policy, door } = await lookingBrain(platform, await load(call));
  const { placeIn } = await import("../security/why.ts");
  const { targetOf } = await import("../security/addresses.ts");
  const what = given["HOST"] ?? "";
  const place = placeIn(what);
  const url = /^https?:\/\//.test(what) ? what : urlOf(place);
  const { addresses, dns } = await lookUp(platform, place.host);
  const targets =
    addresses.length === 0 ? [targetOf(place.host, undefined)] : addresses.map((each) => targetOf(place.host, each));
  const decided = (purpose: "tool" | "model") => firstRefusal(policy, { ...place, purpose }, targets);
  const tools = decided("tool");
  const route: Route = {
    ...place,
    addresses: targets.flatMap(({ address, range }) =>
      address === undefined ? [] : [{ address, range: range ?? "public" }],
    ),
    dns,
    proxy: proxyText(platform, url),
    tools: textOf(tools),
    models: textOf(decided("model")),
    ...(tools.allowed && {
      reached: await reach(platform, (signal) => door.fetch(me, url, { method: "HEAD", signal })),
    }),
  };
  await platform.terminal.out("json" in options ? `${JSON.stringify(route, null, 2)}\n` : textOfRoute(route));
  return route.reached?.startsWith("HTTP") ? 0 : tools.allowed ? 5 : 6;
}

function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `${port === 80 ? "http" : "https"}://${name}:${port}/`;
}

async function lookUp(
  platform: Platform,
  host: string,
): Promise<{ readonly addresses: string[]; readonly dns: string }> {
  const began = platform.monotonic();
  try {
    const addresses = await platform.resolve(host);
    return { addresses, dns: `${addresses.join(", ")} in ${since(platform, began)}` };
  } catch (error) {
    return { addresses: [], dns: `failed: ${WeftError.from(error).message}` };
  }
}

/** Each address is judged: which of them is used is the other side's choice. */
function firstRefusal(
  policy: Policy,
  place: { readonly host: string; readonly port: number; readonly purpose: "tool" | "model" },
  targets: readonly Target[],
): Decision {
  const decisions = targets.map((target) => policy.decide(me, { kind: "connect", ...place, target }));
  const decision = decisions.find(({ allowed }) => !allowed) ?? decisions[0];
  if (!decision) throw new WeftError("internal", "no target was judged");
  return decision;
}

function textOf(decision: Decision): string {
  return decision.allowed ? `allowed: ${decision.reason}` : `refused: ${refusalText(decision)}`;
}

/** Which variable it is does not matter to anything but people. */
function proxyText({ env, proxyFor }: Platform, url: string): string {
  const proxy = proxyFor(url);
  if (proxy !== undefined) return `through ${proxy}`;
  const names = url.startsWith("https:") ? ["HTTPS_PROXY", "ALL_PROXY"] : ["HTTP_PROXY", "ALL_PROXY"];
  const set = names.find((name) => env[name] ?? env[name.toLowerCase()]);
  return set === undefined ? `none: ${names[0]} is not set` : `none: NO_PROXY exempts this host from ${set}`;
}

async function reach(
  platform: Platform,
  request: (signal: AbortSignal) => Promise<{ readonly response: Response }>,
): Promise<string> {
  const began = platform.monotonic();
  try {
    const { response } = await request(AbortSignal.timeout(longestMs));
    await response.body?.cancel();
    return `HTTP ${response.status} in ${since(platform, began)}`;
  } catch (error) {
    return `failed: ${WeftError.from(error).message}`;
  }
}

function since({ monotonic }: Platform, began: number): string {
  return `${Math.round(monotonic() - began)} ms`;
}

function textOfRoute({ host, port, addresses, dns, proxy, tools, models, reached }: Route): string {
  const ranges = [...new Set(addresses.map(({ range }) => range))];
  const rows = [
    `${host}:${port}`,
    `  DNS:     ${dns}`,
    ...(ranges.length === 0 ? [] : [`  range:   ${ranges.join(", ")}`]),
    `  proxy:   ${proxy}`,
    `  tools:   ${tools}`,
    `  models:  ${models}`,
    `  reached: ${reached ?? "not tried, for tools may not go there"}`,
  ];
  return `${rows.join("\n")}\n`;
}
