import { execFileSync } from "node:child_process";

/** Compiles test/native/proxy-client.ts into dist/native-proxy-client, where it is not there already. */
export function proxyClientProgram(): void {
  const args = ["--if-changed", "--entry=test/native/proxy-client.ts", "--out=dist/native-proxy-client"];
  execFileSync(process.execPath, ["scripts/build-native.mjs", ...args], { stdio: ["ignore", "ignore", "inherit"] });
}
