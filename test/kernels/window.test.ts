import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type Dtype, isFloat } from "@hyperslab/core/dtype";
import { toFloat16 } from "@hyperslab/core/float16";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { lanesOf } from "@hyperslab/kernels/lanes";
import { operandOf } from "@hyperslab/kernels/operand";
import { type Arena, currentArena, SCRATCH_BYTES, useArena } from "@hyperslab/kernels/simd/arena";
import { slideWindow } from "@hyperslab/kernels/window";
import {
  windowDtype,
  type WindowName,
  type WindowOptions,
  windowReach,
} from "@hyperslab/kernels/window-options";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockOf, elementsOf, unpack } from "./numpy-values.js";
import { readWindowValues } from "./window-values.js";

const values = readWindowValues();
const NAMES: readonly WindowName[] = ["sum", "mean", "min", "max", "var", "std", "median", "count"];

function slid(name: WindowName, block: Block, axis: number, options: WindowOptions): Block {
  const out = allocateBlock(windowDtype(name, block.dtype), block.shape);
  slideWindow(name, operandOf(block, block.shape), block.shape, axis, options, out);
  return out;
}

/** One window, the plain way. */
function reduceWindow(name: WindowName, window: readonly number[], ddof: number): number {
  const valid = window.filter((x) => x === x);
  const n = valid.length;
  const sum = valid.reduce((a, b) => a + b, 0);
  if (name === "count") return n;
  if (name === "sum") return sum;
  if (n === 0) return NaN;
  const sorted = [...valid].sort((a, b) => a - b);
  switch (name) {
    case "mean":
      return sum / n;
    case "min":
      return sorted[0];
    case "max":
      return sorted[n - 1];
    case "median":
      return n % 2 ? sorted[(n - 1) / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    default: {
      const variance = n > ddof ? valid.reduce((a, b) => a + (b - sum / n) ** 2, 0) / (n - ddof) : NaN;
      return name === "std" ? Math.sqrt(variance) : variance;
    }
  }
}

function naive(name: WindowName, block: Block, axis: number, options: WindowOptions): number[] {
  const { window, center = false, ddof = 0 } = options;
  const least = options.minPeriods ?? window;
  const n = block.shape[axis];
  const stride = stridesOf(block.shape)[axis];
  const list = elementsOf(block).map(Number);
  const after = center ? Math.ceil(window / 2) - 1 : 0;
  return list.map((_, at) => {
    const i = Math.floor(at / stride) % n;
    const seen: number[] = [];
    for (let j = Math.max(0, i + after - window + 1); j <= Math.min(n - 1, i + after); j++)
      seen.push(list[at + (j - i) * stride]);
    const count = seen.filter((x) => x === x).length;
    return count >= least ? reduceWindow(name, seen, ddof) : NaN;
  });
}

/** Compares, with what the dtype of the result and the size of the elements allow. */
function expectNear(got: Block, want: readonly number[], size: number, text: string): void {
  const relative = { float16: 1e-3, float32: 1e-6 }[got.dtype as "float16"] ?? 1e-11;
  elementsOf(got).forEach((value, i) => {
    const [x, y] = [Number(value), want[i]];
    if (x === y || (x !== x && y !== y)) return;
    if (!(Math.abs(x - y) <= relative * (Math.abs(y) + size)))
      expect.fail(`${text}, element ${i}: ${x} instead of ${y}`);
  });
}

const OPTIONS = fc.record({
  window: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(20, 30, 64, 65, 500)),
  minPeriods: fc.constantFrom(null, 0, 1, 2, 5),
  center: fc.boolean(),
  ddof: fc.constantFrom(0, 1, 2),
});

