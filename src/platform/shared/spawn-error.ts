import { WeftError } from "../../core/error.ts";
import { errnoOf } from "./file-system.ts";

export function spawnError(error: Error, file: string, cwd: string): WeftError {
  const code = errnoOf(error);
  if (code === "ENOENT")
    return new WeftError("missing", `cannot run ${file}: there is no such program (or no folder ${cwd})`);
  if (code === "EACCES") return new WeftError("refused", `cannot run ${file}: permission denied`);
  return new WeftError("unavailable", `cannot run ${file}: ${error.message}`, { cause: error });
}
