import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type Dtype, isBig, isFloat } from "@hyperslab/core/dtype";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { operandOf } from "@hyperslab/kernels/operand";
import { applyCarry, cumulate, scanTotals } from "@hyperslab/kernels/scan";
import { scanDtype, type ScanName } from "@hyperslab/kernels/scan-source";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockOf, elementsOf, ulps, unpack } from "./numpy-values.js";
import { readWindowValues } from "./window-values.js";

const values = readWindowValues();
const NAMES: readonly ScanName[] = ["sum", "prod", "max", "min"];

function scanned(name: ScanName, block: Block, axis: number, skipna: boolean, carry?: Block): Block {
  const out = allocateBlock(scanDtype(name, block.dtype), block.shape);
  cumulate(name, operandOf(block, block.shape), block.shape, axis, { skipna }, out, carry);
  return out;
}

/** Positions `from .. to` of an axis of a block. */
function part(block: Block, axis: number, from: number, to: number): Block {
  const shape = block.shape.map((length, i) => (i === axis ? to - from : length));
  const inner = sizeOf(block.shape.slice(axis + 1));
  const row = block.shape[axis] * inner;
  const list: (number | bigint)[] = [];
  for (let start = 0; start < block.data.length; start += row)
    for (let i = start + from * inner; i < start + to * inner; i++) list.push(block.data[i] as number);
  return blockOf(block.dtype, list, shape);
}

describe("cumulate", () => {
  it.each(NAMES)("gives NumPy's %s, bit for bit", (name) => {
    let seen = 0;
    for (const one of values.scans.filter((scan) => scan.name === name)) {
      const arg = unpack(values, one.arg);
      const want = unpack(values, one.result);
      const got = scanned(name, arg, one.axis, one.skipna);
      expect(got.dtype).toBe(want.dtype);
      const text = `${name} of ${arg.dtype} along ${one.axis}, skipna ${one.skipna}`;
      const wanted = elementsOf(want);
      elementsOf(got).forEach((value, i) =>
        expect(ulps(got.dtype, value, wanted[i]), `${text}, element ${i}`).toBe(0),
      );
      seen++;
    }
    expect(seen).toBeGreaterThan(50);
  });

  it("goes on from a carry as if blocks were one, and from totals alone", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Dtype>("float64", "float32", "float16", "int32", "uint64", "datetime64[s]"),
        fc.constantFrom(...NAMES),
        fc.boolean(),
        fc.constantFrom([7, 11, 9], [1, 30, 1], [20, 2, 3]),
        fc.nat(2),
        fc.nat(1000),
        fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 5, maxLength: 40 }),
        (dtype, name, skipna, shape, axis, cutSeed, list) => {
          if (dtype === "datetime64[s]" && (name === "sum" || name === "prod")) return;
          const elements = Array.from({ length: sizeOf(shape) }, (_, i) => {
            const value = list[(i * 7) % list.length];
            if (isBig(dtype))
              return dtype === "uint64" ? BigInt(value + 5) : value === 4 ? -(2n ** 63n) : BigInt(value);
            if (dtype === "float16") return value === 4 ? 0x7e00 : 0x3c00 + value * 8;
            return isFloat(dtype) && value === 4 ? NaN : value / (isFloat(dtype) ? 2 : 1);
          });
          const block = blockOf(dtype, elements, [...shape]);
          const whole = scanned(name, block, axis, skipna);
          const cut = cutSeed % (shape[axis] + 1);
          const [a, b] = [part(block, axis, 0, cut), part(block, axis, cut, shape[axis])];
          const carry = scanTotals(name, operandOf(a, a.shape), a.shape, axis, { skipna });
          const tail = elementsOf(part(whole, axis, cut, shape[axis]));
          expect(elementsOf(scanned(name, b, axis, skipna, carry))).toEqual(tail);
          const alone = scanned(name, b, axis, skipna);
          applyCarry(name, alone, axis, { skipna }, carry);
          elementsOf(alone).forEach((value, i) => {
            if (!isFloat(dtype)) return expect(value).toBe(tail[i]);
            const [x, y] = [Number(value), Number(tail[i])];
            const tolerance = { float64: 1e-13, float32: 1e-5, float16: 0.05 }[dtype as "float64"];
            if (x === y || (x !== x && y !== y)) return;
            expect(Math.abs(x - y) / Math.max(1, Math.abs(y))).toBeLessThan(tolerance);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("walks operands with any strides", () => {
    const block = blockOf(
      "int16",
      Array.from({ length: 60 }, (_, i) => ((i * 7) % 13) - 6),
      [5, 12],
    );
    const [row, column] = stridesOf(block.shape);
    // transposed, backwards, broadcast
    const turned = allocateBlock("int64", [12, 5]);
    cumulate(
      "sum",
      { ...operandOf(block, [5, 12]), strides: [column, row] },
      [12, 5],
      0,
      { skipna: false },
      turned,
    );
    const straight = scanned("sum", block, 1, false);
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 12; j++) expect(turned.data[j * 5 + i]).toBe(straight.data[i * 12 + j]);
    const backwards = allocateBlock("int64", [12]);
    const last = { dtype: block.dtype, data: block.data, offset: 11, strides: [-1] };
    cumulate("sum", last, [12], 0, { skipna: false }, backwards);
    expect(backwards.data[11]).toBe(straight.data[11]);
    const repeated = allocateBlock("int64", [3, 4]);
    cumulate(
      "sum",
      { dtype: "int16", data: block.data, offset: 1, strides: [1, 0] },
      [3, 4],
      1,
      { skipna: false },
      repeated,
    );
    expect(repeated.data[3]).toBe(4n * BigInt(block.data[1] as number));
  });

  it("takes empty axes and gives the carry on", () => {
    const carry = blockOf("float64", [3, NaN], [1, 2]);
    const out = allocateBlock("float64", [0, 2]);
    const empty = operandOf(allocateBlock("float64", [0, 2]), [0, 2]);
    expect(elementsOf(cumulate("max", empty, [0, 2], 0, { skipna: true }, out, carry))).toEqual([3, NaN]);
    expect(elementsOf(cumulate("max", empty, [0, 2], 0, { skipna: false }, out))).toEqual([
      -Infinity,
      -Infinity,
    ]);
    const none = allocateBlock("float64", [2, 0]);
    expect(cumulate("sum", operandOf(none, [2, 0]), [2, 0], 0, { skipna: true }, none).shape).toEqual([1, 0]);
  });

  it("refuses what it can't scan", () => {
    expect(() => scanDtype("sum", "datetime64[s]")).toThrow("datetime64[s]");
    expect(() => scanDtype("prod", "timedelta64[s]")).toThrow("can't scan");
    expect(() => scanDtype("max", "string")).toThrow("can't scan");
    const block = allocateBlock("float32", [4]);
    const operand = operandOf(block, [4]);
    expect(() => cumulate("sum", operand, [4], 0, { skipna: true }, allocateBlock("float64", [4]))).toThrow(
      "float64",
    );
    expect(() => cumulate("sum", operand, [4], 1, { skipna: true }, block)).toThrow("axis 1");
    expect(() => cumulate("sum", operand, [4], 0, { skipna: true }, allocateBlock("float32", [3]))).toThrow(
      "(3)",
    );
    const carry = allocateBlock("float32", [2]);
    expect(() => cumulate("sum", operand, [4], 0, { skipna: true }, block, carry)).toThrow("carry");
  });
});
