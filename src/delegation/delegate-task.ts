import type { Reply, TurnEvent } from "../core/channel.ts";
import { WeftError } from "../core/error.ts";
import type { Tool, ToolOutput } from "../core/tool.ts";
import { defineTool, optional, text } from "../lib/define-tool.ts";
import { type Begin, callerOf, delegationTools, depthBelow, maxDepth } from "./begin.ts";
import { shortLine } from "./short-line.ts";
import type { Question, Target } from "./target.ts";

export interface DelegateOptions {
  readonly begin: Begin;
  readonly choose: (question: Question) => Promise<Target>;
}

export function delegateTask({ begin, choose }: DelegateOptions): Tool {
  return defineTool({
    name: delegationTools.delegate,
    description:
      "Hand a task to a sub-agent and wait for its answer. It begins with nothing but your words and has its own, smaller limits: use it for work whose details you need not see.",
    effect: "write",
    parameters: {
      task: text("The whole task, with all that must be known to do it"),
      model: optional(text("VENDOR/NAME of the model for it; chosen by the task unless given")),
    },
    async run({ task, model }, context) {
      const target = await choose(questionOf(context, { task, model }));
      const begun = await begin(context, { task, description: shortLine(task), target, background: false });
      const { signal } = context;
      const leave = () => begun.receipt.abandon();
      signal.addEventListener("abort", leave, { once: true });
      if (signal.aborted) leave();
      try {
        const reply = await lastReply(begun.receipt.events);
        callerOf(context).spend(reply.usage);
        return answerOf(reply, `sub-agent ${begun.agent.id}, ${reply.model || target.model} (${target.why})`);
      } finally {
        signal.removeEventListener("abort", leave);
      }
    },
  });
}

/** Throws `refused` at the depth limit. */
export function questionOf(
  context: Parameters<Tool["run"]>[1],
  { task, model }: Pick<Question, "task" | "model">,
): Question {
  const caller = callerOf(context);
  const depth = depthBelow(caller);
  if (depth > maxDepth) {
    throw new WeftError("refused", `depth limit reached: sub-agents go ${maxDepth} deep. Do this task yourself`);
  }
  if (task.trim() === "") throw new WeftError("invalid", "invalid arguments: task is empty");
  return { task, model, callersModel: caller.model, mayHandOn: depth < maxDepth };
}

export async function lastReply(events: AsyncIterable<TurnEvent>): Promise<Reply> {
  for await (const event of events) if (event.type === "reply") return event.reply;
  throw new WeftError("internal", "a turn ended without a reply");
}

function answerOf({ text: answer, stop, error, untrusted }: Reply, who: string): ToolOutput {
  if (error) {
    const said = answer === "" ? "" : `\nIt said until then:\n${answer}`;
    throw new WeftError(error.code, `${who} ended early: ${error.message}${said}`);
  }
  return { text: `[${who}${stopWords[stop] ?? ""}]\n\n${answer}`, ...(untrusted && { untrusted }) };
}

/** What the reader of an answer should know of its end. */
export const stopWords: Partial<Readonly<Record<Reply["stop"], string>>> = {
  length: "; its answer was cut by the token limit",
  filtered: "; the provider's filter held its answer back",
  limit: "; it used up its limits and is not done",
  loop: "; it was stopped because it repeated itself",
};
