import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDirectory } from "@hyperslab/storage/make-directory";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-make-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("makeDirectory", () => {
  it("makes what is missing above, and leaves alone what is there", async () => {
    await makeDirectory(join(folder, "a", "b", "c"));
    await writeFile(join(folder, "a", "b", "c", "file"), "x");
    await Promise.all(["c", "d", "e/f"].map((name) => makeDirectory(join(folder, "a", "b", name))));
    expect((await readdir(join(folder, "a", "b"))).sort()).toEqual(["c", "d", "e"]);
    expect(await readdir(join(folder, "a", "b", "c"))).toEqual(["file"]);
  });
  it("does not trip over others who make the same parents", async () => {
    for (let round = 0; round < 20; round++) {
      const paths = Array.from({ length: 40 }, (_, i) =>
        join(folder, `${round}`, "a", `${i % 4}`, `${i % 8}`, `${i}`),
      );
      await Promise.all(paths.map((path) => makeDirectory(path, folder)));
      expect(paths.every((path) => existsSync(path))).toBe(true);
    }
  });
  it("goes no higher than it may", async () => {
    const root = join(folder, "root");
    await expect(makeDirectory(join(root, "a", "b"), root)).rejects.toThrow("ENOENT");
    expect(existsSync(root)).toBe(false);
    await mkdir(root);
    await makeDirectory(join(root, "a", "b"), root);
    expect(existsSync(join(root, "a", "b"))).toBe(true);
  });
  it("fails where a file is in the way", async () => {
    await writeFile(join(folder, "file"), "x");
    await expect(makeDirectory(join(folder, "file"))).rejects.toThrow("EEXIST");
    await expect(makeDirectory(join(folder, "file", "a"))).rejects.toThrow("ENOTDIR");
  });
  it.skipIf(!existsSync("/proc/self"))("ends where the system finds no place for a directory", async () => {
    await expect(makeDirectory("/proc/hyperslab/a")).rejects.toThrow(/ENOENT|EACCES|EPERM|EROFS/);
  });
});
