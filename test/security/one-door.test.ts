import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/**
 * Every file outside of the engines that can open a connection, and why it may. What is not here goes through the door
 * (`security/egress.ts`): a tool, a model or a plugin that connects by itself fails this test.
 */
const places: Readonly<Record<string, string>> = {
  "src/security/egress.ts": "the door",
  "src/app-brain.ts": "lets /why look a name up",
  "src/cli/doctor.ts": "looks a name up for its owner; it connects through the door",
  "src/cli/why.ts": "looks a name up for its owner",
  "src/cli/remote.ts": "to the gateway of this workspace, whose address it wrote itself",
  "src/cli/status.ts": "to the gateway of this workspace, whose address it wrote itself",
};

/** What leads out: members of `Platform`, and the globals of the web. */
const ways =
  /\bplatform\??\s*\.\s*(?:fetch|webSocket|connect|resolve)\b|\{[^{}]*\b(?:fetch|webSocket|connect|resolve)\b[^{}]*\}\s*(?::\s*\w+)?\s*=\s*(?:\w+\.)?platform\b|(?<![.\w])fetch\(|\bnew WebSocket\(|\bnew EventSource\(|\bXMLHttpRequest\b|platform(?:Of)?\[/;

const sources = globSync("src/**/*.ts").filter(
  (path) => !/^src\/(?:platform|core)\//.test(path) && path !== "src/globals.d.ts",
);

function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, "").replace(/^\s*\/\/.*$/gm, "");
}

test("nothing opens a connection but the door and those named here", () => {
  const found = sources.filter((path) => {
    const text = withoutComments(readFileSync(path, "utf8"));
    return (
      ways.test(text) ||
      /^\s*(?:\.fetch|\.webSocket|\.connect|\.resolve)\(/m.test(text.replace(/Promise\s*\.resolve/g, ""))
    );
  });
  expect(found.sort()).toEqual(Object.keys(places).sort());
});

/** Every file that reads a key of a provider or puts one into a header. Those of `models/` know how many there are. */
const keyReaders: Readonly<Record<string, string>> = {
  "src/app-options.ts": "from the configuration to the door",
  "src/security/egress.ts": "the door",
  "src/cli/remote.ts": "the token of its own gateway",
  "src/cli/status.ts": "the token of its own gateway",
};

test("nothing reads a provider's key but the door and those named here", () => {
  const found = sources.filter((path) => {
    const text = withoutComments(readFileSync(path, "utf8"));
    const asksEnvironment = path.startsWith("src/models/") && /\benv\b/.test(text);
    return asksEnvironment || /\b(?:apiKey|extraHeaders)\b|Bearer \$\{|\bProviderSecrets\b/.test(text);
  });
  expect(found.sort()).toEqual(Object.keys(keyReaders).sort());
});

test("the platform's ways out are handed to nobody but the door", () => {
  const handed = sources.filter((path) => {
    const text = withoutComments(readFileSync(path, "utf8"));
    return /Pick<Platform,[^>]*"(?:fetch|webSocket|connect|resolve)"/.test(text);
  });
  expect(handed).toEqual(["src/security/egress.ts"]);
});
