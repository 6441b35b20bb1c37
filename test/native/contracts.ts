import "../../src/platform/native/web/install.ts";
import { host } from "../../src/platform/native/host.ts";
import { nativePlatform } from "../../src/platform/native/platform.ts";
import { platformContract } from "../contracts/platform.ts";
import { wasmContract } from "../contracts/wasm.ts";
import { webContract } from "../contracts/web.ts";
import { zonesContract } from "../contracts/zones.ts";
import { hostileCalls } from "./hostile.ts";
import { expect, onTestFinished, type Result, runTests, test } from "./vitest.ts";
import { type SetterCases, type UrlCase, urlPlatformTests } from "./web-platform-tests.ts";

const platform = nativePlatform();
const { files } = platform;
const intlIsToCome = Object.getOwnPropertyDescriptor(globalThis, "Intl")?.get !== undefined;

platformContract({
  name: "native",
  platform,
  sandbox: await platform.sandbox(),
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
zonesContract({ name: "native", variable: platform.env.TZ });
test("Intl is not loaded before somebody asks for it", () => {
  expect(intlIsToCome).toBe(true);
});
test("a Date does not tell its time in a zone that nobody asked for", () => {
  expect(() => new Date(0).toLocaleString("en-US", { timeZone: "Asia/Tokyo" })).toThrow("toLocaleString");
});
wasmContract({
  name: "native",
  engine: async () => {
    if (!platform.wasm) throw new Error("this build has no wasm-plugins");
    return await platform.wasm();
  },
  modules: await modules(),
  monotonic: platform.monotonic,
});

/** From the file that the first argument names: JSON, in base64 by name. */
async function modules(): Promise<Record<string, Uint8Array>> {
  const read = (await parsed(0)) as Record<string, string>;
  const decoded = ([name, base64]: [string, string]) => [name, Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))];
  return Object.fromEntries(Object.entries(read).map(decoded));
}

hostileCalls();
const wpt = (await parsed(1)) as { urls: UrlCase[]; setters: SetterCases; known: string };
urlPlatformTests(wpt.urls, wpt.setters, wpt.known);

const results: Result[] = [];
await runTests((result) => results.push(result), 20_000);
await platform.terminal.out(`${JSON.stringify(results)}\n`);
host.exit(0);

/** The JSON file that an argument names. */
async function parsed(argument: number): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await files.read(platform.args[argument] ?? "")));
}
