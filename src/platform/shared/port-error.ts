import { WeftError } from "../../core/error.ts";
import type { ServeOptions } from "../../core/platform.ts";
import { errnoOf, type FileSystem } from "./file-system.ts";
import { readRange } from "./regular-file.ts";

/** Why nobody can listen there, and what to do. */
export async function portError(fs: FileSystem, { host, port }: ServeOptions, error: Error): Promise<WeftError> {
  const where = `${host}:${port}`;
  switch (errnoOf(error)) {
    case "EADDRINUSE": {
      const owner = await ownerOf(fs, port);
      const by = owner === undefined ? "" : ` by ${owner}`;
      return new WeftError(
        "conflict",
        `port ${port} on ${host} is taken${by}: stop it, or set gateway.port to another`,
      );
    }
    case "EACCES":
      return new WeftError("refused", `${where} may not be used without more rights: set gateway.port above 1023`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new WeftError("config", `gateway.host ${host} is no address of this machine`);
    default:
      return new WeftError("unavailable", `cannot listen on ${where}: ${error.message}`, { cause: error });
  }
}

/** `PID (command)` of who listens on a port, where Linux lets us see it. */
async function ownerOf(fs: FileSystem, port: number): Promise<string | undefined> {
  const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((path) => textOf(fs, path)));
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const listening = "0A";
  const inode = tables
    .flatMap((table) => table.split("\n").map((line) => line.trim().split(/\s+/)))
    .find((fields) => fields[1]?.endsWith(suffix) && fields[3] === listening)?.[9];
  if (inode === undefined) return undefined;
  const processes = (await namesIn(fs, "/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    const open = await namesIn(fs, `/proc/${pid}/fd`);
    const links = await Promise.all(open.map((fd) => fs.readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
    if (!links.includes(`socket:[${inode}]`)) continue;
    const words = (await textOf(fs, `/proc/${pid}/cmdline`)).split("\0").filter(Boolean);
    const command = words.slice(0, 3).map((word) => word.slice(word.lastIndexOf("/") + 1));
    return `process ${pid} (${command.join(" ")})`;
  }
  return undefined;
}

async function textOf(fs: FileSystem, path: string): Promise<string> {
  try {
    const file = await fs.open(path, fs.flags.O_RDONLY);
    try {
      return new TextDecoder().decode(await readRange(file, path));
    } finally {
      await file.close();
    }
  } catch {
    // What we may not see names nobody.
    return "";
  }
}

async function namesIn(fs: FileSystem, path: string): Promise<string[]> {
  return await fs.list(path).then(
    (entries) => entries.map(({ name }) => name),
    () => [],
  );
}
