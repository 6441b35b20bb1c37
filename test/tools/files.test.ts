import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { workspace } from "./workspace.ts";

describe("read_file", () => {
  test("gives a part of the lines, and says how to go on", async () => {
    const w = await workspace();
    await writeFile(join(w.path, "a.txt"), Array.from({ length: 10 }, (_, i) => `line ${i + 1}\n`).join(""));
    expect(await w.run("read_file", { path: "a.txt", offset: 3, limit: 2 })).toBe(
      "line 3\nline 4\n[more follows: go on with offset=5]",
    );
    expect(await w.run("read_file", { path: "a.txt", offset: 9 })).toBe("line 9\nline 10");
    expect(await w.run("read_file", { path: "a.txt", offset: 99 })).toBe("[the file has only 10 lines]");
  });

  test("reads a large file through, piece by piece, and misses nothing", async () => {
    const w = await workspace();
    const lines = Array.from({ length: 40_000 }, (_, i) => `${i} ${"ü".repeat(i % 50)}`);
    await writeFile(join(w.path, "big.txt"), lines.join("\n"));
    const seen: string[] = [];
    for (let offset = 1; ; ) {
      const text = await w.run("read_file", { path: "big.txt", offset, limit: 100_000 });
      const match = /\n\[more follows: go on with offset=(\d+)\]$/.exec(text);
      seen.push(...(match ? text.slice(0, match.index) : text).split("\n"));
      if (!match) break;
      offset = Number(match[1]);
    }
    expect(seen).toEqual(lines);
  });

  test("goes on by bytes in a file of one long line", async () => {
    const w = await workspace();
    await writeFile(join(w.path, "min.json"), "x".repeat(150_000));
    expect(await w.run("read_file", { path: "min.json" })).toContain("very long: read this file with byte_offset");
    const part = await w.run("read_file", { path: "min.json", byte_offset: 149_000 });
    expect(part).toBe("x".repeat(1000));
  });

  test("shows pictures, and refuses other binary files", async () => {
    const w = await workspace();
    const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
    await writeFile(join(w.path, "a.png"), png);
    await writeFile(join(w.path, "a.bin"), Buffer.from([1, 0, 2]));
    expect(await w.output("read_file", { path: "a.png" })).toEqual({
      text: "a.png: a picture (image/png, 16 bytes)",
      images: [{ mime: "image/png", base64: png.toString("base64") }],
    });
    await expect(w.run("read_file", { path: "a.bin" })).rejects.toThrow("binary file of 3 bytes");
  });

  test("says what is not there", async () => {
    const w = await workspace();
    await expect(w.run("read_file", { path: "no.txt" })).rejects.toMatchObject({
      code: "missing",
      message: "not found: no.txt",
    });
    await expect(w.run("read_file", { path: "." })).rejects.toThrow("use list_directory");
  });
});

test("write_file makes the folders it needs and replaces what was there", async () => {
  const w = await workspace();
  expect(await w.run("write_file", { path: "a/b/c.txt", content: "grün" })).toBe(
    "Successfully wrote 5 bytes to a/b/c.txt",
  );
  await w.run("write_file", { path: "a/b/c.txt", content: "x" });
  expect(await readFile(join(w.path, "a/b/c.txt"), "utf8")).toBe("x");
});

describe("edit_file", () => {
  test("changes the only occurrence", async () => {
    const w = await workspace();
    await writeFile(join(w.path, "a.txt"), "one $& two");
    await w.run("edit_file", { path: "a.txt", old_text: "$&", new_text: "$1$$" });
    expect(await readFile(join(w.path, "a.txt"), "utf8")).toBe("one $1$$ two");
  });

  test("changes nothing when the text is missing or not alone, unless all are meant", async () => {
    const w = await workspace();
    await writeFile(join(w.path, "a.txt"), "x x");
    const edit = (more: object) => w.run("edit_file", { path: "a.txt", old_text: "x", new_text: "y", ...more });
    await expect(edit({})).rejects.toThrow("occurs 2 times");
    await expect(edit({ old_text: "z" })).rejects.toThrow("not found in a.txt");
    expect(await readFile(join(w.path, "a.txt"), "utf8")).toBe("x x");
    await edit({ replace_all: true });
    expect(await readFile(join(w.path, "a.txt"), "utf8")).toBe("y y");
  });

  test("does not damage what is no text", async () => {
    const w = await workspace();
    await writeFile(join(w.path, "a.bin"), Buffer.from([0x78, 0xff]));
    await expect(w.run("edit_file", { path: "a.bin", old_text: "x", new_text: "y" })).rejects.toThrow("no UTF-8");
  });
});

