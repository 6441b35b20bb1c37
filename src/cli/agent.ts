import { WeftError } from "../core/error.ts";
import type { Call } from "./command.ts";
import type { Conversation } from "./conversation.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { load, sessionKey } from "./loading.ts";
import { openConversation } from "./open-conversation.ts";
import { safe, show } from "./screen.ts";

/** Another `weft agent` is soon done; a gateway is asked at once. */
const waitMs = 30_000;
const mostInputBytes = 16 * 1024 * 1024;

/** `weft agent` */
export async function agent(call: Call): Promise<number> {
  const { platform, options } = call;
  const loaded = await load(call);
  const session = sessionKey(options["session"]);
  const verbose = "verbose" in options;
  const { message, model } = options;
  if (message === undefined) {
    const { repl } = await import("./repl.ts");
    const conversation = await openConversation({ platform, loaded, verbose, waitMs: 1000 });
    return await repl({ platform, conversation, session, model, workspace: loaded.workspace });
  }
  const text = message === "-" ? await platform.terminal.readAll(mostInputBytes) : message;
  if (text.trim() === "") throw new WeftError("usage", "the message is empty");
  const conversation = await openConversation({ platform, loaded, verbose, waitMs });
  try {
    return await oneShot(call, conversation, { text, session, model });
  } finally {
    await conversation.close();
  }
}

async function oneShot(
  { platform, options }: Call,
  conversation: Conversation,
  question: { readonly text: string; readonly session: string; readonly model: string | undefined },
): Promise<number> {
  const { terminal } = platform;
  const asJson = "json" in options;
  const streams = !asJson && ("stream" in options || terminal.outputIsTerminal);
  const controller = new AbortController();
  const ignore = platform.onSignal((signal) => {
    if (signal === "stop") controller.abort(new WeftError("aborted", "stopped"));
  });
  try {
    const events = conversation.send(question, controller.signal);
    const reply = await show(events, { platform, streams, begun: false });
    if (asJson) await terminal.out(`${JSON.stringify({ session: question.session, ...reply })}\n`);
    else if (!reply.error && !streams) await terminal.out(`${safe(platform, reply.text)}\n`);
    else if (streams) await terminal.out("\n");
    if (!reply.error) return 0;
    if (!asJson) await terminal.error(`weft: ${reply.error.message}\n`);
    return exitCodeOf(reply.error.code);
  } finally {
    ignore();
  }
}
