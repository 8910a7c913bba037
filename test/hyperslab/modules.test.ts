/**
 * What a program waits for before its first answer: every module costs about a millisecond. Code of other formats, of
 * clusters, threads and writing is loaded by those who use it, and these bounds keep it so.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { dataArray } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const FRONT_DOOR = import.meta.resolve("hyperslab");

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hyperslab-modules-"));
  await dataArray(
    Float32Array.from({ length: 12 }, (_, i) => i),
    { dims: ["x"], name: "t" },
  ).toZarr(join(folder, "t.zarr"));
  writeFileSync(
    join(folder, "hooks.mjs"),
    `import { appendFileSync } from "node:fs";
     export async function load(url, context, next) {
       if (url.startsWith("file:")) appendFileSync(${JSON.stringify(join(folder, "loaded"))}, url + "\\n");
       return next(url, context);
     }`,
  );
  writeFileSync(
    join(folder, "register.mjs"),
    `import { register } from "node:module"; register("./hooks.mjs", import.meta.url);`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files that a program loads, beside its own. */
function loadedBy(program: string): string[] {
  const script = join(folder, "program.mjs");
  writeFileSync(script, program);
  rmSync(join(folder, "loaded"), { force: true });
  const register = pathToFileURL(join(folder, "register.mjs")).href;
  execFileSync(process.execPath, ["--import", register, script], { stdio: "pipe" });
  return readFileSync(join(folder, "loaded"), "utf8")
    .split("\n")
    .filter((url) => url !== "" && url !== pathToFileURL(script).href)
    .map((url) => fileURLToPath(url));
}

const READ = `
  const { openDataset } = await import(${JSON.stringify(FRONT_DOOR)});
  const ds = await openDataset(process.env.STORE);
  const { data } = await ds.get("t").isel({ x: 3 }).values();
  if (data[0] !== 3) throw new Error("a wrong value");
`;

describe("modules that are loaded", () => {
  it("by the front door are the few that it can't do without", () => {
    const loaded = loadedBy(`import ${JSON.stringify(FRONT_DOOR)};`);
    expect(loaded.length).toBeLessThanOrEqual(BOUND);
    expect(loaded.filter((file) => LATE.test(file))).toEqual([]);
  });

  it("by the first read of a local Zarr store are hardly more", () => {
    const loaded = loadedBy(READ.replace("process.env.STORE", JSON.stringify(join(folder, "t.zarr"))));
    expect(loaded.length).toBeLessThanOrEqual(BOUND + 5);
    expect(loaded.filter((file) => LATE.test(file))).toEqual([]);
  });
});

/** Now 290 of them; a few more may come, but not a whole part of the library. */
const BOUND = 300;

/** Formats, clusters, threads, writing, and many files. */
const LATE =
  /\/storage\/dist\/(?:hdf5|grib|geotiff)\/|\/storage\/dist\/(?:netcdf3|zarr-create|zarr-write|write-)|\/protocol\/dist\/(?!token)|\/launch\/dist\/local|thread-pool|open-mfdataset|to-zarr\.js|node_modules\/(?!ndarray)/;
