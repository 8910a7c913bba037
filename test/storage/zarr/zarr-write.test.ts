import { type Block, allocateBlock } from "@hyperslab/core/block";
import { blockBox, blockCoords, blockCounts, blockTotal } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import { ArgumentError, CancelledError, CodecError, DtypeError, ShapeError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { StoreRef, TargetRef } from "@hyperslab/core/source-ref";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openGroup } from "@hyperslab/storage/open-group";
import { registerStore } from "@hyperslab/storage/stores/process-store";
import { targetGrid, writeTarget } from "@hyperslab/storage/write-target";
import { type ZarrArraySpec, createZarr, defaultCompressor } from "@hyperslab/storage/zarr/zarr-create";
import { describe, expect, it } from "vitest";
import { get, open, root } from "zarrita";
import { readAll } from "../packed-zarr.js";

const DTYPES: Dtype[] = [
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float16",
  "float32",
  "float64",
  "datetime64[ns]",
  "timedelta64[s]",
  "string",
];

function blockOf(dtype: Dtype, shape: readonly number[], first = 0): Block {
  const block = allocateBlock(dtype, shape);
  for (let i = 0; i < block.data.length; i++) {
    const n = first + i;
    if (dtype === "string") block.data[i] = `é${n}`;
    else if (typeof block.data[i] === "bigint")
      block.data[i] = BigInt(n) ** 3n - (dtype === "uint64" ? 0n : 99n);
    else block.data[i] = dtype === "bool" ? n % 2 : n % 100;
  }
  return block;
}

function newStore(): { store: MemoryStore; ref: StoreRef } {
  const store = new MemoryStore();
  return { store, ref: registerStore(store) };
}

async function create(spec: Partial<ZarrArraySpec> = {}, version: 2 | 3 = 3) {
  const { store, ref } = newStore();
  const array = {
    name: "a",
    dtype: "float32",
    shape: [5, 7],
    chunks: [2, 3],
    dims: ["y", "x"],
    ...spec,
  } as const;
  const target = (await createZarr(ref, { version, arrays: [array] })).get("a");
  if (!target) throw new Error("no target");
  return { store, ref, target };
}

/** Writes a whole array, one stored chunk after the other. */
async function writeAll(target: TargetRef, whole: Block): Promise<void> {
  const grid = targetGrid(target);
  const source = { data: whole.data, shape: whole.shape };
  for (let i = 0; i < blockTotal(grid); i++) {
    const { start, shape } = blockBox(grid, blockCoords(blockCounts(grid), i));
    const part = allocateBlock(whole.dtype, shape);
    for (let k = 0; k < sizeOf(shape); k++) {
      const coords = blockCoords(shape, k);
      const at = coords.reduce((sum, coord, axis) => sum * source.shape[axis] + start[axis] + coord, 0);
      part.data[k] = source.data[at] as never;
    }
    await writeTarget(target, start, part);
  }
}

