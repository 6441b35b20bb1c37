import { constants, promises as fs } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { WeftError } from "../../core/error.ts";
import type { Appender } from "../../core/platform.ts";
import { errnoOf, onPath } from "./errors.ts";
import type { Locks } from "./lock.ts";
import { gently, mustBeRegular, syncFolder } from "./regular-file.ts";

export async function openAppender(path: string, locks: Locks): Promise<Appender> {
  const handle = await openOrCreate(path);
  try {
    const stat = await handle.stat();
    mustBeRegular(stat, path);
    locks.guard(path, stat, handle);
  } catch (thrown) {
    if (!(thrown instanceof WeftError && thrown.code === "refused")) await handle.close();
    throw thrown;
  }
  const state: State = { path, handle, unusable: undefined };
  return {
    write: (bytes) => onPath("write", path, () => appendWhole(state, bytes)),
    sync: () => onPath("write", path, () => usable(state).datasync()),
    async close() {
      if (state.unusable === "closed") return;
      state.unusable = "closed";
      await handle.close();
    },
  };
}

interface State {
  readonly path: string;
  readonly handle: FileHandle;
  /** Why nothing more can be written. */
  unusable: string | undefined;
}

async function openOrCreate(path: string): Promise<FileHandle> {
  const flags = constants.O_WRONLY | constants.O_APPEND | gently;
  try {
    return await fs.open(path, flags);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
  }
  const handle = await fs.open(path, flags | constants.O_CREAT, 0o600);
  try {
    await syncFolder(dirname(path));
    return handle;
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

async function appendWhole(state: State, bytes: Uint8Array): Promise<void> {
  const handle = usable(state);
  let written = 0;
  try {
    while (written < bytes.length) {
      written += (await handle.write(bytes, written, bytes.length - written, null)).bytesWritten;
    }
  } catch (thrown) {
    if (written > 0) await cutBack(state, written);
    throw thrown;
  }
}

async function cutBack(state: State, written: number): Promise<void> {
  try {
    await state.handle.truncate((await state.handle.stat()).size - written);
  } catch (thrown) {
    state.unusable = "half a record at its end could not be removed";
    throw thrown;
  }
}

function usable(state: State): FileHandle {
  if (state.unusable === undefined) return state.handle;
  throw new WeftError("internal", `cannot write ${state.path}: ${state.unusable}`);
}
