// How cargo is called for the host (Rust), by every build of it.
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** What Rust calls this machine, as `x86_64-unknown-linux-gnu`. Ends the process where there is no Rust. */
export function hostTriple() {
  const asked = spawnSync("rustc", ["-vV"], { encoding: "utf8" });
  const triple = /^host: (.*)$/m.exec(asked.stdout ?? "")?.[1];
  if (triple) return triple;
  process.stderr.write("weft: the native engine needs Rust 1.88 or newer (cargo, rustc); there is none in PATH\n");
  process.exit(1);
}

/** Builds one executable of the host; gives its path. */
export function cargo(bin, { profile, triple, features }) {
  const home = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  // No path of this machine in it: the same sources give the same bytes.
  const places = [
    [home, "/cargo"],
    [resolve("."), "/weft"],
  ];
  const flags = [
    "-Ctarget-feature=+crt-static",
    "-Crelocation-model=static",
    // No unwind tables: see host/no-unwind.ld.
    "-Cforce-unwind-tables=no",
    `-Clink-arg=-Wl,-T,${resolve("host/no-unwind.ld")},--no-eh-frame-hdr`,
    ...places.map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
  ];
  const what = ["--manifest-path=host/Cargo.toml", "--bin", bin, "--target", triple, "--profile", profile];
  const chosen = ["--no-default-features", "--features", features.join(",")];
  run("cargo", ["build", "--locked", "--quiet", ...what, ...chosen], {
    CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
    CFLAGS: [
      "-fno-asynchronous-unwind-tables -fno-unwind-tables",
      ...places.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`),
    ].join(" "),
  });
  return join(process.env.CARGO_TARGET_DIR ?? "host/target", triple, profile === "dev" ? "debug" : profile, bin);
}

/** Ends the process when it fails. */
export function run(file, args, env = {}) {
  const done = spawnSync(file, args, { stdio: ["ignore", 2, 2], env: { ...process.env, ...env } });
  if (done.status === 0) return;
  process.stderr.write(`weft: ${file} failed; see its message above\n`);
  process.exit(1);
}
