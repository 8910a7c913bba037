import { allocateBlock, type Block } from "@hyperslab/core/block";
import type { Dtype } from "@hyperslab/core/dtype";
import { type OperatorName, signatureOf } from "@hyperslab/core/operator";
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";
import { runElementwise } from "@hyperslab/kernels/elementwise";
import { operandOf } from "@hyperslab/kernels/operand";
import { describe, expect, it } from "vitest";
import { blockOf, elementsOf, readNumpyValues, ulps, unpack } from "./numpy-values.js";

const numpy = readNumpyValues();

/** One operator over blocks; its arguments are inputs. */
function apply(op: OperatorName, args: readonly Block[], dtype: Dtype, outer = false): Block {
  const inputs: ScalarOp[] = args.map((arg, input) => ({ op: "input", input, dtype: arg.dtype }));
  const program: ScalarProgram = {
    inputs: args.map((arg) => arg.dtype),
    ops: [...inputs, { op, args: args.map((_, i) => i), dtype }],
  };
  const [a, b] = args;
  const shape = outer ? [a.shape[0], b.shape[0]] : a.shape;
  const out = allocateBlock(dtype, shape);
  const operands = outer
    ? [operandOf({ ...a, shape: [shape[0], 1] }, shape), operandOf({ ...b, shape: [1, shape[1]] }, shape)]
    : args.map((arg) => operandOf(arg, shape));
  runElementwise(program, operands, shape, out);
  return out;
}

function cast(block: Block, dtype: Dtype): Block {
  const out = allocateBlock(dtype, block.shape);
  const program: ScalarProgram = {
    inputs: [block.dtype],
    ops: [
      { op: "input", input: 0, dtype: block.dtype },
      { op: "cast", args: [0], dtype },
    ],
  };
  runElementwise(program, [operandOf(block, block.shape)], block.shape, out);
  return out;
}

/** Operators whose last digits belong to the C library. */
const LIBRARY: ReadonlySet<string> = new Set(
  "exp expm1 log log1p log2 log10 sin cos tan asin acos atan atan2 sinh cosh tanh power hypot".split(" "),
);

/** Wants equal elements, but for `tolerance` units in the last place; zeros may differ in sign. */
function expectEqual(got: Block, want: Block, tolerance: number, what: string): void {
  const a = elementsOf(got);
  const b = elementsOf(want);
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++)
    if (!(ulps(got.dtype, a[i], b[i]) <= tolerance))
      expect.fail(`${what}: element ${i} is ${String(a[i])}, NumPy has ${String(b[i])}`);
}

describe("elementwise operators give NumPy's values", () => {
  const byName = new Map<string, (typeof numpy.elementwise)[number][]>();
  for (const entry of numpy.elementwise) {
    if (!byName.has(entry.op)) byName.set(entry.op, []);
    byName.get(entry.op)?.push(entry);
  }
  it.each([...byName.keys()])("%s", (name) => {
    for (const { op, args, result, outer } of byName.get(name) ?? []) {
      const blocks = args.map((arg) => unpack(numpy, arg));
      const want = unpack(numpy, result);
      const what = `${op}(${blocks.map((block) => block.dtype).join(", ")})`;
      const { compute } = signature(op, blocks);
      const cooked = blocks.map((block, i) => cast(block, compute[i]));
      expectEqual(apply(op, cooked, want.dtype, outer), want, LIBRARY.has(op) ? 2 : 0, what);
    }
  });
});

function signature(op: OperatorName, blocks: readonly Block[]): { compute: readonly Dtype[] } {
  return signatureOf(
    op,
    blocks.map((block) => block.dtype),
  );
}

describe("casts", () => {
  it("give NumPy's values", () => {
    for (const { arg, result } of numpy.casts) {
      const from = unpack(numpy, arg);
      const want = unpack(numpy, result);
      if (from.dtype === want.dtype) continue;
      expectEqual(cast(from, want.dtype), want, 0, `${from.dtype} to ${want.dtype}`);
    }
  });
  it("turn NaT into NaN and back", () => {
    const nat = blockOf("datetime64[s]", [-(2n ** 63n), 5n]);
    expect(elementsOf(cast(nat, "float64"))).toEqual([NaN, 5]);
    expect(elementsOf(cast(blockOf("float64", [NaN, 5.9]), "timedelta64[s]"))).toEqual([-(2n ** 63n), 5n]);
  });
  it("are refused for strings and between kinds of time", () => {
    expect(() => cast(blockOf("string", ["1"]), "int32")).toThrow(/no cast/);
    expect(() => cast(blockOf("datetime64[s]", [1n]), "timedelta64[s]")).toThrow(/kinds of time/);
  });
});

