import { isLeftover, isWorkingPath, replacedPathFor, workingPathFor } from "@hyperslab/storage/working-path";
import { expect, it } from "vitest";

it("names what is unfinished, beside what it is for", () => {
  const working = workingPathFor("/data/out.zarr");
  expect(working).toMatch(/^\/data\/out\.zarr\.incomplete-[0-9a-f]{8}$/);
  expect(isWorkingPath(working)).toBe(true);
  expect(isWorkingPath("/data/out.zarr")).toBe(false);
  expect(isWorkingPath("/data/my.incomplete-notes")).toBe(false);
  expect(isLeftover(working.slice("/data/".length), "out.zarr")).toBe(true);
  expect(isLeftover(replacedPathFor("out.zarr"), "out.zarr")).toBe(true);
  expect(isLeftover("out.zarr", "out.zarr")).toBe(false);
});
