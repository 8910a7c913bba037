import { type AxisSelection, positionAt, positions, selectionLength, slice } from "@hyperslab/core/box";
import { type BlockData, type Dtype, allocate } from "@hyperslab/core/dtype";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { type AxisCopy, contiguousTarget, copyRegion, fillRegion } from "@hyperslab/storage/strided-copy";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const DTYPES: Dtype[] = [
  "uint8",
  "float16",
  "int16",
  "float32",
  "int64",
  "float64",
  "datetime64[ns]",
  "string",
];

/** `count` different places of an axis of this length. */
function places(length: number, count: number): fc.Arbitrary<AxisSelection> {
  const all = Array.from({ length }, (_, i) => i);
  const any = fc.shuffledSubarray(all, { minLength: count, maxLength: count }).map(positions);
  const runs = fc.constantFrom(-2, -1, 1, 2).filter((step) => Math.abs(step) * (count - 1) < length);
  const slices = runs.chain((step) => {
    const span = Math.abs(step) * Math.max(0, count - 1);
    return fc
      .integer({ min: 0, max: Math.max(0, length - 1 - span) })
      .map((low) => slice(step > 0 ? low : low + span, count, step));
  });
  return fc.oneof({ weight: 3, arbitrary: slices }, any);
}

const axisCase = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
  .chain(([a, b]) =>
    fc
      .nat({ max: Math.min(a, b) })
      .chain((count) =>
        fc.tuple(places(a, count), places(b, count)).map(([from, to]) => ({ a, b, from, to })),
      ),
  );

const cases = fc.record({
  axes: fc.array(axisCase, { maxLength: 3 }),
  /** Whether the target's axes lie in the reverse order. */
  reversed: fc.boolean(),
  dtype: fc.constantFrom(...DTYPES),
});

function element(dtype: Dtype, i: number): number | bigint | string {
  if (dtype === "string") return `s${i}`;
  return dtype === "int64" || dtype.startsWith("datetime") ? 2n ** 60n + BigInt(i) : (i % 200) + 1;
}

function filled(dtype: Dtype, length: number): BlockData {
  const data = allocate(dtype, length);
  for (let i = 0; i < length; i++) data[i] = element(dtype, i) as never;
  return data;
}

function copiesOf(
  axes: readonly { a: number; b: number; from: AxisSelection; to: AxisSelection }[],
  reversed: boolean,
) {
  const source = stridesOf(axes.map(({ a }) => a));
  const lengths = axes.map(({ b }) => b);
  const target = reversed ? stridesOf([...lengths].reverse()).reverse() : stridesOf(lengths);
  return axes.map(({ from, to }, i): AxisCopy => ({ from, to, fromStride: source[i], toStride: target[i] }));
}

function naive(
  axes: readonly AxisCopy[],
  visit: (from: number, to: number) => void,
  depth = 0,
  from = 0,
  to = 0,
): void {
  if (depth === axes.length) return visit(from, to);
  const axis = axes[depth];
  for (let i = 0; i < selectionLength(axis.from); i++)
    naive(
      axes,
      visit,
      depth + 1,
      from + positionAt(axis.from, i) * axis.fromStride,
      to + positionAt(axis.to, i) * axis.toStride,
    );
}

/** Says what differs where something does: to compare long arrays that way takes long. */
function expectSame(got: BlockData, want: BlockData): void {
  if (got.length !== want.length || got.some((value, i) => !Object.is(value, want[i])))
    expect(got).toEqual(want);
}

describe("copyRegion and fillRegion", () => {
  it("do what a loop over all elements does", () => {
    fc.assert(
      fc.property(cases, ({ axes, reversed, dtype }) => {
        const copies = copiesOf(axes, reversed);
        const source = filled(dtype, sizeOf(axes.map(({ a }) => a)));
        const length = sizeOf(axes.map(({ b }) => b));
        const [got, want] = [allocate(dtype, length), allocate(dtype, length)];
        copyRegion(source, got, copies);
        naive(copies, (from, to) => {
          want[to] = source[from] as never;
        });
        expectSame(got, want);
        const value = element(dtype, 7);
        fillRegion(value, got, copies);
        naive(copies, (_, to) => {
          want[to] = value as never;
        });
        expectSame(got, want);
      }),
      { numRuns: 400 },
    );
  });
  it("exchange axes in squares, with rests", () => {
    const [rows, columns] = [70, 45];
    const source = filled("float32", rows * columns);
    const target = allocate("float32", rows * columns);
    const whole = (length: number): AxisSelection => slice(0, length);
    copyRegion(source, target, [
      { from: whole(rows), to: whole(rows), fromStride: columns, toStride: 1 },
      { from: whole(columns), to: whole(columns), fromStride: 1, toStride: rows },
    ]);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) expect(target[c * rows + r]).toBe(source[r * columns + c]);
  });
  it("keep every bit of a NaN", () => {
    const bits = new BigUint64Array([0x7ff4000000000001n, 0xfff8000000000abcn, 1n]);
    const target = new Float64Array(3);
    copyRegion(new Float64Array(bits.buffer), target, [
      { from: slice(2, 3, -1), to: slice(0, 3), fromStride: 1, toStride: 1 },
    ]);
    expect([...new BigUint64Array(target.buffer)]).toEqual([...bits].reverse());
  });
});

describe("contiguousTarget", () => {
  const axes = (shape: number[], target: number[], at: number[]): AxisCopy[] => {
    const [from, to] = [stridesOf(shape), stridesOf(target)];
    return shape.map((length, i) => ({
      from: slice(0, length),
      to: slice(at[i], length),
      fromStride: from[i],
      toStride: to[i],
    }));
  };
  it("finds chunks that lie in one piece", () => {
    expect(contiguousTarget(axes([2, 3, 4], [2, 3, 4], [0, 0, 0]), 24)).toBe(0);
    expect(contiguousTarget(axes([2, 3, 4], [6, 3, 4], [2, 0, 0]), 24)).toBe(24);
    expect(contiguousTarget(axes([1, 3, 4], [6, 9, 4], [2, 3, 0]), 12)).toBe(2 * 36 + 12);
    expect(contiguousTarget([], 1)).toBe(0);
  });
  it("refuses those that don't", () => {
    expect(contiguousTarget(axes([2, 3, 4], [2, 6, 4], [0, 0, 0]), 24)).toBeNull();
    expect(contiguousTarget(axes([2, 3], [2, 3], [0, 0]), 12)).toBeNull();
    const back = { from: slice(3, 4, -1), to: slice(0, 4), fromStride: 1, toStride: 1 };
    expect(contiguousTarget([back], 4)).toBeNull();
    const list = { from: positions([0, 2, 1, 3]), to: slice(0, 4), fromStride: 1, toStride: 1 };
    expect(contiguousTarget([list], 4)).toBeNull();
  });
});