describe.each([2, 3] as const)("arrays written in version %i", (version) => {
  it.each(DTYPES)("of %s come back, written at once or chunk by chunk", async (dtype) => {
    const whole = blockOf(dtype, [5, 7]);
    for (const write of [writeAll, (target: TargetRef, block: Block) => writeTarget(target, [0, 0], block)]) {
      const { ref, target } = await create({ dtype, attributes: { units: "m", big: 2n ** 60n } }, version);
      await write(JSON.parse(JSON.stringify(target)) as TargetRef, whole);
      const source = (await openGroup(ref)).arrays.get("a");
      expect(source && (await readAll(source)).data).toEqual(whole.data);
      expect(source?.describe()).toMatchObject({
        dtype,
        shape: [5, 7],
        dims: ["y", "x"],
        attributes: { units: "m", big: 2n ** 60n },
      });
    }
  });
  it("of any rank and length come back", async () => {
    for (const shape of [[], [1], [0, 3], [9], [2, 3, 4, 5]]) {
      const chunks = shape.map((length) => Math.max(1, length - 1));
      const { ref, target } = await create({ shape, chunks, dims: shape.map((_, i) => `d${i}`) }, version);
      const whole = blockOf("float32", shape, 1);
      if (sizeOf(shape)) await writeAll(target, whole);
      const source = (await openGroup(ref)).arrays.get("a");
      expect(source && (await readAll(source)).data).toEqual(whole.data);
    }
  });
  it("keep attributes, also those that JSON can't hold, and the fill value", async () => {
    const { ref } = newStore();
    const attributes = {
      nan: NaN,
      list: [1, Infinity],
      big: 2n ** 63n,
      text: "é",
      nested: { a: [true, null] },
    };
    const array: ZarrArraySpec = {
      name: "a",
      dtype: "int16",
      shape: [4],
      chunks: [2],
      dims: ["x"],
      attributes: { ...attributes, _FillValue: -9 },
    };
    await createZarr(ref, { version, attributes, arrays: [array] });
    const group = await openGroup(ref);
    expect(group.attributes).toEqual(attributes);
    const source = group.arrays.get("a");
    expect(source?.describe().attributes).toEqual({ ...attributes, _FillValue: -9 });
    // nothing was written
    expect(source && Array.from((await readAll(source)).data as Int16Array)).toEqual([-9, -9, -9, -9]);
  });
  it("leave out chunks of nothing but the fill value, and take them back", async () => {
    const { store, target } = await create({ fillValue: 7, codecs: [] }, version);
    const chunk = version === 2 ? "/a/1.1" : "/a/c/1/1";
    const block = blockOf("float32", [2, 3]);
    await writeTarget(target, [2, 3], block);
    expect(store.entries.has(chunk)).toBe(true);
    (block.data as Float32Array).fill(7);
    await writeTarget(target, [2, 3], block);
    expect(store.entries.has(chunk)).toBe(false);
  });
  it("are padded with the fill value at the edges", async () => {
    const { store, target } = await create({ fillValue: -1, codecs: [] }, version);
    await writeTarget(target, [4, 6], { dtype: "float32", shape: [1, 1], data: Float32Array.of(5) });
    const bytes = store.entries.get(version === 2 ? "/a/2.2" : "/a/c/2/2");
    expect([...new Float32Array(bytes?.slice().buffer ?? new ArrayBuffer(0))]).toEqual([
      5, -1, -1, -1, -1, -1,
    ]);
  });
  it("stand in groups below groups", async () => {
    const { ref } = newStore();
    const array: ZarrArraySpec = { name: "a", dtype: "int8", shape: [2], chunks: [2], dims: ["x"] };
    const target = (await createZarr(ref, { version, group: "one/two", arrays: [array] })).get("a");
    expect(target?.path).toBe("/one/two/a");
    expect((await openGroup(ref)).groups).toEqual(["one"]);
    expect((await openGroup(ref, { group: "one" })).groups).toEqual(["two"]);
    expect((await openGroup(ref, { group: "one/two" })).arrays.has("a")).toBe(true);
  });
});

describe("shards", () => {
  it.each([
    { chunks: [1, 2], shards: [2, 4] },
    { chunks: [5, 7], shards: [5, 7] },
    { chunks: [2, 3], shards: [6, 9] },
  ])("of $shards with chunks of $chunks come back", async ({ chunks, shards }) => {
    const { store, ref, target } = await create({ chunks, shards });
    expect(targetGrid(target).map((axis) => axis.kind === "regular" && axis.chunk)).toEqual(
      shards.map((shard, axis) => Math.min(shard, [5, 7][axis])),
    );
    const whole = blockOf("float32", [5, 7]);
    await writeAll(target, whole);
    const source = (await openGroup(ref)).arrays.get("a");
    expect(source && (await readAll(source)).data).toEqual(whole.data);
    expect(source?.describe().encoding).toMatchObject({ chunks, shards });
    expect([...store.entries.keys()].filter((key) => key.startsWith("/a/c/")).length).toBe(
      Math.ceil(5 / shards[0]) * Math.ceil(7 / shards[1]),
    );
  });
});

