import { describe, expect, test } from "vitest";
import type { Files } from "../../src/core/platform.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (read: Uint8Array) => new TextDecoder().decode(read);

export interface FilesUnderTest {
  readonly files: Files;
  /** An empty folder. */
  readonly root: string;
  link(path: string, target: string): Promise<void>;
}

/** What `Files` promises; the same on every platform. `make` gives a fresh folder for each test. */
export function filesContract(name: string, make: () => Promise<FilesUnderTest>): void {
  describe(`files: ${name}`, () => {
    test("what was written is read, whole or in part", async () => {
      const { files, root } = await make();
      await files.write(`${root}/a`, bytes("hello world"));
      expect(text(await files.read(`${root}/a`))).toBe("hello world");
      expect(text(await files.read(`${root}/a`, { offset: 6, length: 3 }))).toBe("wor");
      expect(text(await files.read(`${root}/a`, { offset: 6, length: 100 }))).toBe("world");
      expect(await files.read(`${root}/a`, { offset: 50, length: 3 })).toHaveLength(0);
    });

    test("a new file belongs to its owner alone, an old one keeps its mode", async () => {
      const { files, root } = await make();
      await files.write(`${root}/a`, bytes("x"));
      await files.write(`${root}/b`, bytes("x"), { mode: 0o644 });
      await files.write(`${root}/b`, bytes("y"));
      expect((await files.stat(`${root}/a`))?.mode).toBe(0o600);
      expect((await files.stat(`${root}/b`))?.mode).toBe(0o644);
      expect(await files.list(root)).toEqual([
        { name: "a", kind: "file" },
        { name: "b", kind: "file" },
      ]);
    });

    test("the mode of a file or folder can be set, not that of what a link leads to", async () => {
      const { files, root, link } = await make();
      await files.write(`${root}/a`, bytes("x"), { mode: 0o644 });
      await files.makeDirectory(`${root}/d`);
      await link(`${root}/l`, `${root}/a`);
      await files.setMode(`${root}/a`, 0o600);
      await files.setMode(`${root}/d`, 0o750);
      expect((await files.stat(`${root}/a`))?.mode).toBe(0o600);
      expect((await files.stat(`${root}/d`))?.mode).toBe(0o750);
      await expect(files.setMode(`${root}/l`, 0o666)).rejects.toMatchObject({ code: "invalid" });
      expect((await files.stat(`${root}/a`))?.mode).toBe(0o600);
      await expect(files.setMode(`${root}/no`, 0o600)).rejects.toMatchObject({ code: "missing" });
    });

    test("what is missing is `missing`, and `stat` says nothing", async () => {
      const { files, root } = await make();
      const missing = { code: "missing", message: expect.stringContaining(`${root}/no`) };
      await expect(files.read(`${root}/no`)).rejects.toMatchObject(missing);
      await expect(files.list(`${root}/no`)).rejects.toMatchObject(missing);
      await expect(files.write(`${root}/no/a`, bytes("x"))).rejects.toMatchObject({ code: "missing" });
      expect(await files.stat(`${root}/no`)).toBe(undefined);
      expect(await files.remove(`${root}/no`)).toBe(false);
    });

    test("a directory is no file, and the reverse", async () => {
      const { files, root } = await make();
      await files.makeDirectory(`${root}/d`);
      await files.write(`${root}/f`, bytes("x"));
      for (const wrong of [
        () => files.read(`${root}/d`),
        () => files.write(`${root}/d`, bytes("x")),
        () => files.list(`${root}/f`),
        () => files.makeDirectory(`${root}/f`),
        () => files.write(`${root}/f/x`, bytes("x")),
      ]) {
        await expect(wrong()).rejects.toMatchObject({ code: "invalid" });
      }
    });

    test("`create` makes a file once", async () => {
      const { files, root } = await make();
      const made = await Promise.allSettled(["a", "b"].map((content) => files.create(`${root}/f`, bytes(content))));
      expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      await expect(files.create(`${root}/f`, bytes("c"))).rejects.toMatchObject({ code: "conflict" });
    });

    test("an appender adds at the end, also after the file was cut", async () => {
      const { files, root } = await make();
      const appender = await files.append(`${root}/log`);
      await appender.write(bytes("one\n"));
      await appender.write(bytes("two\n"));
      await appender.sync();
      await files.truncate(`${root}/log`, 4);
      await appender.write(bytes("three\n"));
      await appender.close();
      expect(text(await files.read(`${root}/log`))).toBe("one\nthree\n");
    });

    test("folders are made with their parents, and removed with what is in them", async () => {
      const { files, root } = await make();
      await files.makeDirectory(`${root}/a/b/c`);
      await files.makeDirectory(`${root}/a/b/c`);
      await files.write(`${root}/a/b/c/f`, bytes("x"));
      expect((await files.stat(`${root}/a/b`))?.mode).toBe(0o700);
      expect(await files.remove(`${root}/a`)).toBe(true);
      expect(await files.stat(`${root}/a/b/c/f`)).toBe(undefined);
    });

    test("`rename` replaces what was there", async () => {
      const { files, root } = await make();
      await files.write(`${root}/a`, bytes("new"));
      await files.write(`${root}/b`, bytes("old"));
      await files.rename(`${root}/a`, `${root}/b`);
      expect(text(await files.read(`${root}/b`))).toBe("new");
      expect(await files.stat(`${root}/a`)).toBe(undefined);
    });

    test("a lock has one holder, and can be taken again when it is given back", async () => {
      const { files, root } = await make();
      const first = await files.lock(`${root}/lock`);
      expect(first).toBeDefined();
      expect(await files.lock(`${root}/lock`)).toBe(undefined);
      await first?.release();
      const second = await files.lock(`${root}/lock`);
      expect(second).toBeDefined();
      await second?.release();
    });

    test("whoever watches hears of changes, until he stops", async () => {
      const { files, root } = await make();
      await files.write(`${root}/a`, bytes("x"));
      let calls = 0;
      let heard = () => {};
      const next = () =>
        new Promise<void>((resolve) => {
          heard = resolve;
        });
      const stop = await files.watch(root, () => {
        calls += 1;
        heard();
      });
      for (const change of [
        () => files.write(`${root}/a`, bytes("y")),
        () => files.create(`${root}/b`, bytes("z")),
        () => files.remove(`${root}/b`),
      ]) {
        const told = next();
        await change();
        await told;
      }
      stop();
      await new Promise<void>((resolve) => void setTimeout(resolve, 50));
      const before = calls;
      await files.write(`${root}/a`, bytes("w"));
      await new Promise<void>((resolve) => void setTimeout(resolve, 50));
      expect(calls).toBe(before);
      await expect(files.watch(`${root}/no`, () => {})).rejects.toMatchObject({ code: "missing" });
    });

    describe("confined", () => {
      const escapes = { code: "refused", message: expect.stringContaining("path escapes workspace") };

      test("reads and changes what lies inside, by relative or absolute path", async () => {
        const { files, root } = await make();
        const tree = files.confined(root);
        await tree.makeDirectory("a/b");
        await tree.write("a/b/f", bytes("x"));
        expect(text(await tree.read(`${root}/a/b/f`))).toBe("x");
        expect(text(await tree.read("./a/../a/b/f"))).toBe("x");
        expect(await tree.list("a")).toEqual([{ name: "b", kind: "directory" }]);
        expect(await tree.stat("a/nothing")).toBe(undefined);
        await expect(tree.read("a/nothing")).rejects.toMatchObject({ code: "missing" });
      });

      test("nothing else, however it is spelled or linked", async () => {
        const { files, root, link } = await make();
        await files.makeDirectory(`${root}/in`);
        await files.write(`${root}/secret`, bytes("s"));
        await link(`${root}/in/up`, "..");
        await link(`${root}/in/file`, `${root}/secret`);
        const tree = files.confined(`${root}/in`);
        for (const path of ["../secret", `${root}/secret`, "up/secret", "a/../../secret", "file", "/"]) {
          await expect(tree.read(path)).rejects.toMatchObject(escapes);
        }
        for (const path of ["../x", "up/x", `${root}/x`]) {
          await expect(tree.write(path, bytes("x"))).rejects.toMatchObject(escapes);
          await expect(tree.makeDirectory(path)).rejects.toMatchObject(escapes);
        }
        expect(await files.stat(`${root}/x`)).toBe(undefined);
      });

      test("hidden folders count as outside", async () => {
        const { files, root, link } = await make();
        await files.makeDirectory(`${root}/.weft`);
        await files.write(`${root}/.weft/token`, bytes("s"));
        await link(`${root}/door`, ".weft");
        const tree = files.confined(root, [".weft"]);
        for (const path of [".weft/token", "door/token", ".weft"]) {
          await expect(tree.read(path)).rejects.toMatchObject(escapes);
        }
        await files.makeDirectory(`${root}/a/b`);
        await files.write(`${root}/a/b/c`, bytes("s"));
        const deeper = files.confined(root, [".weft", "a/b", "a/new"]);
        for (const path of ["a/b/c", "a/b", "a/./b/c"]) {
          await expect(deeper.read(path)).rejects.toMatchObject(escapes);
        }
        await expect(deeper.write("a/b/d", bytes("x"))).rejects.toMatchObject(escapes);
        await expect(deeper.write("a/new", bytes("x"))).rejects.toMatchObject(escapes);
        await expect(deeper.makeDirectory("a/new/x")).rejects.toMatchObject(escapes);
        expect(await deeper.list("a")).toEqual([]);
        await files.remove(`${root}/a`);
        await expect(tree.write(".weft/x", bytes("x"))).rejects.toMatchObject(escapes);
        await expect(tree.list(".weft")).rejects.toMatchObject(escapes);
        expect((await tree.list(".")).map(({ name }) => name)).toEqual(["door"]);
      });
    });
  });
}
