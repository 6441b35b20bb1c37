// `npm run build:native [-- --features wasm-plugins | --no-default-features] [--out=FILE] [--target=TRIPLE]`: the
// program as one static executable, dist/weft: the host (Rust) with the bundle appended as bytecode.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundle } from "./bundler.mjs";
import { cargo, hostTriple, run } from "./cargo.mjs";
import { featuresOf } from "./features.mjs";
import { newest } from "./newest.mjs";

const { names, rest } = featuresOf(process.argv.slice(2));
const out = option("out") ?? "dist/weft";
const own = hostTriple();
const target = option("target") ?? own;
const entries = option("entry")?.split(",") ?? ["src/native.ts"];

/** What commands that are waited for load, each in as few chunks as can be; everything else lies in the executable as deflated source: see host/src/pack.rs. */
const together = {
  main: [entries[0]],
  status: ["src/cli/status.ts"],
  agent: ["src/cli/agent.ts", "src/config/load.ts", "src/delegation/delegation.ts", "src/spending/spending.ts"],
  chat: ["src/models/openai-chat.ts"],
  gateway: ["src/cli/gateway.ts", "src/gateway/app.ts", "src/gateway/metrics.ts", "src/platform/native/serve.ts"],
};

if (!rest.includes("--if-changed") || isStale()) await make();

function option(name) {
  return rest.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
}

function isStale() {
  const host = ["host/src", "host/Cargo.toml", "host/Cargo.lock", "host/no-unwind.ld"];
  const sources = ["src", "scripts", "package-lock.json", ...host, ...entries.map((entry) => entry.split("/", 1)[0])];
  return !existsSync(out) || newest(sources) > statSync(out).mtimeMs;
}

async function make() {
  mkdirSync(dirname(out), { recursive: true });
  const folder = `${out}.modules-${process.pid}`;
  try {
    const { quick, late } = await modulesIn(folder);
    const host = cargo("weft-host", { profile: "release", triple: target, features: names });
    // Needed once for a moment: not worth the minute that all optimisations take.
    const pack = cargo("weft-pack", { profile: "dev", triple: own, features: names });
    const made = `${out}-${process.pid}`;
    run(pack, [host, made, ...quick, "--late", ...late]);
    chmodSync(made, 0o755);
    renameSync(made, out);
    const size = statSync(out).size;
    if (!rest.includes("--if-changed")) {
      const program = size - statSync(host).size;
      console.log(`${out} (${names.join(", ") || "no features"}): ${size} bytes, of it the program ${program}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The modules for the engine, the main one first. */
async function modulesIn(folder) {
  rmSync(folder, { recursive: true, force: true });
  const chunks = await bundle("native", {
    input: { main: entries[0], intl: "src/platform/native/intl.ts", streams: "src/platform/native/web/streams.ts" },
    features: names,
    dir: folder,
    together,
    alias: JSON.parse(option("alias") ?? "{}"),
  });
  for (const { fileName } of chunks) withHostImports(join(folder, fileName));
  const isMain = ({ fileName }) => fileName === "main.js";
  const others = chunks.filter((chunk) => !isMain(chunk));
  const paths = (some) => some.map(({ fileName }) => join(folder, fileName)).sort();
  return {
    quick: [join(folder, "main.js"), ...paths(others.filter(isQuick))],
    late: paths(others.filter((chunk) => !isQuick(chunk))),
  };
}

function isQuick({ name, facadeModuleId, moduleIds }) {
  const isOfSets = facadeModuleId === null && name.split("-").every((part) => part in together);
  // Of an entry that lies in another chunk only its names are left.
  return isOfSets || moduleIds.length === 0;
}

/** `import()` asks where it stands, which bytecode without its debug part does not know: see host/src/engine.rs. */
function withHostImports(path) {
  const code = readFileSync(path, "utf8");
  writeFileSync(path, code.replace(/\bimport\(["`]\.\/([^"`]+)["`]\)/g, '__import("$1")'));
}
