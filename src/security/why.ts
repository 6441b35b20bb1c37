import { WeftError } from "../core/error.ts";
import type { Action, Decision, Policy, Standing, Target } from "../core/policy.ts";
import type { Actor, Tool } from "../core/tool.ts";
import { didYouMean } from "../lib/nearest.ts";

/** What `why` may be asked: the word, what stands behind it, an example of that. */
export const questions: Readonly<Record<string, readonly [about: string, example: string]>> = {
  tool: ["whether a tool may be used", "exec_shell"],
  command: ["whether exec_shell would run this line", "git push"],
  read: ["whether file tools may read this path", "notes/a.md"],
  write: ["whether file tools may change this path", "notes/a.md"],
  connect: ["whether tools may reach this host, HOST or HOST:PORT", "example.com:443"],
  model: ["whether this model may be chosen", "openai/gpt-5.4"],
};

export interface WhyOptions {
  readonly policy: Policy;
  readonly tools: readonly Tool[];
  /** All addresses of a host; throws when there are none. */
  readonly resolve: (host: string) => Promise<string[]>;
  /** Where a connection leads; `addresses.ts`. */
  readonly targetOf: (host: string, address: string | undefined) => Target;
}

export interface Answer {
  readonly decision: Decision;
  readonly standing: Standing;
}

/** The decision that counts of all that such an action is asked for: a refusal, else a question, else the last. */
export async function whyOf(options: WhyOptions, actor: Actor, [kind, what]: readonly string[]): Promise<Answer> {
  const { policy } = options;
  const actions = await actionsOf(options, kind ?? "", what ?? "");
  const decisions = actions.map((action) => policy.decide(actor, action));
  const decision =
    decisions.find((each) => !each.allowed && !each.ask) ??
    decisions.find(({ allowed }) => !allowed) ??
    decisions.at(-1);
  if (!decision) throw new WeftError("internal", "nothing was asked");
  return { decision, standing: policy.standingOf(actor) };
}

/** For people: the verdict, who it is about, the rule (`at`: where it is written) and what would allow it. */
export function verdictOf(
  { decision, standing }: Answer,
  { channel, sender }: Actor,
  at = decision.rule.origin,
): string[] {
  const { setting } = decision.rule;
  return [
    `${verdict(decision)}: ${decision.reason}`,
    `  who:   ${channel}:${sender}, level ${standing.permissions.level}: ${standing.why}`,
    `  rule:  ${setting}${at === undefined ? "" : `, ${at}`}`,
    ...(decision.allowed ? [] : [`  allow: ${decision.allow}`]),
  ];
}

export function verdict(decision: Decision): "allowed" | "asked first" | "refused" {
  return decision.allowed ? "allowed" : decision.ask ? "asked first" : "refused";
}

async function actionsOf(options: WhyOptions, kind: string, what: string): Promise<Action[]> {
  if (!Object.hasOwn(questions, kind) || what === "") throw new WeftError("usage", usage(kind, what));
  switch (kind) {
    case "command":
      return [
        toolAction(options, "exec_shell"),
        { kind: "command", command: what, facts: (await import("./shell/facts.ts")).commandFacts(what) },
      ];
    case "read":
    case "write":
      return [{ kind: "path", effect: kind, path: what }];
    case "connect":
      return await connections(options, what);
    case "model":
      return [{ kind: "model", model: what, chosen: true }];
    default:
      return [toolAction(options, what)];
  }
}

function usage(kind: string, what: string): string {
  const rows = Object.entries(questions).map(
    ([name, [about, example]]) => `  ${`${name} ${example}`.padEnd(26)} ${about}`,
  );
  const problem = kind === "" || (what === "" && Object.hasOwn(questions, kind)) ? "why what?" : `why ${kind}?`;
  return `${problem}${didYouMean(kind, Object.keys(questions))} Ask for one of:\n${rows.join("\n")}`;
}

function toolAction({ tools }: WhyOptions, name: string): Action {
  const tool = tools.find((each) => each.name === name);
  if (!tool) {
    const names = tools.map((each) => each.name);
    throw new WeftError("usage", `there is no tool ${name}.${didYouMean(name, names)} There are: ${names.join(", ")}`);
  }
  return { kind: "tool", tool: name, effect: tool.effect, egress: tool.egress, input: {} };
}

/** One for each address; without any, as where only a proxy knows the name. */
async function connections({ resolve, targetOf }: WhyOptions, what: string): Promise<Action[]> {
  const place = placeIn(what);
  const addresses = await resolve(place.host).catch(() => []);
  const targets = addresses.length === 0 ? [undefined] : addresses;
  return targets.map((address) => ({
    kind: "connect",
    purpose: "tool",
    ...place,
    target: targetOf(place.host, address),
  }));
}

/** `HOST`, `HOST:PORT` or a URL. Throws `usage`. */
export function placeIn(what: string): { readonly host: string; readonly port: number } {
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(what) ? what : `https://${what}`;
  if (!URL.canParse(written)) throw new WeftError("usage", `"${what}" is no host: write HOST, HOST:PORT or a URL`);
  const { hostname, port, protocol } = new URL(written);
  const standard = protocol === "http:" || protocol === "ws:" ? 80 : 443;
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || standard) };
}
