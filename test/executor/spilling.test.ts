import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elementwise, literal, rechunk, reduce } from "@hyperslab/array/build";
import { lower } from "@hyperslab/array/lower";
import { absorbRechunk } from "@hyperslab/array/rules/absorb-rechunk";
import type { Block } from "@hyperslab/core/block";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { isHyperslabError } from "@hyperslab/core/errors";
import type { Executor } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import { reduction } from "@hyperslab/core/reduction";
import { inlineExecutor } from "@hyperslab/executor/inline";
import type { SpillOptions } from "@hyperslab/executor/spill-directory";
import { threadsExecutor } from "@hyperslab/executor/threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// the directory for temporary files may be in memory where the tests run
const onDisk = (limit?: number): SpillOptions => ({
  path: folder,
  statfs: async () => ({ type: 0xef53, bsize: 4096, bavail: 1_000_000 }),
  ...(limit === undefined ? {} : { limit }),
});

const SIZE = 256;
const BYTES = 8 * SIZE * SIZE;

/** Sums that can't be read again, in rows; then in columns, in columns of rows, and all of them once more. */
function turned(): Plan {
  const data = Float64Array.from({ length: SIZE * SIZE * 2 }, (_, i) => (i * 7919) % 1013);
  const pairs = literal({ dtype: "float64", shape: [SIZE, SIZE, 2], data });
  const cut = absorbRechunk.apply(rechunk(pairs, regularGrid([SIZE, SIZE, 2], [16, SIZE, 1])));
  const rows = reduce(cut ?? pairs, reduction("sum", "float64"), [2]);
  const shards = rechunk(rows, regularGrid([SIZE, SIZE, 1], [16, 32, 1]));
  const columns = rechunk(shards, regularGrid([SIZE, SIZE, 1], [SIZE, 32, 1]));
  return lower([elementwise("add", [columns, 1])]);
}

async function blocksOf(executor: Executor, plan: Plan): Promise<Map<number, Block>> {
  const found = new Map<number, Block>();
  for await (const { index, block } of executor.run(plan)) found.set(index, block);
  return found;
}

describe("a plan whose blocks don't fit into memory", () => {
  it("gives the same bits with blocks on the disk, and leaves nothing there", async () => {
    const plan = turned();
    const expected = await blocksOf(inlineExecutor(), plan);
    const memory = Math.floor(BYTES * 0.75);
    const refused = await blocksOf(inlineExecutor({ memory, spill: null }), plan).catch((e: unknown) => e);
    expect(isHyperslabError(refused, "MemoryError")).toBe(true);
    const spill = onDisk();
    const threads = threadsExecutor({ threads: 2, memory, spill });
    try {
      expect(await blocksOf(inlineExecutor({ memory, spill }), plan)).toEqual(expected);
      const shared = await blocksOf(threads, plan);
      for (const [index, { data }] of expected)
        expect(Array.from((shared.get(index)?.data ?? []) as Float64Array)).toEqual(
          Array.from(data as Float64Array),
        );
    } finally {
      await threads.close();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it("is refused where the disk is full too, and says why", async () => {
    const memory = Math.floor(BYTES * 0.75);
    const warned: Error[] = [];
    const listen = (warning: Error): unknown => warned.push(warning);
    process.on("warning", listen);
    try {
      const run = blocksOf(inlineExecutor({ memory, spill: onDisk(BYTES / 16) }), turned());
      const refused = await run.catch((error: unknown) => error);
      expect(isHyperslabError(refused, "MemoryError") && String(refused.cause)).toMatch(/don't fit/);
      await new Promise((resolve) => setImmediate(resolve));
      expect(warned.map(({ message }) => message).join()).toMatch(/the spill/);
    } finally {
      process.off("warning", listen);
    }
    expect(await readdir(folder)).toEqual([]);
  });
});
