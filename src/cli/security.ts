import type { Loaded } from "../config/load.ts";
import { absolutePath, locateConfig } from "../config/locate.ts";
import { childOf, isSecret, normalise, pathKey, root, type Shape } from "../config/shape.ts";
import { WeftError } from "../core/error.ts";
import type { Platform } from "../core/platform.ts";
import { redactor } from "../security/redact.ts";
import { allChecks } from "../security/scan/all-checks.ts";
import { type Severity, severities } from "../security/scan/check.ts";
import type { ConfigShape } from "../security/scan/config-scan.ts";
import { mend } from "../security/scan/fix.ts";
import type { OwnPlaces } from "../security/scan/place-scan.ts";
import { jsonReport } from "../security/scan/report-json.ts";
import { sarifReport } from "../security/scan/report-sarif.ts";
import { checkRows, textReport } from "../security/scan/report-text.ts";
import { scan } from "../security/scan/scan.ts";
import { version } from "../version.ts";
import type { Call } from "./command.ts";
import { load } from "./loading.ts";
import { errorStyle, table } from "./style.ts";

/** `weft security scan [PATH]`; exit code 1 when something of high or critical severity was found. */
export async function scanCommand(call: Call): Promise<number> {
  const { platform, options, arguments: words } = call;
  const { files, terminal, uid, cwd } = platform;
  const { format = "text", "min-severity": least = "low" } = options;
  if (!["text", "json", "sarif"].includes(format)) {
    throw new WeftError("usage", `--format is text, json or sarif, not ${format}`);
  }
  if (!isSeverity(least))
    throw new WeftError("usage", `--min-severity is one of ${severities.join(", ")}, not ${least}`);
  const loaded = await loadedOrNot(call);
  const own = await ownPlaces(call, loaded);
  const roots = words["PATH"] === undefined ? await ownRoots(platform, own) : [await rootOf(platform, words["PATH"])];
  const report = await scan(roots, {
    files,
    uid,
    monotonic: () => platform.monotonic(),
    own,
    config: configShape,
    redact: redactor(loaded?.secrets ?? []),
    ignore: loaded?.config.security.scan.ignore ?? [],
    least,
  });
  const warn = (text: string) => terminal.error(`${errorStyle(platform).yellow("warning:")} ${text}\n`);
  for (const entry of report.unknownIgnores) {
    await warn(`security.scan.ignore: ${entry} names no check. To see them all: weft security checks`);
  }
  const mending = "fix" in options ? await mend(report, { files, uid }) : undefined;
  const shown = { report, mending, cwd };
  if (format === "text") await terminal.out(textReport(shown));
  else {
    const value = format === "json" ? jsonReport(shown) : sarifReport(shown, version);
    await terminal.out(`${JSON.stringify(value, null, 2)}\n`);
  }
  return (mending?.isGrave ?? report.isGrave) ? 1 : 0;
}

/** `weft security checks` */
export async function checks({ platform, options }: Call): Promise<number> {
  const { terminal } = platform;
  if ("json" in options) {
    const rows = allChecks.map(({ id, severity, category, what, mend: how }) => ({
      id,
      severity,
      category,
      what,
      mend: how,
    }));
    await terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
  } else await terminal.out(`${table(checkRows(allChecks))}\n${allChecks.length} checks\n`);
  return 0;
}

function isSeverity(word: string): word is Severity {
  return severities.some((severity) => severity === word);
}

/** A configuration that cannot be read is one of the things to be found: then it silences nothing. */
async function loadedOrNot(call: Call): Promise<Loaded | undefined> {
  try {
    return await load(call);
  } catch (thrown) {
    const error = WeftError.from(thrown);
    if (error.code !== "config" || call.options["config"] !== undefined) throw error;
    await call.platform.terminal.error(`${errorStyle(call.platform).yellow("warning:")} ${error.message}\n`);
    return undefined;
  }
}

async function ownPlaces({ platform, options }: Call, loaded: Loaded | undefined): Promise<OwnPlaces> {
  const { path } = loaded ?? (await locateConfig(platform, options["config"]));
  const configFile = await realOr(platform, path);
  const folder = await realOr(platform, path.slice(0, path.lastIndexOf("/")));
  const workspace = await realOr(platform, loaded?.workspace ?? `${folder}/workspace`);
  // Only such a folder is weft's alone; another one may be /etc.
  return { configFile, workspace, ...(/\/\.(?:clawft|nanobot)$/.test(folder) && { configFolder: folder }) };
}

/** What there is of it, none within another. */
async function ownRoots({ files }: Platform, { configFile, configFolder, workspace }: OwnPlaces): Promise<string[]> {
  const wanted = configFolder === undefined ? [configFile] : [configFolder];
  if (configFolder === undefined || !`${workspace}/`.startsWith(`${configFolder}/`)) wanted.push(workspace);
  const there = await Promise.all(wanted.map(async (path) => ((await files.stat(path)) ? [path] : [])));
  return there.flat();
}

async function rootOf(platform: Platform, word: string): Promise<string> {
  const path = absolutePath(word, platform.cwd);
  if (await platform.files.stat(path)) return await platform.files.realPath(path);
  throw new WeftError("usage", `there is no ${path}: name a file or folder to scan`);
}

/** Where a link leads, and a path that is not there as it is. */
async function realOr({ files }: Platform, path: string): Promise<string> {
  return (await files.stat(path)) ? await files.realPath(path) : path;
}

const configShape: ConfigShape = {
  normalise(document) {
    const { value, written } = normalise(document);
    return { value, written: (path) => written.get(pathKey(path)) ?? path };
  },
  isSecret(path) {
    let shape: Shape | undefined = root;
    for (const key of path) {
      shape = shape && childOf(shape, key);
      if (shape && isSecret(shape)) return true;
    }
    return false;
  },
};