describe("looking for files", () => {
  async function tree() {
    const w = await workspace();
    for (const path of ["a.md", "src/b.ts", "src/deep/c.ts", "node_modules/x/d.ts", ".git/e.ts"]) {
      await w.run("write_file", { path, content: `hello from ${path}\nsecond line\n` });
    }
    return w;
  }

  test("list_directory shows folders, sizes and links, sorted", async () => {
    const w = await tree();
    await symlink("/etc", join(w.path, "link"));
    await mkdir(join(w.path, ".weft"));
    expect(await w.run("list_directory", {})).toBe(".git/\na.md  28\nlink -> (a link)\nnode_modules/\nsrc/");
  });

  test("glob passes over what nobody wrote by hand", async () => {
    const w = await tree();
    expect(await w.run("glob", { pattern: "**/*.ts" })).toBe("src/b.ts\nsrc/deep/c.ts");
    expect(await w.run("glob", { pattern: "*.ts", path: "src" })).toBe("src/b.ts");
    expect(await w.run("glob", { pattern: "**/*.ts", path: "node_modules" })).toBe("node_modules/x/d.ts");
    expect(await w.run("glob", { pattern: "*.rs" })).toBe("No files match *.rs");
  });

  test("grep gives path, line and text, and takes a file or a folder", async () => {
    const w = await tree();
    expect(await w.run("grep", { pattern: "^hello.*\\.ts$", include: "*.ts" })).toBe(
      "src/b.ts:1: hello from src/b.ts\nsrc/deep/c.ts:1: hello from src/deep/c.ts",
    );
    expect(await w.run("grep", { pattern: "HELLO", ignore_case: true, path: "a.md" })).toBe("a.md:1: hello from a.md");
    expect(await w.run("grep", { pattern: "hello", max_results: 1 })).toContain("[more than 1 lines match]");
    await expect(w.run("grep", { pattern: "(" })).rejects.toThrow("invalid arguments: pattern");
  });

  test("an expression made to be slow is not", async () => {
    const w = await workspace();
    await w.run("write_file", { path: "a.txt", content: `${"a".repeat(5000)}b` });
    const began = performance.now();
    expect(await w.run("grep", { pattern: "(a+)+$" })).toBe("No matches for (a+)+$");
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("no path leads out", () => {
  test.each([
    "../x",
    "/etc/passwd",
    "a/../../x",
    "out/passwd",
    "file-out",
    ".weft/gateway-token",
    "journal/1",
    "sessions/s",
  ])("%s", async (path) => {
    const w = await workspace();
    await symlink("/etc", join(w.path, "out"));
    await symlink("/etc/passwd", join(w.path, "file-out"));
    for (const folder of [".weft", "journal", "sessions"]) await mkdir(join(w.path, folder));
    await writeFile(join(w.path, ".weft/gateway-token"), "secret");
    await writeFile(join(w.path, "journal/1"), "secret");
    await writeFile(join(w.path, "sessions/s"), "secret");
    const escapes = { code: "refused", message: expect.stringContaining("path escapes workspace") };
    await expect(w.run("read_file", { path })).rejects.toMatchObject(escapes);
    await expect(w.run("edit_file", { path, old_text: "s", new_text: "t" })).rejects.toMatchObject(escapes);
    if (path !== "file-out") await expect(w.run("write_file", { path, content: "x" })).rejects.toMatchObject(escapes);
  });

  test("a link at the end of a path is replaced, not followed", async () => {
    const w = await workspace();
    await writeFile(join(w.path, "victim"), "unharmed");
    await symlink(join(w.path, "victim"), join(w.path, "link"));
    await w.run("write_file", { path: "link", content: "x" });
    expect(await readFile(join(w.path, "victim"), "utf8")).toBe("unharmed");
    expect(await readFile(join(w.path, "link"), "utf8")).toBe("x");
  });

  test("a link inside that leads to a hidden folder is no way around", async () => {
    const w = await workspace();
    await mkdir(join(w.path, ".weft"));
    await writeFile(join(w.path, ".weft/gateway-token"), "secret");
    await symlink(".weft", join(w.path, "door"));
    await expect(w.run("read_file", { path: "door/gateway-token" })).rejects.toThrow("path escapes workspace");
    expect(await w.run("grep", { pattern: "secret" })).toContain("No matches");
  });

  test("a folder that is swapped for a link while it is used leads nowhere", async () => {
    const w = await workspace();
    const { rename, rm } = await import("node:fs/promises");
    await mkdir(join(w.path, "d"));
    await writeFile(join(w.path, "d/hosts"), "ours");
    let swapping = true;
    const swapper = (async () => {
      while (swapping) {
        await rename(join(w.path, "d"), join(w.path, "kept"));
        await symlink("/etc", join(w.path, "d"));
        await rm(join(w.path, "d"));
        await rename(join(w.path, "kept"), join(w.path, "d"));
      }
    })();
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) {
      seen.add(await w.run("read_file", { path: "d/hosts" }).catch((error: Error) => `(${error.name})`));
    }
    swapping = false;
    await swapper;
    expect([...seen].filter((text) => text !== "ours" && text !== "(WeftError)")).toEqual([]);
  });
});

describe("memory", () => {
  test("what was written is found again", async () => {
    const w = await workspace();
    expect(await w.run("memory_read", {})).toBe("No memory file found");
    await w.run("memory_write", { content: "Ann likes tea.\u0007  " });
    await w.run("memory_write", { content: "Bob likes coffee." });
    expect(await w.run("memory_read", {})).toBe("Ann likes tea.\n\nBob likes coffee.");
    expect(await w.run("memory_read", { query: "TEA" })).toBe("Ann likes tea.");
    expect(await w.run("memory_read", { query: "wine" })).toBe('No results for "wine"');
    const told = await w.run("memory_write", { content: "Only this.", mode: "overwrite" });
    expect(told).toContain("what was there before is kept as memory/versions/1.md");
    expect(await w.run("read_file", { path: "memory/versions/1.md" })).toContain("Bob likes coffee.");
    expect(await w.run("memory_read", {})).toBe("Only this.");
  });

  test("writes side by side lose nothing", async () => {
    const w = await workspace();
    await Promise.all(Array.from({ length: 20 }, (_, i) => w.run("memory_write", { content: `fact ${i}` })));
    expect((await w.run("memory_read", {})).split("\n\n")).toHaveLength(20);
  });
});
