import type { BackgroundAgents } from "../core/delegation.ts";
import { WeftError } from "../core/error.ts";
import type { Tool } from "../core/tool.ts";
import { defineTool, oneOf, optional, text } from "../lib/define-tool.ts";
import { callerOf, delegationTools } from "./begin.ts";
import { type DelegateOptions, questionOf } from "./delegate-task.ts";
import { shortLine } from "./short-line.ts";

export interface SpawnOptions extends DelegateOptions {
  readonly stopSession: (session: string) => void;
  /** False in a process that does not stay to hear the answer. */
  readonly stays: boolean;
}

export function spawn({ begin, choose, stopSession, stays }: SpawnOptions): Tool {
  return defineTool({
    name: delegationTools.spawn,
    description:
      "Begin a sub-agent that works in the background, and go on at once. Its answer comes later, as a message in this conversation. It begins with nothing but your words.",
    effect: "write",
    parameters: {
      task: text("The whole task, with all that must be known to do it"),
      description: optional(text("A few words for lists")),
      model: optional(text("VENDOR/NAME of the model for it; chosen by the task unless given")),
    },
    async run({ task, description, model }, context) {
      if (!stays) refuse("this process ends with the answer: start `weft gateway`");
      const caller = callerOf(context);
      if (!caller.kept) refuse("this conversation is not kept by weft (X-Session-Id), so no answer could arrive in it");
      const target = await choose(questionOf(context, { task, model }));
      const beginning = { task, description: shortLine(description ?? task), target, background: true };
      const { agent, session } = await begin(context, beginning);
      const { signal } = context;
      const stop = () => {
        // A shutdown or a deadline is no wish to stop; they have their own effect on it.
        if (WeftError.from(signal.reason).code === "aborted") stopSession(session);
      };
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      return `Background agent ${agent.id} has begun with ${target.model} (${target.why}). Its answer will come as a message here; go on without it. See or stop it with ${delegationTools.spawned}.`;
    },
  });
}

function refuse(why: string): never {
  throw new WeftError("refused", `nothing can run in the background here: ${why}, or use ${delegationTools.delegate}`);
}

export function spawned(agents: BackgroundAgents, now: () => number): Tool {
  return defineTool({
    name: delegationTools.spawned,
    description: "List or stop the background agents of this conversation that are still running.",
    effect: "write",
    parameters: {
      action: oneOf(["list", "stop"], "What to do"),
      id: optional(text("The agent to stop")),
    },
    async run({ action, id }, { session }) {
      if (action === "list") {
        const rows = agents.list(session).map((agent) => {
          const seconds = Math.round((now() - agent.startedAt) / 1000);
          return `${agent.id}: ${agent.description} (${agent.model}, ${agent.rounds} steps, for ${seconds} s)`;
        });
        return rows.length === 0 ? "No background agent is running." : rows.join("\n");
      }
      if (id === undefined) throw new WeftError("invalid", "invalid arguments: missing required field: id");
      if (!agents.stop(session, id)) {
        throw new WeftError("missing", `not found: no background agent ${id} runs here. action=list shows them`);
      }
      return `Stopped ${id}. It will send no answer.`;
    },
  });
}
