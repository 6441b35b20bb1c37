import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dockerSays, run, until } from "./docker.ts";
import { makeBaseImages } from "./setup/base-images.ts";

/** What a fresh clone of the work tree would hold, in a folder of its own, on an engine that has the base images. */
export async function clone(): Promise<{ readonly path: string; remove(): void }> {
  await baseImages();
  const path = mkdtempSync(join(tmpdir(), "weft-clone-"));
  const files = "git ls-files -z --cached --others --exclude-standard";
  const { code, err } = await run("sh", ["-c", `${files} | tar --null --files-from=- -cf - | tar -xf - -C "${path}"`]);
  if (code !== 0) throw new Error(err);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Once for each engine, whichever test file comes first. */
async function baseImages(): Promise<void> {
  const lock = join(process.env["DOCKER_CONFIG"] ?? tmpdir(), "base-images.lock");
  await until("another test file has made the base images", async () => taken(lock), 1000);
  try {
    const images = await dockerSays("images", "--format", "{{.Repository}}:{{.Tag}}");
    if (!images.includes("rust:1.95-bookworm")) await makeBaseImages();
  } finally {
    rmdirSync(lock);
  }
}

function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}
