// `node scripts/ci/crates.mjs host|pack [--target=TRIPLE]`: compiles all that one of our executables takes from
// host/Cargo.lock, with nothing where our own sources will be, so that Docker keeps the result as a layer of its own.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cargo, hostTriple, run } from "../cargo.mjs";

const [which, target] = process.argv.slice(2);
const profile = { host: "release", pack: "dev" }[which];
const triple = target?.slice("--target=".length) ?? hostTriple();

mkdirSync("host/src/bin", { recursive: true });
writeFileSync("host/src/lib.rs", "");
for (const file of ["main.rs", "bin/weft-pack.rs"]) writeFileSync(`host/src/${file}`, "fn main() {}\n");
// A crate may be built in two ways, depending on who else needs it.
for (const features of [[], ["delegation", "wasm-plugins"]]) cargo(`weft-${which}`, { profile, triple, features });

// The sources that come later may be older than these: cargo would think that nothing has changed.
const ours = ["--manifest-path=host/Cargo.toml", "--package=weft-host", `--target=${triple}`, "--profile", profile];
run("cargo", ["clean", ...ours]);
rmSync("host/src", { recursive: true });