describe("loops", () => {
  const add: ScalarProgram = {
    inputs: ["float64", "float64"],
    ops: [
      { op: "input", input: 0, dtype: "float64" },
      { op: "input", input: 1, dtype: "float64" },
      { op: "add", args: [0, 1], dtype: "float64" },
    ],
  };
  const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  it("broadcast, stride and reverse", () => {
    const shape = [2, 3, 4];
    const a = blockOf("float64", count(24), shape);
    const b = blockOf("float64", [100, 200, 300], [1, 3, 1]);
    const out = allocateBlock("float64", shape);
    runElementwise(add, [operandOf(a, shape), operandOf(b, shape)], shape, out);
    expect(elementsOf(out)).toEqual(count(24).map((i) => i + 100 * (1 + (Math.floor(i / 4) % 3))));
    const reversed = { dtype: a.dtype, data: a.data, offset: 23, strides: [-12, -4, -1] };
    runElementwise(add, [reversed, operandOf(a, shape)], shape, out);
    expect(elementsOf(out)).toEqual(count(24).map(() => 23));
  });
  it("take no elements, and one", () => {
    const none = allocateBlock("float64", [0, 3]);
    runElementwise(add, [operandOf(none, [0, 3]), operandOf(none, [0, 3])], [0, 3], none);
    const one = allocateBlock("float64", []);
    runElementwise(
      add,
      [operandOf(blockOf("float64", [2], []), []), operandOf(blockOf("float64", [3], []), [])],
      [],
      one,
    );
    expect(elementsOf(one)).toEqual([5]);
  });
  it("keep float32 and int8 in their precision after every operation", () => {
    const chain = (dtype: Dtype, value: number): ScalarProgram => ({
      inputs: [dtype],
      ops: [
        { op: "input", input: 0, dtype },
        { op: "constant", value, dtype },
        { op: "add", args: [0, 1], dtype },
        { op: "subtract", args: [2, 1], dtype },
      ],
    });
    const f = allocateBlock("float32", [1]);
    runElementwise(chain("float32", 2 ** 24), [operandOf(blockOf("float32", [1]), [1])], [1], f);
    expect(elementsOf(f)).toEqual([0]);
    const i = allocateBlock("int8", [1]);
    runElementwise(chain("int8", 100), [operandOf(blockOf("int8", [100]), [1])], [1], i);
    expect(elementsOf(i)).toEqual([100]);
  });
  it("compare and choose strings", () => {
    const a = blockOf("string", ["x", "y", "z"]);
    const b = blockOf("string", ["x", "q", "z"]);
    const out = allocateBlock("string", [3]);
    const program: ScalarProgram = {
      inputs: ["string", "string"],
      ops: [
        { op: "input", input: 0, dtype: "string" },
        { op: "input", input: 1, dtype: "string" },
        { op: "equal", args: [0, 1], dtype: "bool" },
        { op: "constant", value: '";process.exit()//', dtype: "string" },
        { op: "where", args: [2, 0, 3], dtype: "string" },
      ],
    };
    runElementwise(program, [operandOf(a, [3]), operandOf(b, [3])], [3], out);
    expect(elementsOf(out)).toEqual(["x", '";process.exit()//', "z"]);
  });
});

describe("programs are checked before they become code", () => {
  const run = (ops: unknown[], inputs: Dtype[] = []): void => {
    runElementwise({ inputs, ops } as unknown as ScalarProgram, [], [1], allocateBlock("float64", [1]));
  };
  it.each([
    [
      "unknown operator",
      [
        { op: "constant", value: 1, dtype: "float64" },
        { op: "constructor", args: [0], dtype: "float64" },
      ],
    ],
    ["later argument", [{ op: "sin", args: [0], dtype: "float64" }]],
    [
      "wrong dtype",
      [
        { op: "constant", value: 1, dtype: "float32" },
        { op: "sin", args: [0], dtype: "float64" },
      ],
    ],
    [
      "text as argument",
      [
        { op: "constant", value: 1, dtype: "float64" },
        { op: "sin", args: ["0"], dtype: "float64" },
      ],
    ],
    ["text as constant", [{ op: "constant", value: "process", dtype: "float64" }]],
    [
      "fraction as integer",
      [
        { op: "constant", value: 1.5, dtype: "int32" },
        { op: "cast", args: [0], dtype: "float64" },
      ],
    ],
  ])("%s", (_, ops) => {
    expect(() => run(ops)).toThrow(/program|constant/);
  });
  it("negative powers of integers", () => {
    const block = blockOf("int32", [-1]);
    expect(() => apply("power", [block, block], "int32")).toThrow(/negative exponent/);
  });
});
