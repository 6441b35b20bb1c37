import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dockerSays, run } from "./docker.ts";
import { makeBaseImages } from "./setup/base-images.ts";

/** What a fresh clone of the work tree would hold, in a folder of its own, on an engine that has the base images. */
export async function clone(): Promise<{ readonly path: string; remove(): void }> {
  const images = await dockerSays("images", "--format", "{{.Repository}}:{{.Tag}}");
  if (!images.includes("rust:1.95-bookworm")) await makeBaseImages();
  const path = mkdtempSync(join(tmpdir(), "weft-clone-"));
  const files = "git ls-files -z --cached --others --exclude-standard";
  const { code, err } = await run("sh", ["-c", `${files} | tar --null --files-from=- -cf - | tar -xf - -C "${path}"`]);
  if (code !== 0) throw new Error(err);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
