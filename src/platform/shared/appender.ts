import { WeftError } from "../../core/error.ts";
import type { Appender } from "../../core/platform.ts";
import type { OnPath } from "./errors.ts";
import { errnoOf, type FileSystem, type Locks, type OpenFile } from "./file-system.ts";
import { dirname } from "./paths.ts";
import { gently, mustBeRegular, syncFolder } from "./regular-file.ts";

export interface Opening {
  readonly fs: FileSystem;
  readonly locks: Locks;
  readonly onPath: OnPath;
}

export async function openAppender(path: string, { fs, locks, onPath }: Opening): Promise<Appender> {
  const file = await openOrCreate(fs, path);
  try {
    const stat = await file.stat();
    mustBeRegular(stat, path);
    locks.guard(path, stat, file);
  } catch (thrown) {
    if (!(thrown instanceof WeftError && thrown.code === "refused")) await file.close();
    throw thrown;
  }
  const state: State = { path, file, unusable: undefined };
  return {
    write: (bytes) => onPath("write", path, () => appendWhole(state, bytes)),
    sync: () => onPath("write", path, () => usable(state).syncData()),
    async close() {
      if (state.unusable === "closed") return;
      state.unusable = "closed";
      await file.close();
    },
  };
}

interface State {
  readonly path: string;
  readonly file: OpenFile;
  /** Why nothing more can be written. */
  unusable: string | undefined;
}

async function openOrCreate(fs: FileSystem, path: string): Promise<OpenFile> {
  const flags = fs.flags.O_WRONLY | fs.flags.O_APPEND | gently(fs);
  try {
    return await fs.open(path, flags);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
  }
  const file = await fs.open(path, flags | fs.flags.O_CREAT, 0o600);
  try {
    await syncFolder(fs, dirname(path));
    return file;
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

async function appendWhole(state: State, bytes: Uint8Array): Promise<void> {
  const file = usable(state);
  let written = 0;
  try {
    while (written < bytes.length) written += await file.write(written === 0 ? bytes : bytes.subarray(written));
  } catch (thrown) {
    if (written > 0) await cutBack(state, written);
    throw thrown;
  }
}

async function cutBack(state: State, written: number): Promise<void> {
  try {
    await state.file.truncate((await state.file.stat()).size - written);
  } catch (thrown) {
    state.unusable = "half a record at its end could not be removed";
    throw thrown;
  }
}

function usable(state: State): OpenFile {
  if (state.unusable === undefined) return state.file;
  throw new WeftError("internal", `cannot write ${state.path}: ${state.unusable}`);
}
