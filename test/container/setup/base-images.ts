import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, type Ended, run } from "../docker.ts";

const folder = join(cacheFolder, "bases");

/** `debian:bookworm-slim`, `node:24-bookworm-slim` and `rust:1.95-bookworm`, made of packages; see base-images.sh. */
export async function makeBaseImages(): Promise<void> {
  await succeed(run("test/container/setup/base-images.sh", [folder]));
  for (const name of ["debian", "rust"]) await succeed(run("docker", ["load", "-i", join(folder, `${name}.image`)]));
  const context = await mkdtemp(join(tmpdir(), "weft-bases-"));
  try {
    await trustAsThisMachine(context);
    await npmAndNode(context);
    const asHere = "COPY trust /\nCOPY registries /\n";
    const debian = `FROM base:debian\n${asHere}CMD ["bash"]\n`;
    await build(context, "debian:bookworm-slim", debian);
    await build(context, "node:24-bookworm-slim", `FROM base:debian\n${asHere}${environment}COPY node /usr/local\n`);
    const rust = `FROM base:rust\n${asHere}${environment}ENV CARGO_HOME=/usr/local/cargo\n`;
    await build(context, "rust:1.95-bookworm", rust);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Machines may look into TLS with an authority of their own, and have mirrors: builds in containers need both. */
const authority = "/usr/local/share/machine-authorities.crt";
const environment = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO"]
  .map((name) => `ENV ${name}=${authority}\n`)
  .join("");

async function trustAsThisMachine(context: string): Promise<void> {
  const own = process.env["SSL_CERT_FILE"] ?? "/etc/ssl/certs/ca-certificates.crt";
  const target = join(context, "trust", authority);
  await mkdir(join(target, ".."), { recursive: true });
  await (existsSync(own) ? copyFile(own, target) : writeFile(target, ""));
  await mkdir(join(context, "trust/etc/apt/apt.conf.d"), { recursive: true });
  await writeFile(join(context, "trust/etc/apt/apt.conf.d/90authority"), `Acquire::https::CaInfo "${authority}";\n`);
  await mkdir(join(context, "registries/usr/local/cargo"), { recursive: true });
  const cargo = join(process.env["CARGO_HOME"] ?? join(process.env["HOME"] ?? "/root", ".cargo"), "config.toml");
  if (existsSync(cargo)) await copyFile(cargo, join(context, "registries/usr/local/cargo/config.toml"));
  const { out } = await succeed(run("npm", ["config", "get", "registry"]));
  await mkdir(join(context, "registries/usr/local/etc"), { recursive: true });
  await writeFile(join(context, "registries/usr/local/etc/npmrc"), `registry=${out.trim()}\n`);
}

/** npm from its package: Debian's own is spread over many folders. */
async function npmAndNode(context: string): Promise<void> {
  const packed = join(folder, "npm.tgz");
  if (!existsSync(packed)) {
    const { out } = await succeed(run("npm", ["pack", "npm@11", "--silent", "--pack-destination", folder]));
    await succeed(run("mv", [join(folder, out.trim().split("\n").at(-1) ?? ""), packed]));
  }
  const npm = join(context, "node/lib/node_modules/npm");
  await mkdir(npm, { recursive: true });
  await mkdir(join(context, "node/bin"), { recursive: true });
  await succeed(run("tar", ["-xzf", packed, "-C", npm, "--strip-components=1"]));
  await copyFile(process.execPath, join(context, "node/bin/node"));
  for (const name of ["npm", "npx"]) {
    await succeed(run("ln", ["-s", `../lib/node_modules/npm/bin/${name}-cli.js`, join(context, "node/bin", name)]));
  }
}

async function build(context: string, tag: string, dockerfile: string): Promise<void> {
  await writeFile(join(context, "Dockerfile"), dockerfile);
  await succeed(run("docker", ["build", "--quiet", "--pull=false", "--tag", tag, context]));
}

async function succeed(ended: Promise<Ended>): Promise<Ended> {
  const { code, out, err } = await ended;
  if (code !== 0) throw new Error(`ended with ${code}: ${err}${out}`);
  return { code, out, err };
}
