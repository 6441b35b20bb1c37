import { WeftError } from "../core/error.ts";
import type { Permissions } from "../core/policy.ts";
import { nameMatches } from "../lib/glob.ts";

/** Which models somebody may be given; whether one may be named, the policy says. */
export type ChoicePermissions = Pick<Permissions, "level" | "modelAccess" | "modelDenied" | "mayChooseModel">;

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
