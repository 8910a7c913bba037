import { cast, elementwise, literal, rechunk, reduce } from "@hyperslab/array/build";
import { lower } from "@hyperslab/array/lower";
import type { Node } from "@hyperslab/array/node";
import type { Block } from "@hyperslab/core/block";
import { regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { asDtype, type Dtype, isTime } from "@hyperslab/core/dtype";
import { isHyperslabError } from "@hyperslab/core/errors";
import type { OperatorName } from "@hyperslab/core/operator";
import { type ReductionName, reduction } from "@hyperslab/core/reduction";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { describe, expect, it } from "vitest";
import { differences, fromWords, type GoldenContent, readGolden, type Word } from "./golden.js";

/** The result as one block. */
async function evaluate(node: Node): Promise<Block> {
  const whole = rechunk(node, wholeGrid(node.shape));
  for await (const { block } of inlineExecutor().run(lower([whole]))) return block;
  throw new Error("a plan without a result");
}

interface Answer {
  readonly dtype: string;
  readonly values: readonly Word[];
}
interface Elementwise {
  readonly cases: readonly {
    readonly dtype: Dtype;
    readonly operands: readonly Word[];
    readonly binary: Partial<Record<OperatorName, Answer>>;
    readonly unary: Partial<Record<OperatorName, Answer>>;
    readonly casts: Partial<Record<Dtype, readonly Word[]>>;
    readonly truncations?: {
      readonly operands: readonly Word[];
      readonly casts: Record<Dtype, readonly Word[]>;
    };
  }[];
}

/** Operators whose last bit is the C library's affair, and those for which -0 and 0 are one. */
const NEARLY: ReadonlySet<string> = new Set([
  "minimum",
  "maximum",
  "fmin",
  "fmax",
  "power",
  "hypot",
  "atan2",
  "exp",
  "expm1",
  "log",
  "log1p",
  "log2",
  "log10",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "degrees",
  "radians",
]);

describe("numpy's elements", () => {
  const { cases } = readGolden<Elementwise>("numpy/elementwise.json");
  describe.each(cases)("of $dtype", ({ dtype, operands, binary, unary, casts, truncations }) => {
    const vector = (words: readonly Word[]): Node => literal(fromWords(dtype, [words.length], words));
    it.each(Object.entries(binary) as [OperatorName, Answer][])("%s", async (name, answer) => {
      const pairs = operands.flatMap((a) => operands.map((b): [Word, Word] => [a, b]));
      // the golden answer leaves out what NumPy refuses: an integer to a negative power
      const kept = pairs.length === answer.values.length ? pairs : pairs.filter(([, b]) => Number(b) >= 0);
      const node = elementwise(name, [vector(kept.map(([a]) => a)), vector(kept.map(([, b]) => b))]);
      const golden: GoldenContent = { ...answer, shape: [kept.length] };
      expect(differences(await evaluate(node), golden, NEARLY.has(name) ? "near" : "exact")).toBe("");
    });
    it.each(Object.entries(unary) as [OperatorName, Answer][])("%s", async (name, answer) => {
      // truth values are round already: ours stay what they are
      const asked = name === "round" && dtype === "bool" ? { ...answer, dtype, values: operands } : answer;
      const golden: GoldenContent = { ...asked, shape: [operands.length] };
      const block = await evaluate(elementwise(name, [vector(operands)]));
      expect(differences(block, golden, NEARLY.has(name) ? "near" : "exact")).toBe("");
    });
    it.each(Object.entries(casts) as [Dtype, readonly Word[]][])("as %s", async (to, values) => {
      const block = await evaluate(cast(vector(operands), to));
      expect(differences(block, { dtype: to, shape: [operands.length], values })).toBe("");
    });
    it.each(Object.entries(truncations?.casts ?? {}) as [Dtype, readonly Word[]][])(
      "truncated to %s",
      async (to, values) => {
        const block = await evaluate(cast(vector(truncations?.operands ?? []), to));
        expect(differences(block, { dtype: to, shape: [values.length], values })).toBe("");
      },
    );
  });
});

interface Reduced extends GoldenContent {
  readonly name: ReductionName;
  readonly dims: readonly string[];
  readonly options: { readonly skipna?: boolean; readonly ddof?: number; readonly min_count?: number };
  readonly error?: boolean;
}
interface Reductions {
  readonly dims: readonly string[];
  readonly cases: readonly (Required<Pick<GoldenContent, "dtype" | "shape" | "values">> & {
    readonly which: string;
    readonly reductions: readonly Reduced[];
  })[];
}

/** Where ours is another answer on purpose, and why. */
const ON_PURPOSE: readonly {
  readonly why: string;
  is(dtype: string, which: string, golden: Reduced): boolean;
}[] = [
  {
    why: "xarray adds float16 up in float16, which overflows; we add in float64",
    is: (dtype, which, { name }) => dtype === "float16" && which === "large" && /^(mean|var|std)$/.test(name),
  },
  {
    why: "xarray takes NaT for the smallest and the largest time alike; we leave it out, as asked",
    is: (dtype, which, { name, options }) =>
      isTime(asDtype(dtype)) && which === "holes" && name.startsWith("arg") && options.skipna === true,
  },
];

describe("xarray's reductions", () => {
  const { dims, cases } = readGolden<Reductions>("numpy/reductions.json");
  const cuts: [string, (node: Node) => Node][] = [
    ["in one block", (node) => node],
    ["in blocks of one row", (node) => rechunk(node, regularGrid(node.shape, [1, node.shape[1]]))],
    ["in blocks of 2 x 2", (node) => rechunk(node, regularGrid(node.shape, [2, 2]))],
  ];
  describe.each(cuts)("%s", (_, cut) => {
    it.each(cases)("of $dtype, $which", async ({ dtype, which, shape, values, reductions }) => {
      const node = cut(literal(fromWords(dtype, shape, values)));
      const found: string[] = [];
      for (const golden of reductions) {
        if (ON_PURPOSE.some(({ is }) => is(dtype, which, golden))) continue;
        const { name, options } = golden;
        const axes = golden.dims.map((dim) => dims.indexOf(dim));
        const question = `${name}(${golden.dims.join()}, ${JSON.stringify(options)})`;
        const complain = (wrong: string): unknown => wrong && found.push(`${question}: ${wrong}`);
        try {
          const asked = reduction(name, node.dtype, {
            // NaN is true
            skipna: options.skipna ?? !["any", "all"].includes(name),
            ddof: options.ddof,
            minCount: options.min_count,
          });
          const { data, dtype: got } = await evaluate(reduce(node, asked, axes));
          // the reduced axes keep length 1 on this level
          if (!golden.error) complain(differences({ data, dtype: got, shape: golden.shape }, golden, "near"));
        } catch (error) {
          if (!isHyperslabError(error)) throw error;
          if (!golden.error) complain(error.message);
        }
      }
      expect(found.join("\n")).toBe("");
    });
  });
});
