import { allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, positions, slice } from "@hyperslab/core/box";
import {
  CancelledError,
  CodecError,
  ShapeError,
  StorageError,
  isHyperslabError,
} from "@hyperslab/core/errors";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openSource } from "@hyperslab/storage/open-source";
import { registerStore } from "@hyperslab/storage/stores/process-store";
import { type StoreRequest, withRequestLog } from "@hyperslab/storage/stores/request-log";
import type { ArraySource } from "@hyperslab/storage/source";
import type { ReadableStore } from "@hyperslab/storage/store";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { get, open, root } from "zarrita";
import { packedZarr, pick, readAll, texts, whole } from "../packed-zarr.js";

async function sourceOf(store: ReadableStore, name: string): Promise<ArraySource> {
  const group = await openZarrGroup(store, registerStore(store), "/");
  const source = group?.arrays.get(name);
  if (!source) throw group?.skipped?.get(name) ?? new Error(`no ${name}`);
  return source;
}

/** A source, and the list of chunk requests that it grows. */
async function logged(
  version: 2 | 3,
  name: string,
): Promise<{ source: ArraySource; requests: StoreRequest[] }> {
  const { store, requests } = withRequestLog(packedZarr(version).store());
  const source = await sourceOf(store, name);
  requests.length = 0;
  return { source, requests };
}

function selectionOf(length: number): fc.Arbitrary<AxisSelection> {
  if (length === 0) return fc.constant(slice(0, 0));
  const slices = fc
    .tuple(fc.nat({ max: length - 1 }), fc.constantFrom(-3, -2, -1, 1, 2, 3), fc.nat({ max: length }))
    .map(([start, step, count]) => {
      const room = step > 0 ? Math.ceil((length - start) / step) : Math.floor(start / -step) + 1;
      return slice(start, Math.min(count, room), step);
    });
  return fc.oneof(slices, fc.array(fc.nat({ max: length - 1 }), { maxLength: 9 }).map(positions));
}

describe.each([2, 3] as const)("arrays of zarr-python in version %i", (version) => {
  const packed = packedZarr(version);
  const names = Object.keys(packed.arrays).filter((name) => name !== "strange");
  it.each(names)("reads %s whole and in any selection", async (name) => {
    const { dims, shape, values } = packed.arrays[name];
    const source = await sourceOf(packed.store(), name);
    expect(source.describe().dims).toEqual(dims);
    expect(source.describe().shape).toEqual(shape);
    expect(texts(await readAll(source))).toEqual(values);
    await fc.assert(
      fc.asyncProperty(fc.tuple(...shape.map(selectionOf)), async (selection) => {
        expect(texts(await readAll(source, selection))).toEqual(pick(values, shape, selection));
      }),
      { numRuns: 40 },
    );
  });
  it("reads the same through a reference that was sent as JSON", async () => {
    const store = packed.store();
    const source = await sourceOf(store, "huge");
    const again = await openSource(JSON.parse(JSON.stringify(source.ref)));
    expect(again.describe()).toEqual(source.describe());
    expect(texts(await readAll(again))).toEqual(packed.arrays["huge"].values);
    expect(await openSource(JSON.parse(JSON.stringify(source.ref)))).toBe(again);
    expect(await openSource(again.ref)).toBe(again);
  });
  it("reads what zarrita reads, where zarrita is right", async () => {
    const map = packed.store();
    const location = root({ get: (key: `/${string}`) => map.get(key) });
    for (const name of ["edges", "cube", "big_endian", version === 2 ? "fortran" : "transposed"]) {
      const theirs = await get(await open(location.resolve(name), { kind: "array" }));
      const { data, stride, shape } = theirs;
      const flat = pick(
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
        shape,
        whole(shape),
      ).map((_, i) => {
        let [rest, offset] = [i, 0];
        for (let axis = shape.length; axis-- > 0; rest = Math.floor(rest / shape[axis]))
          offset += (rest % shape[axis]) * stride[axis];
        return (data as ArrayLike<unknown>)[offset];
      });
      const ours = await readAll(await sourceOf(packed.store(), name));
      expect(Array.from(ours.data as ArrayLike<unknown>), name).toEqual(flat);
    }
  });
});

