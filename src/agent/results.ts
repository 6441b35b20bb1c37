import type { Files } from "../core/platform.ts";

const mostFiles = 200;

/** Keeps long tool results as files in `folder`, the newest 200; returns paths relative to the workspace. */
export function resultFiles(files: Files, folder: string): (name: string, text: string) => Promise<string> {
  const relative = folder.slice(folder.lastIndexOf("/") + 1);
  return async (name, text) => {
    await files.makeDirectory(folder);
    await files.write(`${folder}/${name}`, new TextEncoder().encode(text));
    await removeOldest(files, folder);
    return `${relative}/${name}`;
  };
}

async function removeOldest(files: Files, folder: string): Promise<void> {
  const names = (await files.list(folder)).map(({ name }) => `${folder}/${name}`);
  if (names.length <= mostFiles) return;
  const aged = await Promise.all(names.map(async (path) => ({ path, at: (await files.stat(path))?.modifiedAt ?? 0 })));
  aged.sort((a, b) => a.at - b.at);
  for (const { path } of aged.slice(0, names.length - mostFiles)) await files.remove(path);
}
