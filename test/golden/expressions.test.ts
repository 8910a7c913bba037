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
    if (expected.kind !== "error") {
      const answer = await table[id](names).compute();
      expect(labelledDifferences(answer, expected)).toBe("");
      return;
    }
    // refused when it is asked or when it is computed
    const ask = async (): Promise<unknown> => table[id](names).compute();
    const error = await ask().then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(isHyperslabError(error) ? REFUSALS[expected.error] : [String(error)]).toContain(
      isHyperslabError(error) ? error.tag : "an error of ours",
    );
  });
});
