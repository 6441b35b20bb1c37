// `npm run build:native [-- --features wasm-plugins | --no-default-features] [--out=FILE] [--target=TRIPLE]`: the
// program as one static executable, dist/weft: the host (Rust) with the bundle appended as bytecode.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { cargo, hostTriple, run } from "./cargo.mjs";
import { definesOf, featuresOf } from "./features.mjs";
import { newest } from "./newest.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const { names, rest } = featuresOf(process.argv.slice(2));
const out = option("out") ?? "dist/weft";
const own = hostTriple();
const target = option("target") ?? own;
const entries = option("entry")?.split(",") ?? ["src/native.ts"];

/** What commands that are waited for load; everything else is deflated, which costs it a millisecond. */
const quick = [
  entries[0],
  "src/cli/status.ts",
  "src/cli/agent.ts",
  "src/cli/gateway.ts",
  "src/config/load.ts",
  "src/gateway/app.ts",
  "src/gateway/metrics.ts",
  "src/delegation/delegation.ts",
  "src/models/openai-chat.ts",
  "src/spending/spending.ts",
  "src/platform/native/serve.ts",
];

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
    const { plain, deflated } = await bundle(folder);
    const host = cargo("weft-host", { profile: "release", triple: target, features: names });
    // Needed once for a moment: not worth the minute that all optimisations take.
    const pack = cargo("weft-pack", { profile: "dev", triple: own, features: names });
    const made = `${out}-${process.pid}`;
    run(pack, [host, made, ...plain, "--deflate", ...deflated]);
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
async function bundle(folder) {
  rmSync(folder, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: {
      main: entries[0],
      intl: "src/platform/native/intl.ts",
      streams: "src/platform/native/web/streams.ts",
    },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    minify: true,
    legalComments: "none",
    conditions: ["browser", "import", "default"],
    mainFields: ["module", "main"],
    define: { WEFT_VERSION: JSON.stringify(version), ...definesOf(names) },
    logLevel: "warning",
    metafile: true,
    ...JSON.parse(option("esbuild") ?? "{}"),
  });
  for (const file of readdirSync(folder)) withHostImports(join(folder, file));
  const files = readdirSync(folder).sort(
    (a, b) => Number(b === "main.js") - Number(a === "main.js") || (a < b ? -1 : 1),
  );
  const loaded = loadedBy(metafile.outputs, quick);
  const isPlain = (file) => file === "main.js" || loaded.has(file);
  return {
    plain: files.filter(isPlain).map((file) => join(folder, file)),
    deflated: files.filter((file) => !isPlain(file)).map((file) => join(folder, file)),
  };
}

/** `import()` asks where it stands, which bytecode without its debug part does not know: see host/src/engine.rs. */
function withHostImports(path) {
  const code = readFileSync(path, "utf8");
  writeFileSync(path, code.replace(/\bimport\("\.\/([^"]+)"\)/g, '__import("$1")'));
}

/** The names of all outputs that these sources bring along. */
function loadedBy(outputs, sources) {
  const found = new Set();
  const reach = (path) => {
    if (found.has(basename(path))) return;
    found.add(basename(path));
    for (const { kind, path: next } of outputs[path].imports) if (kind === "import-statement") reach(next);
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (sources.includes(entryPoint)) reach(path);
  return found;
}