describe("a rectilinear grid", () => {
  it("is read chunk by chunk, each of its own shape", async () => {
    const store = new MemoryStore();
    const [rows, columns] = [
      [2, 3],
      [1, 4, 4],
    ];
    const metadata = {
      zarr_format: 3,
      node_type: "array",
      shape: [5, 8],
      data_type: "uint8",
      chunk_grid: {
        name: "rectilinear",
        configuration: { kind: "inline", chunk_shapes: [rows, [1, [4, 2]]] },
      },
      chunk_key_encoding: { name: "default" },
      fill_value: 0,
      codecs: [{ name: "bytes" }],
      dimension_names: ["y", "x"],
    };
    await store.set("/a/zarr.json", Buffer.from(JSON.stringify(metadata)));
    await store.set("/zarr.json", Buffer.from('{"zarr_format": 3, "node_type": "group"}'));
    for (const [i, height] of rows.entries())
      for (const [j, width] of columns.entries()) {
        const top = i * 2;
        const left = [0, 1, 5][j];
        const chunk = Uint8Array.from(
          { length: height * width },
          (_, k) => (top + Math.floor(k / width)) * 8 + left + (k % width),
        );
        await store.set(`/a/c/${i}/${j}`, chunk);
      }
    const source = await sourceOf(store, "a");
    const values = Array.from({ length: 40 }, (_, i) => String(i));
    const selection = [slice(4, 3, -2), positions([7, 0, 4, 5])];
    expect(texts(await readAll(source, selection))).toEqual(pick(values, [5, 8], selection));
    expect(texts(await readAll(source, whole([5, 8])))).toEqual(values);
    expect(source.describe().grid.map((axis) => axis.kind)).toEqual(["irregular", "irregular"]);
  });
});

describe("the bytes that a read needs", () => {
  it("are those of the chunks it touches", async () => {
    const { source, requests } = await logged(3, "edges");
    await readAll(source, [slice(3, 1), slice(4, 1)]);
    expect(requests).toEqual([{ operation: "get", key: "/edges/c/1/1" }]);
    requests.length = 0;
    await readAll(source, [positions([4, 0, 4]), slice(6, 1)]);
    expect(requests.map(({ key }) => key).sort()).toEqual(["/edges/c/0/2", "/edges/c/2/2"]);
    requests.length = 0;
    await readAll(source, [slice(0, 0), slice(0, 7)]);
    expect(requests).toEqual([]);
  });
  it("of a shard are its index and the inner chunks, neighbours together", async () => {
    const { source, requests } = await logged(3, "sharded");
    await readAll(source, [slice(3, 1), slice(3, 1), slice(0, 5)]);
    expect(requests.map(({ operation }) => operation)).toEqual(["getRange", "getRange"]);
    expect(new Set(requests.map(({ key }) => key))).toEqual(new Set(["/sharded/c/1/0/0"]));
    // four inner chunks: 16 bytes each in the index, and its checksum
    expect(requests[0]).toMatchObject({ offset: -68, length: 68 });
    expect(requests[1].length).toBeLessThan(60);
    requests.length = 0;
    await readAll(source, [slice(0, 2), slice(0, 4), slice(0, 5)]);
    expect(requests.map(({ operation, key }) => [operation, key])).toEqual([["get", "/sharded/c/0/0/0"]]);
  });
  it("of a shard that is wanted whole are read at once, wherever its index is", async () => {
    for (const name of ["sharded", "sharded_start", "sharded_missing"]) {
      const { source, requests } = await logged(3, name);
      expect(texts(await readAll(source))).toEqual(packedZarr(3).arrays[name].values);
      expect(new Set(requests.map(({ operation }) => operation))).toEqual(new Set(["get"]));
    }
  });
  it("of a shard that begins with its index are read from there", async () => {
    const { source, requests } = await logged(3, "sharded_start");
    await readAll(source, [slice(0, 1), slice(0, 1), slice(0, 1)]);
    expect(requests[0]).toMatchObject({ operation: "getRange", offset: 0 });
  });
  it("of an index are read once, where values don't change", async () => {
    const { store, requests } = withRequestLog(packedZarr(3).store());
    const source = await sourceOf({ ...store, lasting: true }, "sharded");
    requests.length = 0;
    await Promise.all([0, 1, 2, 3].map((i) => readAll(source, [slice(0, 1), slice(i, 1), slice(0, 5)])));
    expect(requests.filter(({ offset }) => (offset ?? 0) < 0)).toHaveLength(1);
  });
  it("are never asked for by more than eight requests at once", async () => {
    let [running, most] = [0, 0];
    const memory = packedZarr(3).store();
    const slow: ReadableStore = {
      label: "slow:",
      get: async (key) => {
        most = Math.max(most, ++running);
        await new Promise((done) => setImmediate(done));
        running--;
        return memory.get(key);
      },
      getRange: (key, range) => memory.getRange(key, range),
      sizeOf: (key) => memory.sizeOf(key),
    };
    const source = await sourceOf(slow, "edges");
    await readAll(source);
    expect(most).toBe(8);
  });
});

