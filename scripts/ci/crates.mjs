// `node scripts/ci/crates.mjs [--target=TRIPLE]`: compiles all that host/Cargo.lock names, with nothing where our own
// sources will be, so that Docker keeps the result as a layer of its own.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cargo, hostTriple, run } from "../cargo.mjs";

const named = process.argv.find((word) => word.startsWith("--target="));
const target = named?.slice("--target=".length) ?? hostTriple();

mkdirSync("host/src/bin", { recursive: true });
writeFileSync("host/src/lib.rs", "");
for (const file of ["main.rs", "bin/weft-pack.rs"]) writeFileSync(`host/src/${file}`, "fn main() {}\n");
// A crate may be built in two ways, depending on who else needs it.
for (const names of [[], ["delegation", "wasm-plugins"]]) {
  for (const bin of ["weft-host", "weft-pack"]) cargo(bin, target, names);
}
// The sources that come later may be older than these: cargo would think that nothing has changed.
run("cargo", ["clean", "--release", "--manifest-path=host/Cargo.toml", "--package=weft-host", `--target=${target}`]);
rmSync("host/src", { recursive: true });
