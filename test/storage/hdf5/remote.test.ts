import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allocateBlock } from "@hyperslab/core/block";
import { positions, slice } from "@hyperslab/core/box";
import { openGroup } from "@hyperslab/storage/open-group";
import { openSource } from "@hyperslab/storage/open-source";
import { File, ready } from "h5wasm/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Served, serve } from "../serve.js";

const FIXTURES = fileURLToPath(new URL("../../golden/fixtures", import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${FIXTURES}/${name}`));

describe("HDF5 over HTTP", () => {
  let server: Served;
  beforeAll(async () => {
    server = await serve(
      new Map([
        ["/data/packed.nc", read("netcdf4/packed.nc")],
        ["/data/user-block.h5", read("hdf5/user-block.h5")],
        ["/data/long.h5", read("hdf5/long-indexes-earliest.h5")],
        ["/data/virtual.h5", read("hdf5/virtual.h5")],
        ["/data/virtual-source.h5", read("hdf5/virtual-source.h5")],
      ]),
    );
  });
  afterAll(() => server.close());

  it("opens a file and reads an array with a handful of requests", async () => {
    server.requests.length = 0;
    const group = await openGroup(`${server.url}/data/packed.nc`);
    const source = group.arrays.get("t");
    const block = allocateBlock("int16", [2, 2, 3]);
    await source?.readBlock([slice(0, 2), slice(0, 2), slice(0, 3)], block);
    expect([...(block.data as Int16Array)]).toEqual([0, 1, -32767, 5, 6, 32767, 9, -9, 7, -1, 2, 3]);
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });
  it("reads one point of thousands of chunks with few requests", async () => {
    server.requests.length = 0;
    const group = await openGroup(`${server.url}/data/long.h5`);
    const source = group.arrays.get("grown");
    const block = allocateBlock("uint8", [1]);
    await source?.readBlock([slice(2000, 1)], block);
    expect(block.data[0]).toBe(2000 % 251);
    expect(server.requests.length).toBeLessThanOrEqual(6);
  });
  it("asks for scattered chunks once each, and for little else", async () => {
    server.requests.length = 0;
    const group = await openGroup(`${server.url}/data/long.h5?anew`);
    const block = allocateBlock("uint8", [20]);
    await group.arrays.get("grown")?.readBlock([slice(0, 20, 100)], block);
    expect([...(block.data as Uint8Array)]).toEqual(Array.from({ length: 20 }, (_, i) => (100 * i) % 251));
    expect(server.requests.length).toBeLessThanOrEqual(20 + 6);
  });
  it("finds the superblock behind a user block", async () => {
    const group = await openGroup(`${server.url}/data/user-block.h5`, { group: "inside" });
    const block = allocateBlock("int32", [2, 3]);
    await group.arrays.get("data")?.readBlock([slice(0, 2), slice(0, 3)], block);
    expect([...(block.data as Int32Array)]).toEqual([0, 1, 2, 3, 4, 5]);
  });
  it("follows virtual datasets to the files beside it", async () => {
    const group = await openGroup(`${server.url}/data/virtual.h5`);
    const source = group.arrays.get("stacked");
    const block = allocateBlock("int32", [3, 1, 1]);
    await source?.readBlock([slice(0, 3), slice(1, 1), slice(2, 1)], block);
    expect([...(block.data as Int32Array)]).toEqual([8, 108, 15]);
  });
  it("asks only for what it needs of long chunks without filters", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hyperslab-raw-"));
    const path = join(folder, "raw.h5");
    const shape = [2, 300, 400];
    await ready;
    const made = new File(path, "w");
    made.create_dataset({
      name: "d",
      data: Float64Array.from({ length: 240_000 }, (_, i) => i),
      shape,
      chunks: [1, 300, 400],
      maxshape: shape,
    });
    made.close();
    const raw = await serve(new Map([["/raw.h5", new Uint8Array(readFileSync(path))]]));
    rmSync(folder, { recursive: true, force: true });
    try {
      const { arrays } = await openGroup(`${raw.url}/raw.h5`);
      const block = allocateBlock("float64", [2, 1, 2]);
      await arrays.get("d")?.readBlock([slice(1, 2, -1), slice(250, 1), positions([399, 7])], block);
      expect([...(block.data as Float64Array)]).toEqual([220_399, 220_007, 100_399, 100_007]);
      const bytes = raw.requests.map((request) => {
        const range = /bytes=(\d+)-(\d+)/.exec(request);
        return range ? Number(range[2]) - Number(range[1]) + 1 : 0;
      });
      // the first block has metadata
      expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(3 * 262_144);
      expect(raw.requests.length).toBeLessThanOrEqual(6);
    } finally {
      await raw.close();
    }
  });
  it("opens a reference without the file's metadata", async () => {
    const group = await openGroup(`${server.url}/data/packed.nc`);
    const ref = group.arrays.get("time")?.ref;
    if (!ref) throw new Error("no variable time");
    // as another process would get it
    const source = await openSource(JSON.parse(JSON.stringify(ref)) as typeof ref);
    expect(source.describe()).toEqual(group.arrays.get("time")?.describe());
    const block = allocateBlock("int64", [2]);
    await source.readBlock([slice(0, 2)], block);
    expect([...(block.data as BigInt64Array)]).toEqual([0n, 876000n]);
  });
});
