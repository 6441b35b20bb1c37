// `node scripts/ci/sbom.mjs [--features ...]`: what is in the executable, as CycloneDX 1.6 on standard output: the npm
// packages that the bundle takes something from, and the crates that the host is compiled of.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { bundle } from "../bundler.mjs";
import { hostTriple } from "../cargo.mjs";
import { featuresOf } from "../features.mjs";

const { names } = featuresOf(process.argv.slice(2));
const { name, version, license } = JSON.parse(readFileSync("package.json", "utf8"));
const components = [...(await packages()), ...crates()].sort((a, b) => (a.purl < b.purl ? -1 : 1));
const document = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: { component: { type: "application", "bom-ref": name, name, version, licenses: licensed(license) } },
  components,
};
process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);

async function packages() {
  const input = ["src/native.ts", "src/platform/native/intl.ts", "src/platform/native/web/streams.ts"];
  const used = (await bundle("native", { input, features: names })).flatMap(({ moduleIds }) => moduleIds);
  const folders = used.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    return component(name, version, { license, purl: `pkg:npm/${name.replace("@", "%40")}@${version}` });
  });
}

function crates() {
  const chosen = ["--no-default-features", "--features", names.join(","), "--filter-platform", hostTriple()];
  const words = ["metadata", "--format-version=1", "--locked", "--manifest-path=host/Cargo.toml", ...chosen];
  const asked = spawnSync("cargo", words, { encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", 2] });
  if (asked.status !== 0) process.exit(1);
  const { packages, resolve } = JSON.parse(asked.stdout);
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const reached = new Set();
  const walk = (id) => {
    if (reached.has(id)) return;
    reached.add(id);
    // Neither what only tests nor what only the build needs.
    const linked = nodes.get(id).deps.filter(({ dep_kinds: kinds }) => kinds.some(({ kind }) => kind === null));
    for (const { pkg } of linked) walk(pkg);
  };
  walk(resolve.root);
  return packages
    .filter(({ id }) => reached.has(id) && id !== resolve.root)
    .map(({ name, version, license }) => component(name, version, { license, purl: `pkg:cargo/${name}@${version}` }));
}

function component(name, version, { license, purl }) {
  return { type: "library", "bom-ref": purl, name, version, purl, ...(license && { licenses: licensed(license) }) };
}

function licensed(expression) {
  return [{ expression: expression.replaceAll("/", " OR ") }];
}
