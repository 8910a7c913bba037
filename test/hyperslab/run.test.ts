import { literal, rechunk } from "@hyperslab/array/build";
import { allocateBlock } from "@hyperslab/core/block";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import type { Executor } from "@hyperslab/core/executor";
import { dataArray, dataset, inlineExecutor, openDataset, setOptions } from "hyperslab";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { toBlock } from "hyperslab/ndarray";
import { copyBlock, runBlocks, runNodes } from "hyperslab/run";
import { describe, expect, it } from "vitest";
import { failure, listOf } from "./read.js";

const node = literal(
  toBlock(
    Float64Array.from({ length: 12 }, (_, i) => i),
    undefined,
    [3, 4],
  ),
);
const cut = rechunk(node, regularGrid([3, 4], [2, 3]));

describe("copyBlock", () => {
  it("puts a block at its place", () => {
    const into = allocateBlock("int32", [3, 4]);
    copyBlock(
      { dtype: "int32", shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) },
      { start: [1, 2], shape: [2, 2] },
      into,
    );
    expect([...(into.data as Int32Array)]).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4]);
  });

  it("copies whole rows, strings and single elements", () => {
    const rows = allocateBlock("int32", [3, 2]);
    copyBlock(
      { dtype: "int32", shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) },
      { start: [1, 0], shape: [2, 2] },
      rows,
    );
    expect([...(rows.data as Int32Array)]).toEqual([0, 0, 1, 2, 3, 4]);
    const words = allocateBlock("string", [3]);
    copyBlock({ dtype: "string", shape: [1], data: ["b"] }, { start: [1], shape: [1] }, words);
    expect(words.data).toEqual(["", "b", ""]);
    const one = allocateBlock("float64", []);
    copyBlock({ dtype: "float64", shape: [], data: Float64Array.of(5) }, { start: [], shape: [] }, one);
    expect([...(one.data as Float64Array)]).toEqual([5]);
  });
});

it("puts blocks together", async () => {
  const [block, same] = await runNodes([cut, node]);
  expect([...(block.data as Float64Array)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(same.data).toBe(node.kind === "literal" ? node.block.data : null);
});

it("takes small blocks many at a time where they are only put together", async () => {
  const length = 20_000;
  const values = Float64Array.from({ length: 2 * length }, (_, i) => i);
  const a = dataArray(values, { dims: ["y", "x"], shape: [2, length] });
  const store = new MemoryStore();
  const on = inlineExecutor();
  await dataset({ a }).toZarr(store, { on, encoding: { a: { chunks: [1, 50] } } });
  const fine = (await openDataset(store)).get("a").add(1);
  let tasks = 0;
  const result = await fine.values({
    on,
    progress: (event) => (tasks = event.tasks),
  });
  expect((result.data as Float64Array).every((value, i) => value === i + 1)).toBe(true);
  expect(tasks).toBeGreaterThanOrEqual(64);
  expect(tasks).toBeLessThan(128);
});

it("yields blocks with their boxes", async () => {
  const boxes: string[] = [];
  for await (const { box } of runBlocks([cut])) boxes.push(JSON.stringify(box));
  expect(boxes.sort()).toEqual([
    '{"start":[0,0],"shape":[2,3]}',
    '{"start":[0,3],"shape":[2,1]}',
    '{"start":[2,0],"shape":[1,3]}',
    '{"start":[2,3],"shape":[1,1]}',
  ]);
});

it("gives arrays without elements", async () => {
  const empty = dataArray([1, 2], { dims: "x" }).isel({ x: [] }).add(1);
  expect(await listOf(empty)).toEqual([]);
});

it("refuses what is no executor, and options that don't exist", async () => {
  const lazy = dataArray([1, 2], { dims: "x" }).chunk({ x: 1 }).add(1);
  await expect(lazy.values({ on: "cluster" as never })).rejects.toThrow("give a cluster, a client");
  expect(() => setOptions({ executor: {} as never })).toThrow("an object that runs nothing");
  expect(() => setOptions({ arithmeticJoin: "exact" } as never)).toThrow("no such option; use executor");
});

it("asks the executor of setOptions, and says when it loses blocks", async () => {
  const lossy: Executor = {
    name: "lossy",
    async *run() {
      // yields nothing
    },
  };
  setOptions({ executor: lossy });
  try {
    expect((await failure(() => runNodes([cut]))).message).toContain("4 blocks of a result missing");
  } finally {
    setOptions({ executor: null });
  }
  expect(await runNodes([cut])).toHaveLength(1);
});

it("ends when it is told to", async () => {
  const error = await failure(() => runNodes([cut], { signal: AbortSignal.abort() }));
  expect(error.tag).toBe("CancelledError");
});
