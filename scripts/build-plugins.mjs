// `npm run build:plugins [-- --if-changed]`: compiles the first-party plugins into dist/plugins/NAME, ready to install.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { newest } from "./newest.mjs";

const asc = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
const names = readdirSync("plugins").filter((name) => existsSync(`plugins/${name}/clawft.plugin.json`));

for (const name of names) {
  const out = `dist/plugins/${name}`;
  const module = `${out}/plugin.wasm`;
  const sources = [`plugins/${name}`, "plugins/sdk", "package-lock.json"];
  if (process.argv.includes("--if-changed") && existsSync(module) && newest(sources) < statSync(module).mtimeMs)
    continue;
  mkdirSync(out, { recursive: true });
  copyFileSync(`plugins/${name}/clawft.plugin.json`, `${out}/clawft.plugin.json`);
  const options = ["-O3z", "--runtime", "minimal", "--noAssert", "-o", module];
  const done = spawnSync(process.execPath, [asc, `plugins/${name}/assembly/index.ts`, ...options], {
    stdio: ["ignore", 2, 2],
  });
  if (done.status !== 0) process.exit(1);
  console.log(`${module}: ${statSync(module).size} bytes`);
}
