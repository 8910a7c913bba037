import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allocateBlock } from "@hyperslab/core/block";
import { positions, slice } from "@hyperslab/core/box";
import { FormatError, ShapeError, StorageError } from "@hyperslab/core/errors";
import { openGroup } from "@hyperslab/storage/open-group";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

const FIXTURES = fileURLToPath(new URL("../../golden/fixtures", import.meta.url));

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hyperslab-hdf5-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy with some bytes changed. */
function changed(name: string, change: (bytes: Buffer) => void): string {
  const path = join(folder, `changed-${name.replaceAll("/", "-")}`);
  const bytes = readFileSync(`${FIXTURES}/${name}`);
  change(bytes);
  writeFileSync(path, bytes);
  return path;
}

describe("openHdf5", () => {
  it("says where a file is cut off", async () => {
    const path = join(folder, "cut.nc");
    copyFileSync(`${FIXTURES}/netcdf4/packed.nc`, path);
    truncateSync(path, 9000);
    await expect(openGroup(path)).rejects.toThrow(StorageError);
    await expect(openGroup(path)).rejects.toThrow(
      /has 9000 bytes, but its superblock tells of \d+: it is cut off/,
    );
  });
  it("says where a checksum is wrong", async () => {
    const path = changed("hdf5/types-latest.h5", (bytes) => {
      bytes[36] ^= 1;
    });
    await expect(openGroup(path)).rejects.toThrow(FormatError);
    await expect(openGroup(path)).rejects.toThrow(/at byte \d+: the checksum of the superblock is 0x/);
  });
  it("leaves out a dataset that is damaged, with the reason", async () => {
    const path = changed("hdf5/types-latest.h5", (bytes) => {
      // the first object header behind the root group's
      const at = bytes.indexOf("OHDR", bytes.indexOf("OHDR") + 4);
      bytes[at + 30] ^= 0x55;
    });
    const group = await openGroup(path);
    const [[, error]] = [...(group.skipped ?? [])].filter(([, one]) => one.message.includes("checksum"));
    expect(error).toBeInstanceOf(FormatError);
    expect(error.message).toContain(path);
    expect(group.arrays.size).toBeGreaterThan(40);
  });
  it("names the types that have no dtype", async () => {
    const { skipped } = await openGroup(`${FIXTURES}/hdf5/types-latest.h5`);
    const reasons = Object.fromEntries([...(skipped ?? [])].map(([name, error]) => [name, error.message]));
    expect(reasons["reference"]).toContain("reference (object)");
    expect(reasons["lists"]).toContain("variable-length lists of int32");
    expect(reasons["null"]).toContain("no elements");
    expect(reasons["time"]).toContain("HDF5 time");
  });
  it("says why links lead nowhere, and goes in no circles", async () => {
    const { skipped } = await openGroup(`${FIXTURES}/hdf5/links-latest.h5`);
    const reason = (name: string): string => skipped?.get(name)?.message ?? "";
    expect(reason("dangling")).toContain('it has no "/nowhere"');
    expect(reason("circle")).toContain("the links go in a circle");
    expect(reason("ping")).toContain("the links go in a circle");
    expect(reason("outside-missing")).toContain("no such file");
    expect(reason("outside-escape")).toContain("not below its own folder");
    // a group that holds itself can be walked as long as anybody likes
    const deep = await openGroup(`${FIXTURES}/hdf5/links-latest.h5`, { group: "a/b/up/b/up/b" });
    expect([...deep.arrays.keys()]).toEqual(["c"]);
  });
  it("says which groups there are", async () => {
    const path = `${FIXTURES}/netcdf4/groups.nc`;
    await expect(openGroup(path, { group: "nowhere" })).rejects.toThrow(
      /it has no "nowhere"; there is .*forecasts/,
    );
    await expect(openGroup(path, { group: "forecasts/t" })).rejects.toThrow('"forecasts/t" is no group');
    expect((await openGroup(path)).groups).toEqual(["forecasts", "empty"]);
  });
  it("calls the axes of an array differently, and says so", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const { arrays, dims } = await openGroup(`${FIXTURES}/hdf5/twice.h5`);
    expect(warn.mock.calls.join()).toMatch(/"matrix" has the dimension "scale" twice.*HyperslabWarning/);
    warn.mockRestore();
    expect(arrays.get("matrix")?.describe().dims).toEqual(["scale", "scale_2"]);
    expect(Object.fromEntries(dims)).toEqual({ scale: 3, scale_2: 3 });
  });
  it("describes storage for encodings", async () => {
    const { arrays } = await openGroup(`${FIXTURES}/netcdf4/storage.nc`);
    expect(arrays.get("deflate")?.describe().encoding).toMatchObject({
      dtype: "float32",
      contiguous: false,
      chunksizes: [3, 4],
      zlib: true,
      complevel: 9,
      shuffle: true,
      fletcher32: false,
    });
    expect(arrays.get("contiguous")?.describe()).toMatchObject({
      encoding: { contiguous: true, chunksizes: null, zlib: false },
      storedBytes: 252,
    });
    const { arrays: typed } = await openGroup(`${FIXTURES}/netcdf4/types.nc`);
    expect(typed.get("clouds")?.describe()).toMatchObject({
      dtype: "uint8",
      encoding: { enum: { clear: 0, cumulus: 1, missing: 255 } },
    });
    expect(typed.get("i4_big")?.describe().encoding["byteOrder"]).toBe("big");
  });
  it("refuses blocks that don't fit", async () => {
    const { arrays } = await openGroup(`${FIXTURES}/netcdf4/storage.nc`);
    const source = arrays.get("deflate");
    const read = (
      dtype: "float32" | "int32",
      shape: number[],
      ...selection: Parameters<typeof slice>[]
    ): unknown =>
      source?.readBlock(
        selection.map((one) => slice(...one)),
        allocateBlock(dtype, shape),
      );
    await expect(read("int32", [7, 9], [0, 7], [0, 9])).rejects.toThrow(ShapeError);
    await expect(read("float32", [7, 8], [0, 7], [0, 9])).rejects.toThrow(ShapeError);
    await expect(read("float32", [7, 9], [1, 7], [0, 9])).rejects.toThrow(ShapeError);
    await expect(read("float32", [7], [0, 7])).rejects.toThrow(ShapeError);
  });
  it("can be cancelled", async () => {
    const signal = AbortSignal.abort();
    await expect(openGroup(`${FIXTURES}/netcdf4/storage.nc`, { signal })).rejects.toThrow(/cancel/i);
    const { arrays } = await openGroup(`${FIXTURES}/netcdf4/storage.nc`);
    const block = allocateBlock("float32", [1, 2]);
    const selection = [slice(0, 1), positions([8, 0])];
    await expect(arrays.get("deflate")?.readBlock(selection, block, { signal })).rejects.toThrow(/cancel/i);
  });
});
