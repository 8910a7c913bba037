import { isHyperslabError } from "@hyperslab/core/errors";
import { openDataset } from "hyperslab";
import { beforeAll, describe, expect, it } from "vitest";
import { computing } from "./expressions/computing.js";
import { grouping } from "./expressions/grouping.js";
import { reducing } from "./expressions/reducing.js";
import { selecting } from "./expressions/selecting.js";
import { shaping } from "./expressions/shaping.js";
import { fixture, readGolden } from "./golden.js";
import { type Expressions, type GoldenExpression, labelledDifferences, type Names } from "./labelled.js";

const SECTIONS: Record<string, Expressions> = { selecting, computing, reducing, grouping, shaping };

/** Ours for the exceptions by which xarray refuses. */
const REFUSALS: Record<string, readonly string[]> = {
  KeyError: ["LabelError", "NameError", "DimensionError"],
  IndexError: ["ShapeError", "ArgumentError"],
  ValueError: ["DimensionError", "ArgumentError", "ShapeError", "AlignmentError"],
};

/** Where ours is another answer on purpose: lines of difference that are right, by expression, and why. */
const ON_PURPOSE: readonly { readonly id: RegExp; readonly line: RegExp; readonly why: string }[] = [
  {
    id: /^anomaly/,
    line: /^coordinate (height|lon): (dims|shape)/,
    why: "xarray repeats scalar coordinates along the grouped dimension; ours stay scalar",
  },
  {
    id: /^where-bool$/,
    line: /bool has no missing value/,
    why: "xarray makes objects of truth values with gaps; we have none and ask for a dtype",
  },
  {
    id: /^arg(min|max)$/,
    line: /not refused/,
    why: "xarray refuses a slice without any value; ours is lazy, and gives position -1",
  },
];

let names: Names;
beforeAll(async () => {
  const ds = await openDataset(fixture("expressions/data.zarr"));
  const arrays = [...ds.labelled.variables.keys()].map((name) => [name, ds.get(name)]);
  names = { ...Object.fromEntries(arrays), ds } as Names;
});

describe.each(Object.entries(SECTIONS))("xarray's answers, %s", (section, table) => {
  const { expressions } = readGolden<{ expressions: GoldenExpression[] }>(`expressions/${section}.json`);
  const asked = expressions.filter(({ id }) => id in table);
  it.each(asked)("$id: $typescript", async ({ id, expected }) => {
    const lines = await outcome(table[id], expected);
    const wrong = lines.filter((line) => !ON_PURPOSE.some((one) => one.id.test(id) && one.line.test(line)));
    expect(wrong.join("\n")).toBe("");
  });
});

/** How an answer differs from xarray's, or a refusal from its. */
async function outcome(
  ask: Expressions[string],
  expected: GoldenExpression["expected"],
): Promise<readonly string[]> {
  try {
    // refused when it is asked or when it is computed
    const answer = await ask(names).compute();
    return expected.kind === "error" ? ["not refused"] : labelledDifferences(answer, expected);
  } catch (error) {
    if (!isHyperslabError(error)) throw error;
    if (expected.kind !== "error") return [error.message];
    return REFUSALS[expected.error].includes(error.tag)
      ? []
      : [`${error.tag}, want one for ${expected.error}`];
  }
}
