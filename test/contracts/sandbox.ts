import { describe, expect, onTestFinished, test } from "vitest";
import type { Platform, Sandbox, SandboxSupport } from "../../src/core/platform.ts";

/** What a platform promises that says its sandbox does something; see `Sandbox` and `SandboxSupport`. */
export function sandboxContract(name: string, platform: Platform, support: SandboxSupport): void {
  const { files } = platform;
  const keptFiles = ["kept.txt", "kept/a.txt", "way/kept.txt"];
  const system = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc"];

  /**
   * A folder with `work`, which a child may change, `work/private`, which it may not see, `beside.txt`, and what tests
   * let it only read: `work/kept.txt`, `work/kept` and `work/way/kept.txt`.
   */
  const place = async () => {
    const root = `/tmp/weft-sandbox-${[...platform.randomBytes(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    await files.makeDirectory(`${root}/work/private`);
    await files.makeDirectory(`${root}/work/open`);
    onTestFinished(async () => void (await files.remove(root)));
    const write = (path: string) =>
      files.write(`${root}/${path}`, new TextEncoder().encode("secret\n"), { mode: 0o644 });
    for (const folder of ["kept", "way"]) await files.makeDirectory(`${root}/work/${folder}`);
    for (const path of ["beside.txt", "work/private/key.txt", "work/hidden.txt", "work/open/a.txt"]) await write(path);
    for (const path of keptFiles) await write(`work/${path}`);
    return root;
  };
  const run = async (root: string, script: string, more: Partial<Sandbox> = {}) => {
    const output = { stdout: "", stderr: "" };
    const work = `${root}/work`;
    const exit = await platform.spawn(["/bin/sh", "-c", script], {
      cwd: work,
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
      signal: new AbortController().signal,
      onOutput: (stream, bytes) => {
        output[stream] += new TextDecoder().decode(bytes);
      },
      sandbox: {
        read: system,
        write: [work, "/dev/null", "/no/such/folder"],
        hide: [`${work}/private`, `${work}/hidden.txt`, `${work}/not-there`],
        readOnly: [],
        network: false,
        limits: {},
        ...more,
      },
    });
    return { exit, ...output };
  };
  const kept = (root: string): Partial<Sandbox> => ({
    readOnly: ["kept.txt", "kept/", "way/kept.txt", "later/kept.txt"].map((path) => `${root}/work/${path}`),
  });
  const content = async (path: string) => new TextDecoder().decode(await files.read(path));

  test(`${name}: a sandbox says what it is, or what is missing`, () => {
    expect(support.files ? support.name : support.missing).toMatch(/\w/);
  });

  describe.runIf(support.files)(`sandbox: ${name}: files`, () => {
    test("programs run, and give exit code and both streams as without one", async () => {
      expect(await run(await place(), "echo a; ls open; echo b >&2; exit 3")).toEqual({
        exit: { code: 3 },
        stdout: "a\na.txt\n",
        stderr: "b\n",
      });
    });

    test("what was not given is not read, and what is only read is not changed", async () => {
      const root = await place();
      const { exit, stdout } = await run(root, "cat ../beside.txt");
      expect([exit.code === 0, stdout]).toEqual([false, ""]);
      const read = { read: [...system, `${root}/beside.txt`] };
      expect((await run(root, "cat ../beside.txt", read)).stdout).toBe("secret\n");
      expect((await run(root, "echo x > ../beside.txt; rm -f ../beside.txt", read)).exit.code === 0).toBe(false);
      expect(await content(`${root}/beside.txt`)).toBe("secret\n");
    });

    test("what was given is changed", async () => {
      const root = await place();
      const script =
        "echo x > open/a.txt && echo y > open/new.txt && mv open/new.txt open/b.txt && mkdir open/c && ls open";
      expect((await run(root, script)).stdout).toBe("a.txt\nb.txt\nc\n");
      expect(await content(`${root}/work/open/b.txt`)).toBe("y\n");
    });

    test("what is hidden is neither read nor changed", async () => {
      const root = await place();
      const script =
        "cat private/key.txt hidden.txt; echo x > private/key.txt; echo x >> hidden.txt; rm -rf private hidden.txt";
      const { stdout } = await run(root, script);
      expect(stdout).toBe("");
      expect(await content(`${root}/work/private/key.txt`)).toBe("secret\n");
      expect(await content(`${root}/work/hidden.txt`)).toBe("secret\n");
    });

    test.runIf(support.newFiles)("new files are made beside what is hidden", async () => {
      const root = await place();
      expect((await run(root, "echo x > new.txt && cat new.txt")).stdout).toBe("x\n");
    });

    test("what is only read is neither written nor replaced, moved or removed, nor are the folders it is in", async () => {
      const root = await place();
      const scripts = [
        ...["kept.txt", "kept/a.txt", "way/kept.txt"].flatMap((path) => [
          `echo x > ${path}`,
          `echo x >> ${path}`,
          `echo x 1<> ${path}`,
          `truncate -s 0 ${path}`,
          `cp open/a.txt ${path}`,
          `rm -f ${path}`,
          `mv ${path} open/`,
          `echo x > open/x && mv -f open/x ${path}`,
          `ln -f open/a.txt ${path}`,
          `ln -sf open/a.txt ${path}`,
          `ln ${path} open/hard && echo x > open/hard`,
        ]),
        "echo x > kept/new; test -e kept/new",
        ...["mkdir kept/new", "rm -rf kept", "mv kept open/", "mv open/a.txt kept/", "rmdir kept"],
        ...["mv way open/", "mv way away", "rm -rf way", "cd way && echo x > kept.txt"],
      ];
      const done: string[] = [];
      for (const script of scripts) if ((await run(root, script, kept(root))).exit.code === 0) done.push(script);
      expect(done).toEqual([]);
      const { stdout } = await run(root, `ls kept way; cat ${keptFiles.join(" ")}`, kept(root));
      expect(stdout).toBe("kept:\na.txt\n\nway:\nkept.txt\nsecret\nsecret\nsecret\n");
      for (const path of keptFiles) expect(await content(`${root}/work/${path}`)).toBe("secret\n");
    });

    test.runIf(support.newFiles)("what is only read keeps its mode and its times", async () => {
      const root = await place();
      const scripts = keptFiles.flatMap((path) => [`chmod 600 ${path}`, `touch ${path}`]);
      for (const script of [...scripts, "chmod 700 kept"]) {
        expect({ script, ...(await run(root, script, kept(root))) }).not.toMatchObject({ exit: { code: 0 } });
      }
      expect((await run(root, `stat -c %a ${keptFiles.join(" ")}`, kept(root))).stdout).toBe("644\n644\n644\n");
    });

    test.runIf(support.newFiles)("beside what is only read all is changed as ever", async () => {
      const root = await place();
      const script =
        "echo x > new.txt && mv new.txt way/b.txt && mv way/b.txt way/c.txt && mkdir way/d && rmdir way/d && mv open away && cat way/c.txt";
      expect(await run(root, script, kept(root))).toEqual({ exit: { code: 0 }, stdout: "x\n", stderr: "" });
      const later = "mkdir later && echo y > later/kept.txt && cat later/kept.txt";
      expect((await run(root, later, kept(root))).stdout).toBe("y\n");
      expect((await run(root, "echo z > later/kept.txt; cat later/kept.txt", kept(root))).stdout).toBe("y\n");
    });

    test("a link to what is only read changes nothing, and one that leads out opens nothing", async () => {
      const root = await place();
      const targets = { in: "a.txt", out: "../../beside.txt", far: `${root}/beside.txt`, lost: "nowhere" };
      await run(
        root,
        Object.entries(targets)
          .map(([name, target]) => `ln -s ${target} open/${name}`)
          .join("; "),
      );
      const readOnly = Object.keys(targets).map((name) => `${root}/work/open/${name}`);
      const script = "cd open; cat in; echo x > in; echo x > a.txt; cat a.txt out far";
      expect((await run(root, script, { readOnly })).stdout).toBe("secret\nsecret\n");
      expect(await content(`${root}/work/open/a.txt`)).toBe("secret\n");
    });

    test("a folder in which something is hidden keeps its name", async () => {
      const root = await place();
      const hide = [`${root}/work/way/kept.txt`];
      expect((await run(root, "mv way away; cat away/kept.txt way/kept.txt", { hide })).stdout).toBe("");
      expect(await content(`${root}/work/way/kept.txt`)).toBe("secret\n");
    });

    test("a link leads nowhere else", async () => {
      const root = await place();
      expect(
        (await run(root, "ln -s ../../beside.txt open/link; cat open/link; ln ../beside.txt open/hard")).stdout,
      ).toBe("");
    });

    test("the environment of the parent stays its own", async () => {
      const { stdout } = await run(await place(), "tr '\\0' '\\n' < /proc/$PPID/environ | grep -c '^HOME='");
      expect(["", "0\n"].includes(stdout)).toBe(true);
    });

    test("nothing is mounted", async () => {
      const { exit } = await run(await place(), "mount -t tmpfs none open");
      expect(exit.code === 0).toBe(false);
    });
  });

  describe.runIf(support.network)(`sandbox: ${name}: network`, () => {
    test("a child without a network reaches nobody, with one it does", async () => {
      const server = await platform.serve({ host: "127.0.0.1", port: 0 }, { request: () => new Response("hello") });
      onTestFinished(() => server.close(0));
      const script = `command -v bash >/dev/null || exit 9; bash -c 'exec 3<>/dev/tcp/127.0.0.1/${server.port} && echo connected'`;
      const root = await place();
      const open = await run(root, script, { network: true });
      // Without bash there is no such plain way to connect.
      if (open.exit.code === 9) return;
      expect(open.stdout).toBe("connected\n");
      expect((await run(root, script)).stdout).toBe("");
    });
  });

  describe.runIf(support.limits)(`sandbox: ${name}: limits`, () => {
    test("a file does not grow over its limit", async () => {
      const root = await place();
      const { exit } = await run(root, "head -c 300000 /dev/zero > open/big", {
        limits: { fileBytes: 100_000 },
        read: [...system, "/dev/zero"],
      });
      expect(exit.code === 0).toBe(false);
      expect((await files.stat(`${root}/work/open/big`))?.bytes).toBe(100_000);
    });

    test("open files, memory and processor time are limited", async () => {
      const limits = { openFiles: 50, memoryBytes: 256 * 1024 * 1024, cpuSeconds: 7 };
      const { stdout } = await run(await place(), "ulimit -n; ulimit -d; ulimit -t", { limits });
      expect(stdout).toBe("50\n262144\n7\n");
    });

    test("a limit above our own is our own", async () => {
      const { exit } = await run(await place(), "ulimit -n", { limits: { openFiles: 1e9 } });
      expect(exit).toEqual({ code: 0 });
    });
  });
}
