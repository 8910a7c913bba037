import { dataArray } from "hyperslab";
import { expect, it } from "vitest";
import { listOf } from "../read.js";

it("counts over several axes as over one", async () => {
  const t = dataArray(
    [
      [
        [1, 9],
        [9, 0],
      ],
      [
        [NaN, NaN],
        [NaN, NaN],
      ],
    ],
    { dims: ["z", "y", "x"] },
  );
  expect(await listOf(t.argmax(["y", "x"]))).toEqual([1, -1]);
  expect(await listOf(t.argmin(["y", "x"]))).toEqual([3, -1]);
});

it("finds the first missing one where they are not left out", async () => {
  const t = dataArray(
    [
      [1, NaN],
      [0, NaN],
    ],
    { dims: ["y", "x"] },
  );
  expect(await t.argmin({ skipna: false }).item()).toBe(1n);
});
