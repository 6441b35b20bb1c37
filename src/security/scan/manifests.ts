import { isJsonObject, type Json, type JsonObject, objectIn } from "../../core/json.ts";
import type { Role } from "./check.ts";
import { type Given, packageChecks, pluginChecks, skillChecks } from "./checks/manifests.ts";
import { frontMatterOf } from "./front-matter.ts";
import { type JsonText, readJson } from "./json-text.ts";
import type { Hit } from "./text-scan.ts";

/** What manifests and the front matter of skills ask for. */
export async function scanManifest(path: string, text: string, role: Role): Promise<Hit[]> {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  if (role === "instructions") return scanFrontMatter(text);
  if (role !== "manifest") return [];
  if (/^requirements[\w.-]*\.txt$/.test(name)) return scanRequirements(text);
  const json = name.endsWith(".json") ? await readJson(text) : undefined;
  if (!json) return [];
  const checks = name.endsWith(".plugin.json") ? pluginChecks : name === "package.json" ? packageChecks : skillChecks;
  return checks.flatMap((check) => check.look(givenBy(json.value)).map((found) => hitAt(json, check, found)));
}

type Look = (typeof pluginChecks)[number];

function hitAt(json: JsonText, check: Look, { path, note, severity }: ReturnType<Look["look"]>[number]): Hit {
  return { check, severity: severity ?? check.severity, ...json.at(path), ...(note !== undefined && { note }) };
}

function givenBy(value: JsonObject): Given {
  const allowed = value["allowed-tools"] ?? value["allowed_tools"] ?? value["allowedTools"];
  const { scripts = {}, permissions = {}, resources = {} } = value;
  const dependencies = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"].flatMap((kind) =>
    Object.entries(objectIn(value, kind)).map(([name, version]) => ({
      path: [kind, name],
      name,
      version: String(version),
    })),
  );
  return {
    allowedTools: texts(allowed)
      .flatMap((each) => each.split(","))
      .map((each) => each.trim()),
    hasHooks: isJsonObject(value["hooks"] ?? null),
    permissions: isJsonObject(permissions) ? permissions : {},
    resources: isJsonObject(resources) ? resources : {},
    scripts: isJsonObject(scripts) ? scripts : {},
    dependencies,
  };
}

function scanFrontMatter(text: string): Hit[] {
  const matter = frontMatterOf(text);
  if (!matter) return [];
  const given: Given = {
    allowedTools: matter.fields.get("allowed-tools") ?? matter.fields.get("tools") ?? [],
    hasHooks: matter.fields.has("hooks"),
    permissions: {},
    resources: {},
    scripts: {},
    dependencies: [],
  };
  return skillChecks.flatMap((check) =>
    check.look(given).map(({ path, note }) => {
      const at = matter.places.get(path[0] ?? "") ?? matter.places.get("tools") ?? 0;
      const end = text.indexOf("\n", at);
      const length = (end < 0 ? text.length : end) - at;
      return { check, severity: check.severity, at, length, ...(note !== undefined && { note }) };
    }),
  );
}

/** https://pip.pypa.io/en/stable/reference/requirements-file-format/ */
function scanRequirements(text: string): Hit[] {
  const hits: Hit[] = [];
  for (const match of text.matchAll(/^([A-Za-z][\w.-]{0,100})(\[[\w, -]{0,100}\])?\s{0,4}([^#\n]{0,200})/gm)) {
    const [line, name = "", , version = ""] = match;
    const given: Given = {
      allowedTools: [],
      hasHooks: false,
      permissions: {},
      resources: {},
      scripts: {},
      dependencies: [{ path: [], name, version: version.trim() === "" ? "*" : version, registry: "pip" }],
    };
    for (const check of packageChecks) {
      const found = check.look(given)[0];
      if (found)
        hits.push({
          check,
          severity: check.severity,
          at: match.index,
          length: line.length,
          ...(found.note && { note: found.note }),
        });
    }
  }
  return hits;
}

function texts(value: Json | undefined): string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((each: Json) => typeof each === "string") : [];
}
