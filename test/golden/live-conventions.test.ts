import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DecodeOptions, decodeRecipe } from "hyperslab/conventions/decode-recipe";
import { type TimeOptions } from "hyperslab/conventions/decode-times";
import { loadedVariable } from "hyperslab/decode-variable";
import type { Variable } from "hyperslab/variable";
import { openGroup } from "@hyperslab/storage/open-group";
import type { ArraySource, Attribute } from "@hyperslab/storage/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  attributeWord,
  type GoldenAttribute,
  type GoldenVariable,
  plainAttributes,
  toWords,
} from "./golden.js";
import { variableDifferences } from "./labelled.js";
import { findPython, randomConventions } from "./python.js";

type Answer =
  | { readonly error: string }
  | {
      readonly variable: GoldenVariable;
      readonly encoding: Readonly<Record<string, GoldenAttribute>>;
    };

/** What `conventions.py` prints. */
interface Answers {
  readonly answers: Readonly<Record<string, Readonly<Record<string, Answer>>>>;
  readonly stored: Readonly<Record<string, GoldenVariable>>;
}

const python = findPython() ?? "";
const SEEDS = (process.env["HYPERSLAB_SEEDS"] ?? "1,2,3").split(",").map(Number);

const OPTIONS: Readonly<Record<string, DecodeOptions & TimeOptions>> = {
  default: {},
  timedelta: { decodeTimedelta: true },
  cftime: { useCftime: true },
};

async function decode(source: ArraySource, options: DecodeOptions & TimeOptions): Promise<Variable> {
  const { dtype, attributes, encoding } = source.describe();
  const attributeDtypes = encoding["attributeDtypes"] as Readonly<Record<string, Attribute>>;
  const recipe = decodeRecipe(source.ref.path, dtype, attributes, { ...options, attributeDtypes });
  return loadedVariable(source, recipe, recipe.encoding, { ...options, joinText: true }, () => undefined);
}

/** Where ours is another answer on purpose: what is found there, and why. */
interface Found {
  readonly stored: GoldenVariable;
  readonly got: Variable | null;
  readonly refusal: string;
  readonly theirs: string;
}

const ON_PURPOSE: readonly { readonly why: string; is(found: Found): boolean }[] = [
  {
    why: "a scale that is an integer leaves no room for what is missing: xarray fails, ours is float64",
    is: ({ got, theirs }) => got !== null && theirs.includes("cannot convert float NaN to integer"),
  },
  {
    why: "a missing time that cftime has to decode is NaT; xarray makes the reference date of it, or fails",
    is: ({ got }) => got?.block?.dtype.includes("time64") === true && toWords(got.block).includes("NaT"),
  },
  {
    why: "missing numbers of what has only the unit of a duration are NaN, not the smallest int64",
    is: ({ stored, got }) =>
      /^(\w+)s$/.test(unitsOf(stored)) &&
      "_FillValue" in stored.attributes &&
      got?.dtype.startsWith("float") === true,
  },
  {
    why: "fill values are compared before numbers are rounded to float32: xarray misses them",
    is: ({ stored, got }) =>
      got !== null &&
      stored.dtype === "float64" &&
      /scale_factor.*(_FillValue|missing_value)/.test(Object.keys(stored.attributes).join()),
  },
  {
    why: "these dates have one meaning; cftime reads them not, or not their last word",
    is: ({ stored, got }) =>
      got?.dtype.includes("time64") === true &&
      / since (\d{1,2}-\d{1,2}-\d{4}|\d{4}(-\d{1,2})?|\d{8}|\d{1,2}-[A-Z][a-z]{2}-\d{4}|\d{4}\/\d\d\/\d\d|\d\d\/\d\d\/\d{4}|.* (12|-6))$/.test(
        unitsOf(stored),
      ),
  },
  {
    why: "the day or the month of such a date may come first: it is not guessed",
    is: ({ refusal }) => refusal.includes("could each be the month"),
  },
];

function unitsOf(stored: GoldenVariable): string {
  return String(stored.attributes["units"]?.value ?? "");
}

/** Where ours differs from xarray's, in a line; empty where it does not. */
function compare(name: string, got: Variable, want: Exclude<Answer, { error: string }>): string {
  const wanted = plainAttributes(want.encoding);
  const kept = Object.fromEntries(Object.keys(wanted).map((key) => [key, attributeWord(got.encoding[key])]));
  const encoding =
    JSON.stringify(kept) === JSON.stringify(wanted)
      ? []
      : [`encoding ${JSON.stringify(kept)}, want ${JSON.stringify(wanted)}`];
  const lines = variableDifferences(name, got, want.variable, "exact");
  // fractions of a unit are multiplied in another order: the last digits may differ
  const close = got.block && got.dtype === want.variable.dtype && nearTimes(got, want.variable);
  return [...(close ? [] : lines), ...encoding].join("; ");
}

function nearTimes(got: Variable, want: GoldenVariable): boolean {
  if (!got.dtype.includes("64[") || !got.block || !want.values) return false;
  const most = got.dtype.startsWith("cftime") ? 1n : 1000n;
  return toWords(got.block).every((word, i) => {
    const other = want.values?.[i] ?? "";
    if (word === other) return true;
    if (word === "NaT" || other === "NaT") return false;
    const apart = BigInt(String(word)) - BigInt(String(other));
    return apart <= most && -apart <= most;
  });
}

describe.skipIf(!python)(
  "random conventions, beside xarray (HYPERSLAB_PYTHON, or python3 with xarray)",
  () => {
    let folder = "";
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "hyperslab-conventions-"));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it.each(SEEDS)(
      "seed %i: what xarray decodes we decode alike, what it refuses we refuse",
      async (seed) => {
        const { answers, stored } = randomConventions<Answers>(python, folder, seed);
        const { arrays } = await openGroup(join(folder, "random.nc"));
        const different: string[] = [];
        for (const [set, byName] of Object.entries(answers))
          for (const [name, answer] of Object.entries(byName)) {
            const source = arrays.get(name);
            if (!source) throw new Error(`${name} was not written`);
            const [got, error] = await decode(source, OPTIONS[set]).then(
              (variable) => [variable, null] as const,
              (reason: Error) => [null, reason] as const,
            );
            let line = "";
            if (got && "variable" in answer) line = compare(name, got, answer);
            else if (got && "error" in answer)
              line = `is ${got.dtype} ${String(got.block && toWords(got.block))}, xarray says ${answer.error}`;
            else if (error && "variable" in answer)
              line = `${error.message}; xarray gives ${answer.variable.dtype} ${String(answer.variable.values)}`;
            const attributes = plainAttributes(stored[name].attributes);
            const theirs = "error" in answer ? answer.error : "";
            const found: Found = { stored: stored[name], got, refusal: error?.message ?? "", theirs };
            const known = ON_PURPOSE.some(({ is }) => is(found));
            if (line && !known)
              different.push(
                `${set}: ${stored[name].dtype} ${JSON.stringify(attributes)} [${String(stored[name].values)}]: ${line}`,
              );
          }
        expect(different.join("\n")).toBe("");
      },
    );
  },
);
