/** Arrays that threads compute on where they lie. */
import { threadId } from "node:worker_threads";
import type { Block } from "@hyperslab/core/block";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import type { TypedArray } from "@hyperslab/core/dtype";
import { computeIn, memoriesUnder, releaseScratchOf, sharedArray } from "@hyperslab/executor/array-memory";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { threadsExecutor } from "@hyperslab/executor/threads";
import { inArenaOf, currentArena } from "@hyperslab/kernels/simd/arena";
import { kernelsAvailable } from "@hyperslab/kernels/simd/kernel";
import { describe, expect, it } from "vitest";
import { collect, elements } from "./collect.js";
import { ProgramBuilder, binary, planOf, stageOf } from "./plan-builder.js";

const LENGTH = 100_000;

function filled(values: (i: number) => number, shared: boolean): Block {
  const data = shared ? sharedArray(Float64Array, LENGTH) : new Float64Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) data[i] = values(i);
  return { dtype: "float64", shape: [LENGTH], data };
}

function planFor(shared: boolean, mixed = false): ReturnType<typeof planOf> {
  const p = new ProgramBuilder();
  const a = p.literal(filled((i) => i % 1000, shared));
  const b = p.literal(filled((i) => 3 * i + 0.5, shared && !mixed));
  p.elementwise(binary("multiply"), a, b);
  return planOf([stageOf("product", regularGrid([LENGTH], [30_000]), p)]);
}

describe("sharedArray", () => {
  it("gives zeros in shared memory, each its own", () => {
    const lengths = [0, 1, 10, 8191, 8192, 100_000];
    const all = lengths.map((length) => sharedArray(Int16Array, length));
    all.forEach((array, i) => {
      expect(array).toBeInstanceOf(Int16Array);
      expect(array).toHaveLength(lengths[i]);
      expect(array.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(array.every((value) => value === 0)).toBe(true);
      array.fill(i + 1);
    });
    all.forEach((array, i) => expect(array.every((value) => value === i + 1)).toBe(true));
  });

  it("is computed on as any other array, here and on threads", async () => {
    const threads = threadsExecutor({ threads: 2 });
    try {
      const wanted = elements((await collect(inlineExecutor(), planFor(false)))[0]);
      for (const executor of [inlineExecutor(), threads])
        for (const mixed of [false, true])
          expect(elements((await collect(executor, planFor(true, mixed)))[0])).toEqual(wanted);
    } finally {
      await threads.close();
    }
  });
});

describe.skipIf(!kernelsAvailable())("the memory of large arrays", () => {
  const block = filled((i) => i, true);
  const operand = { dtype: block.dtype, data: block.data, offset: 0, strides: [1] };

  it("is named by the arrays in it", () => {
    expect(memoriesUnder([block, filled((i) => i, true)])).toHaveLength(1);
    expect(memoriesUnder([filled((i) => i, false), { dtype: "string", shape: [1], data: ["a"] }])).toEqual(
      [],
    );
  });

  it("is where kernels run once they may, in scratch of the thread's own that can be given back", () => {
    const [memory] = memoriesUnder([block]);
    computeIn(memory);
    computeIn(memory);
    const arena = inArenaOf([operand], currentArena);
    expect(arena.memory).toBe(memory);
    expect(arena.memory.buffer).toBe((block.data as TypedArray).buffer);
    const owners = new Int32Array(memory.buffer, 0, 32);
    expect([...owners].filter((owner) => owner === threadId + 1)).toHaveLength(1);
    releaseScratchOf(threadId + 1000);
    expect(owners.includes(threadId + 1)).toBe(true);
    releaseScratchOf(threadId);
    expect(owners.includes(threadId + 1)).toBe(false);
  });
});
