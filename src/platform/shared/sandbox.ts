import type { Sandbox } from "../../core/platform.ts";
import { normalize } from "./paths.ts";

/**
 * The folders in which something is hidden or only read, outermost first, below those that may be changed. By another
 * name such a folder would take it along to where no rule knows it, so a sandbox keeps them where they are.
 */
export function foldersOnTheWay({ write, hide, readOnly }: Sandbox): string[] {
  const paths = [...hide, ...readOnly].map(normalize);
  const folders = write.flatMap((root) => paths.flatMap((path) => foldersBetween(normalize(root), path)));
  return [...new Set(folders)].toSorted((a, b) => a.length - b.length);
}

function foldersBetween(root: string, path: string): string[] {
  const start = root === "/" ? root : `${root}/`;
  if (!path.startsWith(start)) return [];
  const names = path.slice(start.length).split("/").slice(0, -1);
  return names.map((_, at) => start + names.slice(0, at + 1).join("/"));
}
