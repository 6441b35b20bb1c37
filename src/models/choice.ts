import { WeftError } from "../core/error.ts";
import type { Permissions } from "../core/policy.ts";
import { nameMatches } from "../lib/glob.ts";

/** Which models somebody may have, with tiers and without. */
export type ChoicePermissions = Pick<Permissions, "level" | "modelAccess" | "modelDenied" | "mayChooseModel">;

/** Throws `refused` when somebody may not have this model by naming it. */
export function checkChoice({ mayChooseModel, modelAccess, modelDenied, level }: ChoicePermissions, id: string): void {
  if (!mayChooseModel) {
    const how = "leave the choice to weft, or let the owner set model_override in routing.permissions";
    throw new WeftError("refused", `with level ${level} you may not choose a model, and asked for ${id}: ${how}`);
  }
  const denied = modelDenied.find((pattern) => nameMatches(pattern, id));
  if (denied !== undefined) {
    const how = "to allow it, the owner takes that entry out";
    throw new WeftError(
      "refused",
      `${id} is not for you: model_denylist in routing.permissions has "${denied}"; ${how}`,
    );
  }
  if (!modelAccess.some((pattern) => nameMatches(pattern, id))) {
    const how = "to allow it, the owner adds it there";
    throw new WeftError("refused", `${id} is not for you: it is not in model_access of routing.permissions; ${how}`);
  }
}

/** Those of these models that somebody may be given. Throws `refused` when there is none. */
export function permitted(permissions: ChoicePermissions, ids: readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = ids.filter((id) => isFor(permissions, id));
  if (first === undefined) throw noModel(permissions);
  return [first, ...others];
}

export function isFor({ modelAccess, modelDenied }: ChoicePermissions, id: string): boolean {
  if (modelDenied.some((pattern) => nameMatches(pattern, id))) return false;
  return modelAccess.some((pattern) => nameMatches(pattern, id));
}

export function noModel({ level }: ChoicePermissions): WeftError {
  const what = `there is no model that you may use with level ${level}`;
  const how = "model_access and model_denylist in routing.permissions decide that";
  return new WeftError("refused", `${what}: ${how}`);
}
