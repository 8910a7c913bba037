import { allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, positions, slice } from "@hyperslab/core/box";
import { blockCounts, maxBlockShape } from "@hyperslab/core/chunk-grid";
import { openNetcdf3Source, swapBytes } from "@hyperslab/storage/netcdf3/netcdf3";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import { NetCDFReader } from "netcdfjs";
import { describe, expect, test } from "vitest";
import {
  golden,
  bytesOf,
  storeOf,
  open,
  source,
  read,
  plain,
  failure,
  synthetic,
  hugeStore,
} from "./netcdf3-files.js";

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
