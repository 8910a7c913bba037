import { DtypeError } from "@hyperslab/core/errors";
import type { Dtype } from "@hyperslab/core/dtype";
import { isDatetime, isNumeric, isTime, isTimedelta } from "@hyperslab/core/dtype";
import { type OperatorName, signatureOf } from "@hyperslab/core/operator";
import { commonDtype, weakScalar } from "@hyperslab/core/promotion";
import { type ReductionName, reduction, resultOf } from "@hyperslab/core/reduction";
import { describe, expect, it } from "vitest";
import { readGolden } from "./golden.js";

/** The answer's dtype, or null where a DtypeError is thrown. */
function attempt(call: () => Dtype): Dtype | null {
  try {
    return call();
  } catch (error) {
    if (error instanceof DtypeError) return null;
    throw error;
  }
}

interface Promotion {
  dtypes: Dtype[];
  table: (string | null)[][];
}
interface Signatures {
  dtypes: Dtype[];
  binary: Record<OperatorName, (string | null)[][]>;
  unary: Record<OperatorName, (string | null)[]>;
}

/** Result dtypes that are others on purpose, and why. */
const ON_PURPOSE: readonly { readonly why: string; readonly question: RegExp }[] = [
  {
    why: "of short integers of both signs, the wider float",
    question: /^(hypot|atan2)\(u?int(8|16), u?int(8|16)\)$/,
  },
  { why: "truth values are round already", question: /^round\(bool\)$/ },
];

/** Lines for the questions that are answered otherwise than by the reference. */
function disagreements(
  questions: readonly (readonly [string, () => Dtype, string | null | undefined])[],
): string {
  const found = questions.flatMap(([question, ask, want = null]) => {
    const got = attempt(ask);
    return got === want || ON_PURPOSE.some((one) => one.question.test(question))
      ? []
      : [`${question}: ${got}, want ${want}`];
  });
  return found.join("\n");
}

describe("numpy's promotion", () => {
  const { dtypes, table } = readGolden<Promotion>("numpy/promotion.json");
  it.each(dtypes)("%s with every dtype", (a) => {
    // NumPy takes integers for timedeltas, and timedeltas for datetimes; we ask for a cast
    const others = dtypes.filter((b) => isTime(a) === isTime(b) && isDatetime(a) === isDatetime(b));
    const row = table[dtypes.indexOf(a)];
    expect(
      disagreements(others.map((b) => [`${a}, ${b}`, () => commonDtype([a, b]), row[dtypes.indexOf(b)]])),
    ).toBe("");
  });
});

describe("numpy's result dtypes", () => {
  const { dtypes, binary, unary } = readGolden<Signatures>("numpy/signatures.json");
  const numbers = dtypes.filter(isNumeric);
  const times = dtypes.filter((dtype) => isTime(dtype));
  const ask = (name: OperatorName, pairs: [Dtype, Dtype][]): string =>
    disagreements(
      pairs.map(([a, b]) => [
        `${name}(${a}, ${b})`,
        () => signatureOf(name, [a, b]).result,
        binary[name][dtypes.indexOf(a)][dtypes.indexOf(b)],
      ]),
    );
  const square = (list: Dtype[]): [Dtype, Dtype][] =>
    list.flatMap((a) => list.map((b): [Dtype, Dtype] => [a, b]));
  it.each(Object.keys(binary) as OperatorName[])("%s of numbers", (name) => {
    expect(ask(name, square(numbers))).toBe("");
  });
  const timely: OperatorName[] = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "floorDivide",
    "remainder",
    "equal",
    "less",
    "minimum",
    "fmax",
  ];
  it.each(timely)("%s of times", (name) => {
    expect(ask(name, square(times))).toBe("");
  });
  it.each(["multiply", "divide", "floorDivide"] as const)("%s of a timedelta and numbers", (name) => {
    const delta: Dtype = "timedelta64[s]";
    const others = numbers.filter((dtype) => dtype !== "bool");
    expect(
      ask(name, [
        ...others.map((b): [Dtype, Dtype] => [delta, b]),
        ...others.map((a): [Dtype, Dtype] => [a, delta]),
      ]),
    ).toBe("");
  });
  it.each(Object.keys(unary) as OperatorName[])("%s", (name) => {
    expect(
      disagreements(
        numbers.map((a) => [
          `${name}(${a})`,
          () => signatureOf(name, [a]).result,
          unary[name][dtypes.indexOf(a)],
        ]),
      ),
    ).toBe("");
  });
});

describe("numpy's weak scalars", () => {
  interface Scalars {
    dtypes: Dtype[];
    scalars: (number | boolean)[];
    add: (string | null)[][];
  }
  const { dtypes, scalars, add } = readGolden<Scalars>("numpy/scalars.json");
  it.each(dtypes)("%s + scalar", (dtype) => {
    expect(
      disagreements(
        scalars.map((scalar, i) => [
          `${dtype} + ${scalar}`,
          () => signatureOf("add", [dtype, weakScalar(scalar, dtype)]).result,
          add[dtypes.indexOf(dtype)][i],
        ]),
      ),
    ).toBe("");
  });
});

describe("xarray's dtypes of reductions", () => {
  interface Reductions {
    cases: {
      dtype: Dtype;
      which: string;
      reductions: {
        name: ReductionName;
        dims: string[];
        options: { skipna?: boolean; ddof?: number; min_count?: number };
        dtype?: string;
      }[];
    }[];
  }
  const { cases } = readGolden<Reductions>("numpy/reductions.json");
  it.each(cases.filter(({ which }) => which === "plain"))("$dtype", ({ dtype, reductions }) => {
    // xarray has no spread of timedeltas; ours is one
    const asked = reductions.filter(({ name }) => !(name === "std" && isTimedelta(dtype)));
    expect(
      disagreements(
        asked.map(({ name, dims, options, dtype: want }) => [
          `${name}(${dims.join()}) of ${dtype}, ${JSON.stringify(options)}`,
          () => {
            const { skipna, ddof, min_count: minCount } = options;
            return resultOf(reduction(name, dtype, { skipna, ddof, minCount }));
          },
          want,
        ]),
      ),
    ).toBe("");
  });
});
