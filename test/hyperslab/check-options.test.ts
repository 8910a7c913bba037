import { nearestOf } from "hyperslab/check-options";
import { MemoryStore, concat, dataArray, merge, openDataset } from "hyperslab";
import { expect, it } from "vitest";
import { failure } from "./read.js";

const da = dataArray([1, NaN, 3], { dims: "x", coords: { x: [1, 2, 3] }, name: "t" });

it("names the option that was meant", async () => {
  expect(nearestOf("chunk", ["chunks", "group"])).toBe("chunks");
  expect(nearestOf("decodetimes", ["decodeTimes", "decodeCf"])).toBe("decodeTimes");
  expect(nearestOf("zzz", ["chunks"])).toBeNull();
  const message = async (act: () => unknown): Promise<string> => (await failure(act)).message;
  const store = new MemoryStore();
  await da.toDataset().toZarr(store);
  expect(await message(() => openDataset(store, { chunk: { x: 1 } } as never))).toMatch(
    /openDataset\(\{ chunk \}\): no such option; did you mean chunks\?/,
  );
  expect(await message(() => da.mean("x", { skipNa: false } as never))).toMatch(/did you mean skipna\?/);
  expect(await message(() => da.groupBy("x").sum({ keepAttr: true } as never))).toMatch(
    /did you mean keepAttrs\?/,
  );
  expect(await message(() => concat([da, da], "m", { combine: "x" } as never))).toMatch(/no such option/);
  expect(await message(() => merge([da], { joins: "x" } as never))).toMatch(/did you mean join\?/);
});

it("refuses positions that are none", async () => {
  const message = async (position: unknown): Promise<string> =>
    (await failure(() => da.isel({ x: position } as never))).message;
  expect(await message("a")).toMatch(/isel\(x="a"\): a string, which is no position/);
  expect(await message(["1"])).toMatch(/a string, which is no position/);
  expect(await message(NaN)).toMatch(/NaN, which is no position/);
  expect(await message(1.5)).toMatch(/give a whole number/);
});

it("takes chunks of a good size by itself", () => {
  const stored = dataArray(new Float64Array(1000), { dims: "x" }).chunk({ x: 10 });
  expect(stored.chunk("auto").chunks).toEqual({ x: [1000] });
  expect(stored.chunk({ x: "auto" }).chunks).toEqual({ x: [1000] });
  expect(() => stored.chunk("most" as never)).toThrow(/"auto"/);
});
