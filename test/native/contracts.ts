import "../../src/platform/native/web/install.ts";
import { host } from "../../src/platform/native/host.ts";
import { nativePlatform } from "../../src/platform/native/platform.ts";
import { platformContract } from "../contracts/platform.ts";
import { webContract } from "../contracts/web.ts";
import { onTestFinished, type Result, runTests } from "./vitest.ts";

const platform = nativePlatform();
const { files } = platform;

platformContract({
  name: "native",
  platform,
  async makeFolder() {
    const name = [...platform.randomBytes(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const root = `/tmp/weft-native-${name}`;
    await files.makeDirectory(root);
    onTestFinished(() => files.remove(root));
    const link = async (path: string, target: string) => {
      const signal = new AbortController().signal;
      await platform.spawn(["/bin/ln", "-s", target, path], { cwd: "/", env: {}, signal, onOutput: () => {} });
    };
    return { files, root, link };
  },
});
webContract("native");

const results: Result[] = [];
await runTests((result) => results.push(result), 20_000);
await platform.terminal.out(`${JSON.stringify(results)}\n`);
host.exit(0);
