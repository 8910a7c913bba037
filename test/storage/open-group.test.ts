import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { FormatError, StorageError } from "@hyperslab/core/errors";
import { formatOf } from "@hyperslab/storage/format-signature";
import { openGroup } from "@hyperslab/storage/open-group";
import { openSource } from "@hyperslab/storage/open-source";
import { beginWrite } from "@hyperslab/storage/write-protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FetchStore, create, root, set } from "zarrita";
import { packedZarr, readAll, texts } from "./packed-zarr.js";
import { serve } from "./serve.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-open-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (name: string, content: string | Uint8Array): Promise<string> =>
  writeFile(join(folder, name), content).then(() => join(folder, name));
const netcdf = (): Promise<Uint8Array> => readFile(new URL("fixtures/cdf1.nc", import.meta.url));

async function unpack(version: 2 | 3, name: string): Promise<string> {
  for (const [key, value] of packedZarr(version).keys) {
    const path = join(folder, name, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, value);
  }
  return join(folder, name);
}

describe("openGroup", () => {
  it.each([2, 3] as const)("opens a Zarr directory of version %i, whatever its name", async (version) => {
    const path = await unpack(version, "data.nc");
    for (const from of [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      { kind: "file", path } as const,
    ]) {
      const group = await openGroup(from);
      expect(group.format).toBe("zarr");
      const cube = group.arrays.get("cube");
      expect(cube?.ref.store).toEqual({ kind: "file", path });
      expect(cube && texts(await readAll(await openSource(JSON.parse(JSON.stringify(cube.ref)))))).toEqual(
        packedZarr(version).arrays["cube"].values,
      );
    }
  });
  it("opens the folder of one array", async () => {
    const path = await unpack(2, "data.zarr");
    expect([...(await openGroup(join(path, "edges"))).arrays.keys()]).toEqual(["edges"]);
    expect([...(await openGroup(path, { group: "edges" })).arrays.keys()]).toEqual(["edges"]);
  });
  it("opens a NetCDF-3 file, whatever its name", async () => {
    const path = await file("data.zarr", await netcdf());
    const group = await openGroup(path);
    expect(group.format).toBe("netcdf3");
    const [first] = group.arrays.values();
    expect(first.ref.store).toEqual({ kind: "file", path: folder });
    await expect(openGroup(path, { group: "deeper" })).rejects.toThrow("NetCDF-3 files have no groups");
  });
  it("opens both over HTTP", async () => {
    const values = new Map([...packedZarr(3).keys].map(([key, value]) => [`/a/x.zarr${key}`, value]));
    values.set("/a/plain file", await netcdf());
    const served = await serve(values);
    try {
      expect((await openGroup(`${served.url}/a/x.zarr/`)).arrays.has("sharded")).toBe(true);
      const group = await openGroup(new URL(`${served.url}/a/plain%20file?token=1`));
      expect(group.format).toBe("netcdf3");
      const [first] = group.arrays.values();
      expect(first.ref.store).toEqual({ kind: "http", url: `${served.url}/a?token=1` });
      expect((await readAll(await openSource(first.ref))).data.length).toBeGreaterThan(0);
      await expect(openGroup(`${served.url}/a/nothing`)).rejects.toThrow(StorageError);
      await expect(openGroup(`${served.url}/a/nothing`)).rejects.toThrow("neither a file nor a Zarr group");
    } finally {
      await served.close();
    }
  });
  it("opens store objects", async () => {
    expect((await openGroup(packedZarr(3).store())).arrays.has("cube")).toBe(true);
    const map = new Map(packedZarr(2).keys);
    const group = await openGroup(map, { group: "cube" });
    expect([...group.arrays.keys()]).toEqual(["cube"]);
  });
  it("opens zarrita's stores, and what zarrita wrote", async () => {
    const served = await serve(packedZarr(3).keys);
    try {
      const group = await openGroup(new FetchStore(served.url));
      const shard = group.arrays.get("sharded");
      expect(shard && texts(await readAll(shard))).toEqual(packedZarr(3).arrays["sharded"].values);
    } finally {
      await served.close();
    }
    const map = new Map<string, Uint8Array>();
    const array = await create(root(map).resolve("a"), {
      shape: [3, 4],
      chunkShape: [2, 3],
      dtype: "int32",
      fillValue: 0,
      codecs: [{ name: "bytes", configuration: { endian: "little" } }],
      dimensionNames: ["y", "x"],
    });
    const data = Int32Array.from({ length: 12 }, (_, i) => i + 1);
    await set(array, null, { data, shape: [3, 4], stride: [4, 1] });
    // a Map can't list: its one array is opened by its path
    const written = (await openGroup(map, { group: "a" })).arrays.get("a");
    expect(written?.describe().dims).toEqual(["y", "x"]);
    expect(written && (await readAll(written)).data).toEqual(data);
  });
  it.each([
    ["\x89HDF\r\n\x1a\n.......", "as HDF5 at byte 9: addresses of 46"],
    ["GRIB....", "GRIB"],
    ["\x1f\x8b\x08\0", "gzip, which isn't supported yet; unpack it first"],
    ["II*\0....", "TIFF"],
    ["PK\x03\x04", "as ZIP: it has no end record"],
    ['{"version": 1, "refs": {}}', "as a dataset: there is nothing in it"],
    ['{"a": 1}', "it is JSON, and no Kerchunk references"],
    ['{"version": ', "as Kerchunk references: not JSON"],
    ["<!DOCTYPE html><html>", "web page"],
    ["CDF\x03....", "no known format begins with the bytes 43 44 46 03"],
    ["", "the file is empty"],
  ])("names what a file with %j is", async (content, message) => {
    const path = await file("data.nc", Buffer.from(content, "latin1"));
    await expect(openGroup(path)).rejects.toThrow(FormatError);
    await expect(openGroup(path)).rejects.toThrow(message);
  });
  it("says that nothing is there", async () => {
    await expect(openGroup(join(folder, "nothing.zarr"))).rejects.toThrow(StorageError);
    await expect(openGroup(join(folder, "nothing.zarr"))).rejects.toThrow("no such file or directory");
    await expect(openGroup("gs://bucket/x")).rejects.toThrow("there is no store for gs://");
  });
  it("says what a directory holds that is no dataset", async () => {
    await file("a.nc", "x");
    await mkdir(join(folder, "sub"));
    const error = await openGroup(folder).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toContain(
      "there is no Zarr group, but a.nc, sub/; to open a file, give its own path",
    );
    await expect(openGroup(join(folder, "sub"))).rejects.toThrow("there is nothing in it");
    await expect(openGroup(new Map())).rejects.toThrow("there is nothing in it");
  });
  it("says that a write was never finished", async () => {
    const path = join(folder, "data.zarr");
    const { working } = await beginWrite(path);
    await expect(openGroup(path)).rejects.toThrow(
      /begun and never finished \(beside it: data\.zarr\.incomplete-\w+\)/,
    );
    expect(working.kind === "file" && working.path.startsWith(`${path}.incomplete-`)).toBe(true);
    await mkdir(path);
    await expect(openGroup(path)).rejects.toThrow("never finished");
    const unfinished = working.kind === "file" ? working.path : "";
    await writeFile(join(unfinished, "zarr.json"), '{"zarr_format": 3, "node_type": "group"}');
    await expect(openGroup(unfinished)).rejects.toThrow("an unfinished write has left");
  });
});

describe("formatOf", () => {
  it("knows all kinds of NetCDF-3", () => {
    for (const kind of ["\x01", "\x02", "\x05"])
      expect(formatOf(Buffer.from(`CDF${kind}`, "latin1"))?.supported).toBe(true);
    expect(formatOf(new Uint8Array(0))).toBeUndefined();
  });
});
