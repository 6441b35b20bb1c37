import { openApp } from "../app.ts";
import { appPairing } from "../app-pairing.ts";
import { noAudit } from "../core/audit.ts";
import { WeftError } from "../core/error.ts";
import type { JsonObject } from "../core/json.ts";
import type { Paired, Pairing } from "../core/pairing.ts";
import { workspacePaths } from "../core/workspace.ts";
import { levelIn, nobodyText, pairingRows, personIn } from "../security/pairing-words.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { askGateway, type Wanted } from "./remote.ts";
import { harmless, table } from "./style.ts";

/** `weft pairing list` */
export async function list(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const paths = workspacePaths(loaded.workspace);
  const { open } = await appPairing({ platform, paths, audit: noAudit, post: async () => {} });
  const all = (await open()).list();
  const rows = pairingRows(all);
  const text = rows.length === 0 ? `${nobodyText}\n` : harmless(table([["WHO", "WHAT", "TIME"], ...rows]));
  await platform.terminal.out("json" in options ? `${JSON.stringify(all, null, 2)}\n` : text);
  return 0;
}

/** `weft pairing approve CODE` */
export async function approve(call: Call): Promise<number> {
  const code = call.arguments["CODE"] ?? "";
  const level = levelIn(call.options["level"]);
  const paired = await changing<Paired>(call, {
    method: "POST",
    path: `/pairing/${encodeURIComponent(code)}?level=${level}`,
    here: (pairing) => pairing.approve(code, level),
  });
  await tell(call, { ...paired }, `${paired.channel}:${paired.sender} is let in, level ${paired.level}`);
  return 0;
}

/** `weft pairing revoke CHANNEL:SENDER` */
export async function revoke(call: Call): Promise<number> {
  const person = personIn(call.arguments["CHANNEL:SENDER"] ?? "");
  const name = `${person.channel}:${person.sender}`;
  const { revoked } = await changing<{ readonly revoked: boolean }>(call, {
    method: "DELETE",
    path: `/pairing/${encodeURIComponent(person.channel)}/${encodeURIComponent(person.sender)}`,
    here: async (pairing) => ({ revoked: await pairing.revoke(person) }),
  });
  if (!revoked) throw new WeftError("missing", `${name} is not paired. See: weft pairing list`);
  await tell(call, { revoked, ...person }, `${name} is a stranger again`);
  return 0;
}

async function tell({ platform, options }: Call, value: JsonObject, text: string): Promise<void> {
  await platform.terminal.out("json" in options ? `${JSON.stringify(value, null, 2)}\n` : `${harmless(text)}\n`);
}

interface Change<T> extends Wanted {
  readonly here: (pairing: Pairing) => Promise<T>;
}

/** A running gateway does it itself: it has the list in memory, and the channel to tell him by. */
async function changing<T>(call: Call, { here, ...wanted }: Change<T>): Promise<T> {
  const { platform } = call;
  const loaded = await load(call);
  const answer = await askGateway(platform, loaded, wanted);
  if (answer) return (await answer.json()) as T;
  const app = await openApp(platform, loaded, { command: "pairing", resume: false, waitMs: 5000 });
  try {
    return await here(await app.pairing());
  } finally {
    await app.close(0);
  }
}
