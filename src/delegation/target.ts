import { WeftError } from "../core/error.ts";
import { compilePattern, type Pattern } from "../lib/pattern.ts";
import { scoreOf, targetOfScore } from "./score.ts";

export interface DelegationSettings {
  readonly claudeEnabled: boolean;
  /** `VENDOR/NAME`; without a vendor it is Anthropic's. */
  readonly claudeModel: string;
  readonly flowEnabled: boolean;
  readonly rules: readonly DelegationRule[];
}

export interface DelegationRule {
  readonly pattern: string;
  readonly target: "local" | "claude" | "flow" | "auto";
}

/** Who does a task. */
export interface Target {
  /** `VENDOR/NAME` */
  readonly model: string;
  /** What answers when that model is not to be had; absent where it was asked for by name. */
  readonly fallback?: string;
  /** It is to split the task and hand the parts on. */
  readonly flow: boolean;
  /** One line: how this was chosen, and what was wanted and could not be had. */
  readonly why: string;
}

export interface Question {
  readonly task: string;
  /** What the caller asked for. */
  readonly model: string | undefined;
  readonly callersModel: string;
  /** Whether a sub-agent of it could hand on parts. */
  readonly mayHandOn: boolean;
}

export interface TargetOptions extends DelegationSettings {
  /** Throws `auth` or `config` when the model cannot be used. */
  readonly checkModel: (id: string) => void;
}

/** An explicit model, else the first rule that matches, else the score. */
export function targetChooser(options: TargetOptions): (question: Question) => Promise<Target> {
  let rules: Promise<readonly (DelegationRule & { readonly compiled: Pattern })[]> | undefined;
  return async (question) => {
    const { task, model } = question;
    if (model !== undefined) {
      options.checkModel(model);
      return { model, flow: false, why: "the model was asked for" };
    }
    rules ??= Promise.all(
      options.rules.map(async (rule) => ({ ...rule, compiled: await compilePattern(rule.pattern) })),
    );
    const number = (await rules).findIndex(({ compiled }) => compiled.test(task));
    const rule = options.rules[number];
    if (rule && rule.target !== "auto") {
      return settled(options, question, { target: rule.target, why: `delegation.rules.${number}: ${rule.target}` });
    }
    const score = scoreOf(task);
    const target = targetOfScore(score);
    return settled(options, question, { target, why: `score ${score.toFixed(2)}: ${target}` });
  };
}

/** `delegation.claude_model` as the catalog knows it. */
export function claudeModelId({ claudeModel }: Pick<DelegationSettings, "claudeModel">): string {
  return claudeModel.includes("/") ? claudeModel : `anthropic/${claudeModel}`;
}

interface Wanted {
  readonly target: "local" | "claude" | "flow";
  readonly why: string;
}

/** What is wanted, as far as it can be had; else what comes next, with the reason. */
function settled(options: TargetOptions, question: Question, { target, why }: Wanted): Target {
  const local = (reason: string): Target => ({
    model: question.callersModel,
    flow: false,
    why: reason === "" ? why : `${why}; ${reason}, so the caller's model did it`,
  });
  if (target === "local") return local("");
  if (!options.claudeEnabled) return local("delegation.claude_enabled is false");
  const model = claudeModelId(options);
  const claude = { model, fallback: question.callersModel, flow: false };
  try {
    options.checkModel(model);
  } catch (error) {
    return local(WeftError.from(error).message);
  }
  if (target === "claude") return { ...claude, why };
  if (!options.flowEnabled) {
    return { ...claude, why: `${why}; delegation.claude_flow_enabled is false, so claude did it` };
  }
  if (!question.mayHandOn) {
    return { ...claude, why: `${why}; too deep to hand on parts, so claude did it alone` };
  }
  return { ...claude, flow: true, why };
}
