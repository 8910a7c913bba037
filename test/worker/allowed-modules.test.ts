/** Which functions clients may call. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArgumentError, StorageError } from "@hyperslab/core/errors";
import { allowedFunction } from "@hyperslab/worker/allowed-modules";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let root: string;
let folders: string[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "hyperslab-modules-"));
  folders = [join(root, "one"), join(root, "two"), join(root, "not there")];
  await mkdir(join(root, "one", "deep"), { recursive: true });
  await mkdir(join(root, "two"));
  await writeFile(
    join(root, "one", "deep", "a.mjs"),
    "export const twice = (x) => 2 * x; export const six = 6;",
  );
  await writeFile(join(root, "two", "b.mjs"), "export default () => 'b';");
  await writeFile(join(root, "secret.mjs"), "export const f = () => 'secret';");
  await writeFile(join(root, "one-more.mjs"), "export const f = () => 'secret';");
  await symlink(join(root, "secret.mjs"), join(root, "one", "link.mjs"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("a function of an allowed folder", () => {
  it("is found, also deeper and in another folder", async () => {
    expect((await allowedFunction(folders, "deep/a.mjs", "twice"))(21)).toBe(42);
    expect((await allowedFunction(folders, "b.mjs", "default"))()).toBe("b");
  });

  it("lies inside: no path and no link leads out", async () => {
    const paths = [
      "../secret.mjs",
      "deep/../../secret.mjs",
      "link.mjs",
      join(root, "secret.mjs"),
      "../one-more.mjs",
    ];
    for (const path of [...paths, "."])
      await expect(allowedFunction(folders, path, "f"), path).rejects.toThrow(ArgumentError);
    await expect(allowedFunction([], "deep/a.mjs", "twice")).rejects.toThrow(/--allow-modules/);
    await expect(allowedFunction(folders, "c.mjs", "f")).rejects.toThrow(StorageError);
  });

  it("is an export, and a function", async () => {
    for (const name of ["six", "nothing", "toString", "__proto__"])
      await expect(allowedFunction(folders, "deep/a.mjs", name), name).rejects.toThrow(ArgumentError);
  });
});
