import { WeftError } from "../core/error.ts";
import { type Argument, type Command, configOption, jsonOption } from "./command.ts";

/** Put in by the build; see `features.ts`. A bundler drops an import only behind a constant. */
declare const WEFT_WASM_PLUGINS: boolean;

const without: Command = {
  name: "plugin",
  about: "plugins",
  hidden: true,
  load: async () => {
    const how = "Make one with it: npm run build -- --features wasm-plugins";
    throw new WeftError("usage", `this build of weft was made without the feature \`wasm-plugins\`. ${how}`);
  },
};

const id: Argument = { name: "ID", about: "as in weft plugin list" };
const path: Argument = { name: "PATH", about: "a folder with clawft.plugin.json and the module" };

/** `weft plugin …`; in a build without the feature one hidden command that says so. */
export const pluginCommands: readonly Command[] =
  typeof WEFT_WASM_PLUGINS === "undefined" || WEFT_WASM_PLUGINS
    ? [
        {
          name: "plugin install",
          about: "copy a plugin into the workspace; it runs once it is approved",
          arguments: [path],
          options: [configOption],
          examples: ["weft plugin install ./weather", "weft plugin approve weather"],
          load: async () => (await import("./plugin.ts")).install,
        },
        {
          name: "plugin list",
          about: "the plugins, and whether they may run",
          options: [jsonOption, configOption],
          examples: ["weft plugin list", "weft plugin list --json"],
          load: async () => (await import("./plugin.ts")).list,
        },
        {
          name: "plugin approve",
          about: "let a plugin do what its manifest asks for, and say what that is",
          arguments: [id],
          options: [configOption],
          examples: ["weft plugin approve weather"],
          load: async () => (await import("./plugin.ts")).approve,
        },
        {
          name: "plugin run",
          about: "call one of its tools, as the agent would",
          arguments: [
            id,
            { name: "TOOL", about: "as the plugin calls it" },
            { name: "JSON", about: "the arguments, an object; - reads it from standard input", optional: true },
          ],
          options: [{ name: "json", about: "print JSON, with all that the plugin asked of weft" }, configOption],
          examples: [`weft plugin run weather forecast '{"city":"Bern"}'`],
          load: async () => (await import("./plugin.ts")).run,
        },
        {
          name: "plugin verify",
          about: "check a plugin that is not installed: manifest, sizes, permissions",
          arguments: [path],
          options: [jsonOption],
          examples: ["weft plugin verify ./weather"],
          load: async () => (await import("./plugin.ts")).verify,
        },
        {
          name: "plugin remove",
          about: "remove a plugin and its approval",
          arguments: [id],
          options: [configOption],
          examples: ["weft plugin remove weather"],
          load: async () => (await import("./plugin.ts")).remove,
        },
      ]
    : [without];