describe("what zarrita reads of ours", () => {
  it.each([
    ["zstd", [{ name: "zstd", configuration: { level: 3, checksum: false } }]],
    ["blosc", [defaultCompressor("float32")]],
    ["gzip", [{ name: "gzip", configuration: { level: 5 } }]],
    ["nothing", []],
  ])("is what was written, with %s", async (_, codecs) => {
    for (const version of [2, 3] as const) {
      const fitting =
        version === 2 && codecs[0]?.name === "blosc" ? [defaultCompressor("float32", 2)] : codecs;
      const { store, target } = await create({ codecs: fitting, fillValue: 0 }, version);
      const whole = blockOf("float32", [5, 7], 1);
      await writeAll(target, whole);
      const location = root({ get: (key: `/${string}`) => store.get(key) }).resolve("a");
      const { data } = await get(await open(location, { kind: "array" }));
      expect(data).toEqual(whole.data);
    }
  });
});

describe("writing", () => {
  it("refuses blocks that don't cover whole chunks", async () => {
    const { target } = await create();
    const write = (start: number[], shape: number[], dtype: Dtype = "float32"): Promise<void> =>
      writeTarget(target, start, allocateBlock(dtype, shape));
    await expect(write([1, 0], [2, 3])).rejects.toThrow("a block has to cover whole chunks: rechunk first");
    await expect(write([0, 0], [2, 4])).rejects.toThrow(ShapeError);
    await expect(write([4, 6], [2, 1])).rejects.toThrow("stay inside the array");
    await expect(write([-2, 0], [2, 3])).rejects.toThrow(ShapeError);
    await expect(write([0], [2])).rejects.toThrow("give as many axes");
    await expect(write([0, 0], [2, 3], "float64")).rejects.toThrow("cast it first");
    await expect(
      writeTarget(target, [0, 0], { dtype: "float32", shape: [2, 3], data: new Float32Array(5) }),
    ).rejects.toThrow("5 elements");
    await write([4, 6], [1, 1]);
    await write([2, 0], [3, 7]);
    await write([2, 0], [0, 3]);
  });
  it("stops when it is told to", async () => {
    const { store, target } = await create();
    const before = store.entries.size;
    const signal = AbortSignal.abort();
    await expect(writeTarget(target, [0, 0], blockOf("float32", [5, 7]), { signal })).rejects.toThrow(
      CancelledError,
    );
    expect(store.entries.size).toBe(before);
  });
  it("refuses specifications before anything is written", async () => {
    const { store, ref } = newStore();
    const good: ZarrArraySpec = { name: "a", dtype: "int8", shape: [4], chunks: [2], dims: ["x"] };
    const bad: [Partial<ZarrArraySpec>, new (...args: never[]) => Error, (2 | 3)?][] = [
      [{ name: "a/b" }, ArgumentError],
      [{ name: ".zattrs" }, ArgumentError],
      [{ name: "zarr.json" }, ArgumentError],
      [{ name: "" }, ArgumentError],
      [{ chunks: [0] }, ArgumentError],
      [{ chunks: [2, 2] }, ArgumentError],
      [{ dims: [] }, ArgumentError],
      [{ shards: [3] }, ArgumentError],
      [{ shards: [4] }, ArgumentError, 2],
      [{ dtype: "cftime64[noleap]" }, DtypeError],
      [{ codecs: [{ name: "made_up", configuration: {} }] }, CodecError],
    ];
    for (const [changes, type, version] of bad)
      await expect(
        createZarr(ref, { version, arrays: [good, { ...good, name: "b", ...changes }] }),
        JSON.stringify(changes),
      ).rejects.toThrow(type);
    await expect(createZarr(ref, { arrays: [good, good] })).rejects.toThrow("given twice");
    expect(store.entries.size).toBe(0);
  });
});