describe("damaged and missing chunks", () => {
  const chunk = "/edges/c/1/1";
  async function damaged(name: string, damage: (store: MemoryStore) => void): Promise<unknown> {
    const store = packedZarr(3).store();
    damage(store);
    return readAll(await sourceOf(store, name)).catch((error: unknown) => error);
  }
  const cut = (store: MemoryStore, key: string, by: number): void => {
    store.entries.set(key, (store.entries.get(key) ?? new Uint8Array()).slice(0, -by));
  };
  it("truncated chunks are errors that name the chunk", async () => {
    const error = await damaged("edges", (store) => cut(store, chunk, 3));
    expect(error).toBeInstanceOf(CodecError);
    expect(String(error)).toContain(chunk);
  });
  it("truncated shards are errors that name the shard", async () => {
    const key = "/sharded/c/0/0/0";
    for (const by of [1, 40, 100]) {
      const error = await damaged("sharded", (store) => cut(store, key, by));
      expect(isHyperslabError(error, "CodecError", "StorageError"), String(error)).toBe(true);
      expect(String(error)).toContain(key);
    }
  });
  it("a flipped bit in a shard's index is found by its checksum", async () => {
    const error = await damaged("sharded", (store) => {
      const value = store.entries.get("/sharded/c/0/0/0");
      if (value) value[value.length - 20] ^= 4;
    });
    expect(error).toBeInstanceOf(CodecError);
  });
  it("missing chunks hold the fill value", async () => {
    const store = packedZarr(3).store();
    store.entries.delete(chunk);
    const block = await readAll(await sourceOf(store, "edges"), [slice(2, 2), slice(2, 5)]);
    expect(Array.from(block.data as Int32Array)).toEqual([16, 0, 0, 0, 20, 23, 0, 0, 0, 27]);
  });
  it("failures of the store are passed on", async () => {
    const memory = packedZarr(3).store();
    const failing: ReadableStore = {
      label: "failing:",
      get: (key) =>
        key === chunk ? Promise.reject(new StorageError({ path: key, reason: "gone" })) : memory.get(key),
      getRange: (key, range) => memory.getRange(key, range),
      sizeOf: (key) => memory.sizeOf(key),
    };
    await expect(readAll(await sourceOf(failing, "edges"))).rejects.toThrow(`${chunk}: gone`);
  });
});

describe("ZarrSource", () => {
  it("refuses blocks that don't fit", async () => {
    const source = await sourceOf(packedZarr(2).store(), "edges");
    const all = whole([5, 7]);
    await expect(source.readBlock(all, allocateBlock("float32", [5, 7]))).rejects.toThrow(ShapeError);
    await expect(source.readBlock(all, allocateBlock("int32", [7, 5]))).rejects.toThrow(ShapeError);
    await expect(source.readBlock([slice(0, 5)], allocateBlock("int32", [5]))).rejects.toThrow(ShapeError);
    await expect(
      source.readBlock([slice(3, 3), slice(0, 1)], allocateBlock("int32", [3, 1])),
    ).rejects.toThrow("an axis of length 5");
  });
  it("stops when it is told to", async () => {
    const source = await sourceOf(packedZarr(2).store(), "edges");
    const signal = AbortSignal.abort();
    await expect(source.readBlock(whole([5, 7]), allocateBlock("int32", [5, 7]), { signal })).rejects.toThrow(
      CancelledError,
    );
  });
  it("decodes into shared memory", async () => {
    const source = await sourceOf(packedZarr(2).store(), "cube");
    const block = allocateBlock("float32", [4, 6, 5], true);
    await source.readBlock(whole([4, 6, 5]), block);
    expect(texts(block)).toEqual(packedZarr(2).arrays["cube"].values);
  });
});
