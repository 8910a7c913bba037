/** Random expressions: every executor gives the same blocks, and the rules change no value. */
import { lower } from "@hyperslab/array/lower";
import type { Node } from "@hyperslab/array/node";
import { optimise } from "@hyperslab/array/optimise";
import { coordsOfBlock } from "@hyperslab/core/task-graph";
import { blockBox } from "@hyperslab/core/chunk-grid";
import type { Executor } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import { stridesOf } from "@hyperslab/core/shape";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { threadsExecutor } from "@hyperslab/executor/threads";
import { Cluster } from "@hyperslab/launch/cluster";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openArrays, randomExpression, randomOf, writeArrays } from "./random-expression.js";

const COUNT = Number(process.env["HYPERSLAB_RANDOM"] ?? 300);
const FIRST = Number(process.env["HYPERSLAB_SEED"] ?? 1);
/** Expressions of one plan: several results at once are part of what is tested. */
const TOGETHER = 3;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hyperslab-random-"));
  writeArrays(join(folder, "arrays.zarr"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function expressions(seed: number): Promise<Node[]> {
  const random = randomOf(seed);
  const arrays = await openArrays(join(folder, "arrays.zarr"), random);
  return Array.from({ length: TOGETHER }, () => randomExpression(random, arrays));
}

type Blocks = Map<string, { shape: readonly number[]; data: ArrayLike<unknown> }>;

async function blocksOf(executor: Executor, plan: Plan): Promise<Blocks> {
  const blocks: Blocks = new Map();
  for await (const { output, index, block } of executor.run(plan)) {
    expect(blocks.has(`${output}:${index}`)).toBe(false);
    blocks.set(`${output}:${index}`, { shape: [...block.shape], data: block.data });
  }
  return blocks;
}

/** Bytes to compare; all NaNs are one value, whichever sign the machine gave them. */
function bytesOf(data: ArrayLike<unknown>): string {
  if (data instanceof Float32Array || data instanceof Float64Array)
    data = data.map((v) => (Number.isNaN(v) ? NaN : v));
  const { buffer, byteOffset, byteLength } = data as unknown as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** The whole array of a result, as plain numbers. */
function whole(plan: Plan, blocks: Blocks, output: number): number[] {
  const { grid } = plan.stages[plan.outputs[output]];
  const shape = grid.map((axis) => axis.length);
  const strides = stridesOf(shape);
  const out = new Array<number>(shape.reduce((a, b) => a * b, 1));
  for (const [key, block] of blocks) {
    if (!key.startsWith(`${output}:`)) continue;
    const box = blockBox(grid, coordsOfBlock(grid, Number(key.split(":")[1])));
    const inner = stridesOf(box.shape);
    for (let i = 0; i < block.data.length; i++) {
      let rest = i;
      let at = 0;
      for (let axis = 0; axis < shape.length; axis++) {
        at += (box.start[axis] + Math.floor(rest / inner[axis])) * strides[axis];
        rest %= inner[axis];
      }
      out[at] = Number(block.data[i]);
    }
  }
  return out;
}

const seeds = Array.from({ length: Math.ceil(COUNT / TOGETHER) }, (_, i) => FIRST + i);

describe(`${COUNT} random expressions`, () => {
  it("give the same blocks inline, on threads and on a cluster", async () => {
    const inline = inlineExecutor();
    const threads = threadsExecutor({ threads: 2 });
    await using cluster = await Cluster.local({ workers: 2 });
    for (const seed of seeds) {
      const plan = lower(optimise(await expressions(seed)));
      const expected = await blocksOf(inline, plan);
      for (const other of [threads, cluster.executor]) {
        const found = await blocksOf(other, plan);
        const where = `seed ${seed} on ${other.name}`;
        expect([...found.keys()].sort(), where).toEqual([...expected.keys()].sort());
        for (const [key, block] of expected) {
          expect(found.get(key)?.shape, `${where}, block ${key}`).toEqual(block.shape);
          expect(bytesOf(found.get(key)?.data ?? []), `${where}, block ${key}`).toBe(bytesOf(block.data));
        }
      }
    }
    await threads.close();
  }, 240_000);

  it("have the same values without the rules", async () => {
    const inline = inlineExecutor();
    for (const seed of seeds) {
      const roots = await expressions(seed);
      const plain = lower(roots);
      const rules = lower(optimise(roots));
      const [a, b] = [await blocksOf(inline, plain), await blocksOf(inline, rules)];
      for (let output = 0; output < roots.length; output++) {
        const expected = whole(plain, a, output);
        const found = whole(rules, b, output);
        expect(found.length, `seed ${seed}`).toBe(expected.length);
        for (let i = 0; i < expected.length; i++)
          if (!close(found[i], expected[i]))
            expect(found[i], `seed ${seed}, result ${output}, element ${i}`).toBe(expected[i]);
      }
    }
  }, 240_000);
});

/** Sums may be split at other places: equal up to rounding. */
function close(a: number, b: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(a), Math.abs(b));
}