describe("slideWindow", () => {
  it.each(NAMES)("gives the %s that xarray, numbagg and bottleneck give", (name) => {
    let seen = 0;
    for (const one of values.windows.filter((window) => window.name === name)) {
      const arg = unpack(values, one.arg);
      // integers become what xarray makes of float64s: the result's dtype is the result's
      const got = slid(name, arg, one.axis, one.options);
      const want = elementsOf(unpack(values, one.result)).map(Number);
      const text = `${one.source} ${name} of ${arg.dtype} along ${one.axis}, ${JSON.stringify(one.options)}`;
      // theirs, by differences, by sums of squares, or in float32, have fewer digits
      expectNear(got, want, one.source === "xarray" ? 1 : 30, text);
      seen++;
    }
    expect(seen).toBeGreaterThan(20);
  });

  it("agrees with plain loops for small blocks, any axis, any dtype", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.constantFrom<Dtype>("float64", "float32", "float16", "int8", "bool", "uint32", "int64"),
        fc.constantFrom([1, 1, 1], [13, 3, 2], [2, 31, 3], [40], [3, 70]),
        OPTIONS,
        fc.constantFrom(0, 0.2, 0.9, 1),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.nat(2),
        (name, dtype, shape, options, missing, stream, axisSeed) => {
          const block = randomBlock(dtype, shape, missing, stream);
          const axis = axisSeed % shape.length;
          const got = slid(name, block, axis, options);
          expectNear(got, naive(name, block, axis, options), 10, `${name} of ${dtype}`);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("agrees with plain loops where kernels run, in every layout", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.constantFrom<Dtype>("float64", "float32", "float16", "int16", "int32"),
        fc.constantFrom(
          [4500],
          [2, 2300],
          [9, 500],
          [500, 9],
          [300, 16],
          [60, 90],
          [3, 40, 37],
          [5, 300, 3],
          [4100, 1],
        ),
        OPTIONS,
        fc.constantFrom(0, 0.003, 0.3),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.nat(2),
        (name, dtype, shape, options, missing, stream, axisSeed) => {
          const block = randomBlock(dtype, shape, missing, stream);
          const axis = axisSeed % shape.length;
          const got = slid(name, block, axis, options);
          expectNear(got, naive(name, block, axis, options), 10, `${name} of ${dtype} ${shape.join("x")}`);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives a block read with a margin what the whole gives", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        OPTIONS,
        fc.constantFrom([6000], [200, 30]),
        fc.nat(100),
        fc.nat(100),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (name, options, shape, a, b, stream) => {
          const block = randomBlock("float64", shape, 0.1, stream);
          const n = shape[0];
          const row = block.data.length / n;
          const whole = slid(name, block, 0, options);
          const [from, to] = [Math.min(a, b), Math.max(a, b) + 1].map((x) => Math.floor((x * n) / 101));
          const { before, after } = windowReach(options);
          const lo = Math.max(0, from - before);
          const hi = Math.min(n, to + after);
          const read = [hi - lo, ...shape.slice(1)];
          const operand = { ...operandOf(block, shape), offset: lo * row };
          const out = allocateBlock("float64", [to - from, ...shape.slice(1)]);
          slideWindow(name, operand, read, 0, { ...options, first: from - lo }, out);
          expectNear(
            out,
            elementsOf(whole)
              .map(Number)
              .slice(from * row, to * row),
            10,
            name,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("walks operands with any strides", () => {
    const list = Array.from({ length: 90 * 80 }, (_, i) => ((i * 37) % 101) - 50);
    const block = blockOf("float32", list, [90, 80]);
    const turned = allocateBlock("float32", [80, 90]);
    for (let i = 0; i < 90; i++)
      for (let j = 0; j < 80; j++) turned.data[j * 90 + i] = block.data[i * 80 + j];
    for (const axis of [0, 1]) {
      const want = slid("mean", turned, axis, { window: 7 });
      const out = allocateBlock("float32", [80, 90]);
      const operand = { ...operandOf(block, [90, 80]), strides: [1, 80] };
      slideWindow("mean", operand, [80, 90], axis, { window: 7 }, out);
      expect(out.data).toEqual(want.data);
      // backwards along both axes, and one row for all
      const back = allocateBlock("float32", [80, 90]);
      slideWindow(
        "max",
        { ...operand, offset: 7199, strides: [-1, -80] },
        [80, 90],
        axis,
        { window: 3, center: true },
        back,
      );
      const forth = slid("max", turned, axis, { window: 3, center: true });
      expect([...(back.data as Float32Array)].reverse()).toEqual([...(forth.data as Float32Array)]);
      const same = allocateBlock("float32", [80, 90]);
      slideWindow(
        "sum",
        { ...operand, strides: [0, 80] },
        [80, 90],
        axis,
        { window: 4, minPeriods: 1 },
        same,
      );
      const first = list.filter((_, i) => i % 80 === 0);
      const rows = blockOf(
        "float32",
        Array.from({ length: 7200 }, (_, i) => first[i % 90]),
        [80, 90],
      );
      expect(same.data).toEqual(slid("sum", rows, axis, { window: 4, minPeriods: 1 }).data);
    }
  });

  it("keeps every digit over a million elements, whatever passed before", () => {
    const n = 1_000_000;
    const block = allocateBlock("float64", [n]);
    const list = block.data as Float64Array;
    for (let i = 0; i < n; i++) list[i] = Math.sin(i) + (i % 50_000 === 0 ? 1e13 : 0) + 300;
    for (const name of ["sum", "mean", "var", "std", "median"] as const) {
      const got = slid(name, block, 0, { window: 30, ddof: 1 }).data as Float64Array;
      for (const at of [40, 60_123, 500_040, 999_999]) {
        const want = reduceWindow(name, [...list.subarray(at - 29, at + 1)], 1);
        expect(Math.abs(got[at] / want - 1), `${name} at ${at}`).toBeLessThan(name === "var" ? 2e-12 : 1e-12);
      }
    }
  });

  it("forgets infinities when they leave, and constants have no deviation", () => {
    const list = Array.from({ length: 5000 }, (_, i) => (i === 100 ? Infinity : i === 200 ? -Infinity : 0.1));
    for (const shape of [[5000], [50]]) {
      const block = blockOf("float64", list.slice(50, 50 + shape[0]), shape);
      const mean = slid("mean", block, 0, { window: 10 });
      const std = slid("std", block, 0, { window: 10 });
      expect(mean.data[49]).toBeCloseTo(0.1, 15);
      expect(std.data[49]).toBe(0);
      if (shape[0] < 5000) continue;
      expect([mean.data[50], mean.data[59], mean.data[150], mean.data[159]]).toEqual([
        Infinity,
        Infinity,
        -Infinity,
        -Infinity,
      ]);
      expect(std.data[55]).toBeNaN();
      expect(mean.data[60]).toBeCloseTo(0.1, 15);
      expect(std.data[60]).toBe(0);
      expect(slid("mean", block, 0, { window: 150, minPeriods: 1 }).data[160]).toBeNaN();
    }
  });

  it("slides windows that no tile holds", () => {
    const n = 50_000;
    const block = blockOf(
      "float32",
      Array.from({ length: n }, (_, i) => i % 7),
      [n],
    );
    const out = slid("mean", block, 0, { window: 40_000 });
    expect(out.data[39_998]).toBeNaN();
    expect(out.data[n - 1]).toBeCloseTo(3, 3);
  });

  it("runs in a given arena, of shared memory too", () => {
    const mine: Arena = currentArena();
    const pages = Math.ceil(SCRATCH_BYTES / 65536) + 3;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const list = Array.from({ length: 9000 }, (_, i) => (i * 7919) % 103);
    const plain = slid("mean", blockOf("float32", list), 0, { window: 12, minPeriods: 3 });
    try {
      useArena({ memory, scratch: 65536, scratchBytes: SCRATCH_BYTES });
      const data = new Float32Array(memory.buffer, SCRATCH_BYTES + 65536, 9000);
      data.set(list);
      const inside = { dtype: "float32" as const, shape: [9000], data };
      expect(slid("mean", inside, 0, { window: 12, minPeriods: 3 }).data).toEqual(plain.data);
    } finally {
      useArena(mine);
    }
  });

  it("takes empty axes", () => {
    for (const shape of [[0], [0, 3], [3, 0]])
      for (const name of NAMES)
        expect(slid(name, allocateBlock("float32", shape), 0, { window: 3, center: true }).shape).toEqual(
          shape,
        );
  });

  it("refuses options and blocks that don't fit", () => {
    const block = allocateBlock("float32", [4]);
    const operand = operandOf(block, [4]);
    const slide = (options: WindowOptions, out: Block = block): void =>
      slideWindow("mean", operand, [4], 0, options, out);
    expect(() => slide({ window: 0 })).toThrow("window 0");
    expect(() => slide({ window: 1.5 })).toThrow("window 1.5");
    expect(() => slide({ window: 2, minPeriods: -1 })).toThrow("minPeriods -1");
    expect(() => slide({ window: 2, minPeriods: NaN })).toThrow("minPeriods NaN");
    expect(() => slide({ window: 2, ddof: NaN })).toThrow("ddof");
    expect(() => slide({ window: 2, first: 1 })).toThrow("positions 1 to 5");
    expect(() => slide({ window: 2 }, allocateBlock("float64", [4]))).toThrow("float64");
    expect(() => slide({ window: 2 }, allocateBlock("float32", [2, 2]))).toThrow("(2, 2)");
    expect(() => windowDtype("mean", "datetime64[s]")).toThrow("no window over datetime64[s]");
    expect(() => lanesOf("window", operand, [4], 3, block)).toThrow("axis 3");
  });
});

function randomBlock(
  dtype: Dtype,
  shape: readonly number[],
  missing: number,
  stream: Iterator<number>,
): Block {
  // a few drawn numbers, stretched: drawing each element would take most of the time
  const drawn = Array.from({ length: 61 }, () => stream.next().value as number);
  const list = Array.from({ length: sizeOf(shape) }, (_, i) => {
    const x = (drawn[i % 61] + drawn[(i * 7 + 3) % 59] + ((i * 0.618) % 1)) % 1;
    if (isFloat(dtype)) {
      const gone = (x * 997) % 1 < missing;
      const value = gone ? NaN : x * 20 - 7;
      return dtype === "float16" ? toFloat16(value) : value;
    }
    const whole = Math.floor(x * 90);
    return dtype === "int64" ? BigInt(whole) : dtype === "bool" ? whole & 1 : whole;
  });
  return blockOf(dtype, list, [...shape]);
}
