import { spawn, spawnSync } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { binaryName, cacheFolder, image } from "../docker.ts";

/**
 * Starts a Docker engine with its own data, socket and network, builds the image under test, and ends the engine again.
 * What takes long to fetch stays in `cacheFolder`.
 */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.getuid?.() !== 0) throw new Error("the container tests start a Docker engine and must run as root");
  command("test/container/setup/tools.sh", [cacheFolder]);
  const folder = mkdtempSync(join(tmpdir(), "weft-docker-"));
  const stop = await startEngine(folder);
  try {
    buildImage(folder);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

async function startEngine(folder: string): Promise<() => Promise<void>> {
  const programs = resolve(cacheFolder, "docker/usr");
  const client = join(folder, "client");
  mkdirSync(join(client, "cli-plugins"), { recursive: true });
  writeFileSync(join(client, "config.json"), "{}");
  cpSync(join(programs, "libexec/docker/cli-plugins"), join(client, "cli-plugins"), { recursive: true });
  const net = bridge();
  // The image store of containerd keeps images for several architectures, as current Docker does by itself.
  const settings = {
    features: { "containerd-snapshotter": true },
    bridge: net.name,
    "default-address-pools": net.pools,
  };
  writeFileSync(join(folder, "daemon.json"), JSON.stringify(settings));
  process.env["PATH"] = `${programs}/bin:${programs}/sbin:${process.env["PATH"]}:/usr/sbin:/sbin`;
  process.env["DOCKER_HOST"] = `unix://${folder}/docker.sock`;
  process.env["DOCKER_CONFIG"] = client;
  const log = join(folder, "dockerd.log");
  const out = openSync(log, "a");
  const paths = { "config-file": "daemon.json", "data-root": "data", "exec-root": "exec", pidfile: "dockerd.pid" };
  const options = Object.entries(paths).flatMap(([name, file]) => [`--${name}`, join(folder, file)]);
  const engine = spawn("dockerd", [...options, "--host", `unix://${folder}/docker.sock`], {
    stdio: ["ignore", out, out],
    detached: true,
  });
  const ended = new Promise((done) => engine.on("close", done));
  const stop = async () => {
    spawnSync("sh", ["-c", "docker ps -aq | xargs -r docker rm -fv"]);
    engine.kill("SIGTERM");
    await ended;
    spawnSync("ip", ["link", "delete", net.name]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  };
  for (const deadline = Date.now() + 60_000; ; ) {
    if (spawnSync("docker", ["info"]).status === 0) return stop;
    if (engine.exitCode !== null || Date.now() > deadline) {
      const told = readFileSync(log, "utf8").split("\n").slice(-20).join("\n");
      await stop();
      throw new Error(`dockerd did not start:\n${told}`);
    }
    await new Promise((next) => setTimeout(next, 250));
  }
}

/** A network of its own: another engine on this machine would give the same addresses to its containers. */
function bridge(): { name: string; pools: object[] } {
  const prefix = `100.${64 + randomInt(64)}`;
  const name = `weft${randomBytes(4).toString("hex")}`;
  command("ip", ["link", "add", name, "type", "bridge"]);
  command("ip", ["address", "add", `${prefix}.0.1/24`, "dev", name]);
  command("ip", ["link", "set", name, "up"]);
  return { name, pools: [{ base: `${prefix}.128.0/17`, size: 24 }] };
}

/** The way of the page that needs no base image. `WEFT_IMAGE_TAR`: an image made elsewhere, as `docker save` writes it. */
function buildImage(folder: string): void {
  const ready = process.env["WEFT_IMAGE_TAR"];
  if (ready !== undefined) {
    command("docker", ["load", "-i", ready]);
    return;
  }
  const binary = process.env["WEFT"] ?? "dist/weft";
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run \`npm run build:native\` first`);
  const context = join(folder, "context");
  mkdirSync(join(context, "docker-build"), { recursive: true });
  cpSync("Dockerfile", join(context, "Dockerfile"));
  cpSync(binary, join(context, "docker-build", binaryName));
  const version = JSON.parse(readFileSync("package.json", "utf8")).version as string;
  const words = ["--build-arg", "BINARY=prebuilt", "--build-arg", `VERSION=${version}`, "--tag", image];
  command("docker", ["build", "--quiet", ...words, context]);
}

function command(file: string, args: readonly string[]): void {
  const { status, error } = spawnSync(file, args, { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw error ?? new Error(`${file} ${args.join(" ")} failed; see its message above`);
}
