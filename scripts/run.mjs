// Runs one of the project's tasks on a fresh clone: installs what package-lock.json names when that has changed,
// and hands over to the newer Node of node_modules when the machine's own is too old. Needs only Node 18 and npm.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [task = "", ...args] = process.argv.slice(2);
const workDirectory = process.env.INIT_CWD ?? process.cwd();

install();
const node = suitableNode();
process.exitCode = await runTask();

function install() {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = join(root, "node_modules", ".weft-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  process.stderr.write("weft: installing what package-lock.json names (once) ...\n");
  rmSync(stamp, { force: true });
  // Standard output stays clean: `npm run -s weft -- ...` prints only what the command prints.
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const done = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (done.status !== 0) {
    process.stderr.write("weft: npm ci failed; see its message above\n");
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

function suitableNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
  return join(root, "node_modules", "node", "bin", "node");
}

function run(file, parameters, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(node, [file, ...parameters], {
      cwd: root,
      stdio: "inherit",
      ...options,
      env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}`, ...options.env },
    });
    const forward = (signal) => child.kill(signal);
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, forward);
    // A terminal sends Ctrl-C to the child as well; we only wait for how it ends.
    process.on("SIGINT", () => {});
    child.on("error", (error) => {
      process.stderr.write(`weft: ${error.message}\n`);
      resolve(1);
    });
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

async function inOrder(...steps) {
  for (const step of steps) {
    const code = await step();
    if (code !== 0) return code;
  }
  return 0;
}

function bin(name) {
  const manifest = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"));
  const path = typeof manifest.bin === "string" ? manifest.bin : Object.values(manifest.bin)[0];
  return join(root, "node_modules", name, path);
}

/** The host's own tools; the target is named so that the flags of host/.cargo/config.toml are not for build scripts. */
function cargo(...words) {
  const options = { cwd: join(root, "host"), stdio: ["ignore", 2, 2], encoding: "utf8" };
  const target = /^host: (.*)$/m.exec(spawnSync("rustc", ["-vV"], { encoding: "utf8" }).stdout)?.[1];
  return (
    spawnSync(
      "cargo",
      [...words].map((word) => (word === "TARGET" ? `--target=${target}` : word)),
      options,
    ).status ?? 1
  );
}

async function checkHost() {
  if (!hasRust()) return 0;
  const all = ["--quiet", "--locked", "--all-targets", "--features=wasm-plugins", "TARGET"];
  return inOrder(
    () => cargo("fmt", "--check"),
    () => cargo("clippy", ...all, "--", "-D", "warnings"),
  );
}

function hasRust() {
  if (spawnSync("cargo", ["--version"]).status === 0) return true;
  process.stderr.write("weft: no cargo in PATH: the native engine was NOT built, and NOT tested\n");
  return false;
}

/** Its unit tests, then the black-box tests once more, against the static executable; it needs Rust. */
async function onNative() {
  if (!hasRust()) return 0;
  const env = { WEFT: join(root, "dist/weft") };
  return inOrder(
    () => cargo("test", "--quiet", "--locked", "--features=wasm-plugins", "TARGET"),
    () => run("scripts/build-native.mjs", ["--if-changed"]),
    () => run(bin("vitest"), ["run", "test/e2e"], { env }),
  );
}

async function runTask() {
  const build = () => run("scripts/bundle.mjs", task === "build" ? args : ["--if-changed"]);
  const weft = (...words) => run(join(root, "dist/node/weft.js"), words, { cwd: workDirectory });
  const biome =
    (...words) =>
    () =>
      run(bin("@biomejs/biome"), words);
  const types = (project) => () => run(bin("typescript"), ["-p", project]);
  const vitest =
    (...words) =>
    () =>
      run(bin("vitest"), ["run", ...words]);
  switch (task) {
    case "start":
      return inOrder(build, () => weft("gateway", ...args));
    case "weft":
      return inOrder(build, () => weft(...args));
    case "build":
      return build();
    case "build:native":
      return run("scripts/build-native.mjs", args);
    case "build:plugins":
      return run("scripts/build-plugins.mjs", args);
    case "format":
      return inOrder(biome("check", "--write", "."));
    case "check":
      return inOrder(
        biome("check", "--error-on-warnings", "."),
        types("tsconfig.json"),
        types("tsconfig.node.json"),
        () => run(bin("knip"), []),
        checkHost,
      );
    case "test":
      return inOrder(build, vitest(...args), () => (args.length > 0 ? 0 : onNative()));
    case "test:e2e":
      return inOrder(build, vitest("test/e2e", ...args));
    case "test:container":
      return inOrder(vitest("--config", "test/container/vitest.config.ts", ...args));
    case "bench":
      return inOrder(build, () => run("bench/run.ts", args));
    default:
      process.stderr.write(`weft: no task "${task}"; see "scripts" in package.json\n`);
      return 2;
  }
}
