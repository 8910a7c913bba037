import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, positions, slice } from "@hyperslab/core/box";
import { blockCounts, maxBlockShape } from "@hyperslab/core/chunk-grid";
import { isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import { MemoryStore } from "@hyperslab/storage/memory-store";
import { openNetcdf3, openNetcdf3Source, swapBytes } from "@hyperslab/storage/netcdf3";
import { openStore } from "@hyperslab/storage/open-store";
import { withRequestLog } from "@hyperslab/storage/request-log";
import type { ArraySource, StoredGroup } from "@hyperslab/storage/source";
import type { ReadableStore, StoreKey } from "@hyperslab/storage/store";
import { NetCDFReader } from "netcdfjs";
import { describe, expect, test } from "vitest";

interface Expected {
  dtype: string;
  dims: string[];
  shape: number[];
  values: (number | string)[];
}

const folder = new URL("fixtures/", import.meta.url);
const golden = JSON.parse(readFileSync(new URL("netcdf3.json", folder), "utf8")) as Record<
  string,
  Record<string, Expected>
>;

function bytesOf(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.nc`, folder)));
}

function storeOf(bytes: Uint8Array): MemoryStore {
  return new MemoryStore(new Map([["/file.nc", bytes]]));
}

function open(store: ReadableStore): Promise<StoredGroup> {
  return openNetcdf3(store, "/file.nc", { kind: "process", id: 1 });
}

function source(group: StoredGroup, name: string): ArraySource {
  const found = group.arrays.get(name);
  if (!found) throw new Error(`no variable ${name}`);
  return found;
}

async function read(from: ArraySource, selection?: readonly AxisSelection[]): Promise<Block> {
  const { dtype, shape } = from.describe();
  const chosen = selection ?? shape.map((length) => slice(0, length));
  const lengths = chosen.map((one) => (one.kind === "slice" ? one.length : one.positions.length));
  const block = allocateBlock(dtype, lengths);
  await from.readBlock(chosen, block);
  return block;
}

function plain(block: Block): (number | string)[] {
  return Array.from(block.data as ArrayLike<number | bigint | string>, (value) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

async function failure(work: Promise<unknown>): Promise<{ tag: string; message: string; offset?: unknown }> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!isHyperslabError(error)) throw new Error(`not one of our errors: ${String(error)}`, { cause: error });
  const fields: Record<string, unknown> = { ...error.fields };
  return { tag: error.tag, message: error.message, offset: fields["offset"] };
}

describe.each(Object.keys(golden))("%s", (name) => {
  test("every variable has the library's dtype, dimensions and values", async () => {
    const group = await open(storeOf(bytesOf(name)));
    expect([...group.arrays.keys()]).toEqual(Object.keys(golden[name]));
    for (const [variable, expected] of Object.entries(golden[name])) {
      const info = source(group, variable).describe();
      expect({ variable, dtype: info.dtype, dims: info.dims, shape: info.shape }).toEqual({
        variable,
        dtype: expected.dtype,
        dims: expected.dims,
        shape: expected.shape,
      });
      expect(plain(await read(source(group, variable)))).toEqual(expected.values);
    }
  });

  test("a source opened from its reference describes and reads the same", async () => {
    const store = storeOf(bytesOf(name));
    const group = await open(store);
    for (const [variable, first] of group.arrays) {
      const again = openNetcdf3Source(JSON.parse(JSON.stringify(first.ref)), store);
      expect(again.describe()).toEqual(first.describe());
      expect(plain(await read(again))).toEqual(golden[name][variable].values);
    }
  });

  test("any selection picks what the whole array holds there", async () => {
    const group = await open(storeOf(bytesOf(name)));
    for (const one of group.arrays.values()) {
      const { shape } = one.describe();
      const whole = plain(await read(one));
      const selections: AxisSelection[][] = [
        shape.map((length) => slice(length - 1, length, -1)),
        shape.map((length) => slice(length > 1 ? 1 : 0, Math.ceil((length - 1) / 2), 2)),
        shape.map((length) => positions([length - 1, 0, length - 1, Math.floor(length / 2)])),
        shape.map((length, axis) => (axis === 0 ? slice(0, length) : positions([0]))),
        shape.map((length, axis) => (axis === 0 ? positions([1, 0, 1]) : slice(0, length))),
        shape.map(() => slice(0, 0)),
      ];
      for (const selection of selections)
        expect(plain(await read(one, selection))).toEqual(pick(whole, shape, selection));
    }
  });
});

/** The selected elements, one by one. */
function pick<T>(whole: readonly T[], shape: readonly number[], selection: readonly AxisSelection[]): T[] {
  let offsets = [0];
  selection.forEach((one, axis) => {
    const list =
      one.kind === "slice"
        ? Array.from({ length: one.length }, (_, i) => one.start + i * one.step)
        : [...one.positions];
    offsets = offsets.flatMap((offset) => list.map((position) => offset * shape[axis] + position));
  });
  return offsets.map((offset) => whole[offset]);
}

describe("the header", () => {
  test("keeps attributes with their types", async () => {
    const group = await open(storeOf(bytesOf("cdf5")));
    expect(group.attributes).toEqual({
      title: "types — ünïcödé",
      numbers: [1, -2, 3],
      nan: NaN,
      big: 2n ** 62n + 1n,
    });
    const { attributes, encoding } = source(group, "scaled").describe();
    expect(attributes).toEqual({ scale_factor: 0.5 });
    expect(encoding["attributeDtypes"]).toEqual({ scale_factor: "float32" });
  });

  test("tells dimensions, also those of text, and which of them grow", async () => {
    const group = await open(storeOf(bytesOf("cdf2")));
    expect(Object.fromEntries(group.dims)).toEqual({ time: 4, y: 3, x: 5, name_length: 7, Länge: 2 });
    expect([...group.unlimited]).toEqual(["time"]);
    const { encoding, attributes } = source(group, "station").describe();
    expect(encoding).toMatchObject({ char_dim_name: "name_length", _Encoding: "utf-8" });
    expect(attributes).toEqual({});
  });

  test("agrees with netcdfjs", async () => {
    for (const name of ["cdf1", "cdf2"]) {
      const theirs = new NetCDFReader(bytesOf(name));
      const group = await open(storeOf(bytesOf(name)));
      for (const variable of theirs.variables) {
        const ours = group.arrays.get(variable.name);
        // netcdfjs takes names for Latin-1, and gives bytes without their sign, and padding as elements
        if (!ours || ["string", "int8", "int16"].includes(ours.describe().dtype)) continue;
        const values = theirs.getDataVariable(variable.name) as unknown[];
        expect(plain(await read(ours))).toEqual(values.flat());
      }
    }
  });

  test("is read by ranges, and grows as it has to", async () => {
    const [bytes, offset] = synthetic({ attributeBytes: 50_000 });
    const { store, requests } = withRequestLog(storeOf(bytes));
    const group = await open(store);
    expect(group.attributes["history"]).toHaveLength(50_000);
    expect(requests.every(({ operation }) => operation !== "get")).toBe(true);
    const ranges = requests.filter(({ operation }) => operation === "getRange");
    expect(ranges.length).toBeGreaterThan(1);
    expect(Math.max(...ranges.map((one) => (one.offset ?? 0) + (one.length ?? 0)))).toBeLessThanOrEqual(
      offset + 64 * 1024,
    );
  });
});

/** A CDF-2 file, written by hand: one variable `v` of bytes, perhaps far into the file. */
function synthetic(options: {
  attributeBytes?: number;
  length?: number;
  begin?: number;
  data?: number;
}): [bytes: Uint8Array, begin: number] {
  const { attributeBytes = 0, length = 8, data = length } = options;
  const words: number[] = [];
  const u32 = (...values: number[]): void => {
    for (const value of values)
      words.push(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  };
  const name = (text: string): void => {
    u32(text.length);
    for (let i = 0; i < Math.ceil(text.length / 4) * 4; i++)
      words.push(i < text.length ? text.charCodeAt(i) : 0);
  };
  u32(0x43444602, 0, 0x0a, 1);
  name("x");
  u32(length, 0x0c, 1);
  name("history");
  u32(2);
  name("h".repeat(attributeBytes));
  u32(0x0b, 1);
  name("v");
  u32(1, 0, 0, 0, 1, length);
  const begin = options.begin ?? words.length + 8;
  u32(Math.floor(begin / 2 ** 32), begin % 2 ** 32);
  for (let i = 0; i < data && options.begin === undefined; i++) words.push(i % 251);
  return [Uint8Array.from(words), begin];
}

/** A store that answers like a huge file: a header, and bytes that tell where they lie. */
function hugeStore(header: Uint8Array, size: number): { store: ReadableStore; ranges: [number, number][] } {
  const ranges: [number, number][] = [];
  const store: ReadableStore = {
    label: "huge:",
    get: () => Promise.reject(new Error("the whole file was asked for")),
    sizeOf: () => Promise.resolve(size),
    getRange: (_key: StoreKey, range) => {
      const { offset, length } = range as { offset: number; length: number };
      ranges.push([offset, length]);
      return Promise.resolve(
        Uint8Array.from({ length }, (_, i) =>
          offset + i < header.length ? header[offset + i] : (offset + i) % 251,
        ),
      );
    },
  };
  return { store, ranges };
}

describe("reading", () => {
  const begin = 6 * 2 ** 30;
  const length = 200 * 1024 * 1024;

  test("reaches beyond 4 GiB, and reads only what is needed", async () => {
    const [header] = synthetic({ begin, length });
    const { store, ranges } = hugeStore(header, begin + length);
    const from = source(await open(store), "v");
    ranges.length = 0;
    const block = await read(from, [positions([5, 3, 100_000_000, 100_000_010])]);
    expect([...(block.data as Int8Array)]).toEqual(
      Array.from([5, 3, 100_000_000, 100_000_010], (at) => (((begin + at) % 251) << 24) >> 24),
    );
    expect(ranges.sort((a, b) => a[0] - b[0])).toEqual([
      [begin + 3, 3],
      [begin + 100_000_000, 11],
    ]);
  });

  test("cuts long runs and joins near ones", async () => {
    const [header] = synthetic({ begin, length });
    const { store, ranges } = hugeStore(header, begin + length);
    const from = source(await open(store), "v");
    ranges.length = 0;
    await read(from, [slice(0, 9 * 1024 * 1024)]);
    expect(ranges.map((one) => one[1])).toEqual([4194304, 4194304, 1048576]);
    ranges.length = 0;
    await read(from, [slice(0, 1000, 1000)]);
    expect(ranges).toEqual([[begin, 999 * 1000 + 1]]);
    ranges.length = 0;
    await read(from, [slice(length - 1, 10, -1_000_000)]);
    expect(ranges).toHaveLength(10);
  });

  test("plans blocks of at most 16 MiB", async () => {
    const [header] = synthetic({ begin, length });
    const { grid } = source(await open(hugeStore(header, begin + length).store), "v").describe();
    expect(maxBlockShape(grid)).toEqual([16 * 1024 * 1024]);
    expect(blockCounts(grid)).toEqual([13]);
    const small = source(await open(storeOf(bytesOf("cdf1"))), "record_f8").describe();
    expect(maxBlockShape(small.grid)).toEqual(small.shape);
  });

  test("is refused for another dtype, another shape or a position outside", async () => {
    const from = source(await open(storeOf(bytesOf("cdf1"))), "fixed_i4");
    const whole = [slice(0, 3), slice(0, 5)];
    expect((await failure(from.readBlock(whole, allocateBlock("int16", [3, 5])))).tag).toBe("DtypeError");
    expect((await failure(from.readBlock(whole, allocateBlock("int32", [3, 4])))).tag).toBe("ShapeError");
    expect((await failure(read(from, [slice(1, 3), slice(0, 5)]))).tag).toBe("ShapeError");
    expect((await failure(read(from, [slice(0, 1)]))).tag).toBe("ShapeError");
  });

  test("stops when it is cancelled", async () => {
    const from = source(await open(storeOf(bytesOf("cdf1"))), "fixed_i4");
    const work = from.readBlock([slice(0, 3), slice(0, 5)], allocateBlock("int32", [3, 5]), {
      signal: AbortSignal.abort(),
    });
    expect((await failure(work)).tag).toBe("CancelledError");
  });

  test("swaps bytes of every width", () => {
    for (const [width, expected] of [
      [1, [1, 2, 3, 4, 5, 6, 7, 8]],
      [2, [2, 1, 4, 3, 6, 5, 8, 7]],
      [4, [4, 3, 2, 1, 8, 7, 6, 5]],
      [8, [8, 7, 6, 5, 4, 3, 2, 1]],
    ] as const) {
      const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
      swapBytes(bytes, width);
      expect([...bytes]).toEqual(expected);
    }
  });
});

describe("files as large as the format allows", () => {
  /** A header by hand, in the words of CDF-2 or CDF-5: record variables `a` (one byte) and `b` (two doubles). */
  function records(version: 2 | 5, count: number, begin: number): Uint8Array {
    const words: number[] = [];
    const put = (value: number, bytes: number): void => {
      for (let i = bytes - 1; i >= 0; i--) words.push(Math.floor(value / 256 ** i) % 256);
    };
    const n = (value: number): void => put(value, version === 5 ? 8 : 4);
    const list = (tag: number, length: number): void => {
      put(tag, 4);
      n(length);
    };
    const name = (text: string): void => {
      n(text.length);
      for (const letter of text.padEnd(4, "\0")) words.push(letter.charCodeAt(0));
    };
    put(0x43444600 + version, 4);
    if (count === Infinity) words.push(...new Array<number>(version === 5 ? 8 : 4).fill(255));
    else n(count);
    list(0x0a, 2);
    name("t");
    n(0);
    name("x");
    n(2);
    put(0, 4);
    n(0);
    list(0x0b, 2);
    for (const [title, dims, type, at] of [
      ["a", [0], 1, begin],
      ["b", [0, 1], 6, begin + 4],
    ] as const) {
      name(title);
      n(dims.length);
      for (const dim of dims) n(dim);
      put(0, 4);
      n(0);
      put(type, 4);
      // the size of one record, which readers don't need
      n(0);
      put(at, 8);
    }
    return Uint8Array.from(words);
  }

  test.each([
    [2, 40],
    [2, Infinity],
    [5, 40],
    [5, Infinity],
  ] as const)("CDF-%i with %d records beyond 4 GiB of a sparse file", async (version, count) => {
    const folder = mkdtempSync(join(tmpdir(), "hyperslab-netcdf3-"));
    try {
      const begin = 5 * 2 ** 30 + 4;
      const file = openSync(join(folder, "sparse.nc"), "w");
      writeSync(file, records(version, count, begin));
      for (let i = 0; i < 40; i++) {
        // one byte and its padding, two doubles
        const record = Buffer.alloc(20);
        record.writeInt8(i - 20);
        record.writeDoubleBE(i / 8, 4);
        record.writeDoubleBE(-i, 12);
        writeSync(file, record, 0, 20, begin + 20 * i);
      }
      closeSync(file);
      const ref = { kind: "file", path: folder } as const;
      const { store, requests } = withRequestLog(openStore(ref));
      const group = await openNetcdf3(store, "/sparse.nc", ref);
      expect(group.dims.get("t")).toBe(40);
      requests.length = 0;
      const [a, b] = [await read(source(group, "a")), await read(source(group, "b"))];
      expect(plain(a)).toEqual(Array.from({ length: 40 }, (_, i) => i - 20));
      expect(plain(b)).toEqual(Array.from({ length: 40 }, (_, i) => [i / 8, -i]).flat());
      // records that lie near each other are one request
      expect(requests.map(({ length }) => length)).toEqual([39 * 20 + 1, 39 * 20 + 16]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("many small records are planned as few blocks", async () => {
    const header = records(5, 1e7, 2 ** 20);
    const group = await open(hugeStore(header, 2 ** 20 + 20e7).store);
    expect(blockCounts(source(group, "a").describe().grid)).toEqual([1]);
    expect(blockCounts(source(group, "b").describe().grid)).toEqual([10, 1]);
  });

  test("names and texts in Latin-1 keep their letters", async () => {
    const [bytes] = synthetic({ attributeBytes: 4 });
    const copy = bytes.slice();
    copy.set([0xb0, 0x43, 0xe9, 0x21], Buffer.from(copy).indexOf("hhhh"));
    expect((await open(storeOf(copy))).attributes).toEqual({ history: "°Cé!" });
  });
});

describe("broken files", () => {
  test("say at which byte", async () => {
    const bytes = bytesOf("cdf1");
    const patched = (offset: number, ...values: number[]): Uint8Array => {
      const copy = bytes.slice();
      copy.set(values, offset);
      return copy;
    };
    expect(await failure(open(storeOf(patched(0, 0x89, 0x48))))).toMatchObject({
      tag: "FormatError",
      offset: 0,
    });
    expect(await failure(open(storeOf(patched(3, 3))))).toMatchObject({ tag: "FormatError", offset: 0 });
    expect(await failure(open(storeOf(patched(8, 0, 0, 0, 7))))).toMatchObject({
      tag: "FormatError",
      offset: 8,
    });
    expect(await failure(open(storeOf(patched(12, 0xff))))).toMatchObject({ tag: "FormatError", offset: 12 });
    expect(await failure(open(storeOf(new Uint8Array(0))))).toMatchObject({ tag: "FormatError", offset: 0 });
    expect(await failure(open(new MemoryStore()))).toMatchObject({ tag: "StorageError" });
  });

  test("that end within a fixed variable are refused at once", async () => {
    const [bytes] = synthetic({ length: 100, data: 60 });
    const error = await failure(open(storeOf(bytes)));
    expect(error.message).toMatch(
      /variable "v" takes bytes \d+ to \d+, but the file ends at byte \d+: it is cut off/,
    );
  });

  test("that end within the records give those that are there", async () => {
    const bytes = bytesOf("single_i2");
    const from = source(await open(storeOf(bytes.slice(0, -6))), "only");
    expect(plain(await read(from, [slice(0, 4), slice(0, 3)]))).toEqual(
      golden["single_i2"]["only"].values.slice(0, 12),
    );
    const error = await failure(read(from));
    expect(error.tag).toBe("FormatError");
    expect(error.message).toMatch(/"only" goes on to byte \d+, but the file ends at byte \d+: it is cut off/);
  });

  test("never crash, hang or take memory: 2,000 mutations", async () => {
    let seed = 12345;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const originals = ["cdf1", "cdf2", "cdf5", "streaming", "single_i1"].map(bytesOf);
    const tags = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      const copy = originals[i % originals.length].slice();
      const headerBytes = Math.min(copy.length, 1500);
      for (let k = 0; k <= random(4); k++) {
        const at = random(headerBytes);
        if (random(3) === 0) copy.set([0x7f, 0xff, 0xff, 0xff].slice(0, headerBytes - at), at);
        else copy[at] = random(256);
      }
      const bytes = random(5) === 0 ? copy.slice(0, random(copy.length)) : copy;
      const outcome = await open(storeOf(bytes)).then(readSmall, (error: unknown) => tagOf(error));
      tags.set(outcome, (tags.get(outcome) ?? 0) + 1);
    }
    expect([...tags.keys()].sort()).toEqual(["FormatError", "read"]);
  });
});

function tagOf(error: unknown): string {
  return isHyperslabError(error) ? error.tag : `not ours: ${String(error)}`;
}

/** Reads what a mutated file still offers, a few elements of each variable. */
async function readSmall(group: StoredGroup): Promise<string> {
  for (const one of group.arrays.values()) {
    const { shape, grid } = one.describe();
    if (sizeOf(shape) === 0) continue;
    blockCounts(grid);
    try {
      await read(
        one,
        shape.map((length) => slice(length - Math.min(length, 2), Math.min(length, 2))),
      );
    } catch (error) {
      if (tagOf(error) !== "FormatError") return tagOf(error);
    }
  }
  return "read";
}
