/** Streamed tasks: whatever the pieces, the result is that of the whole; and no more than one piece is held. */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type Box, slice, wholeBox } from "@hyperslab/core/box";
import { type ChunkAxis, axisFromBounds, regularAxis, wholeGrid } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import { pieceBoxes, streamOf } from "@hyperslab/core/piece";
import type { Step } from "@hyperslab/core/program";
import { type ReductionName, reduction, resultOf } from "@hyperslab/core/reduction";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { type TaskOptions, runTask } from "@hyperslab/executor/run-task";
import type { TaskStage } from "@hyperslab/executor/task-stage";
import { threadArena } from "@hyperslab/executor/thread-arena";
import { finishReduction } from "@hyperslab/kernels/finish";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elements } from "./collect.js";
import { ProgramBuilder, affine } from "./plan-builder.js";
import { REDUCTIONS } from "../kernels/reductions.js";

/** Adds pieces to the last reducing steps. */
function inPieces(steps: readonly Step[], pieces: readonly ChunkAxis[]): Step[] {
  return steps.map((step) => {
    if (step.kind === "reduce" && step.partial) return { ...step, pieces };
    if (step.kind === "groupReduce") return { ...step, pieces: pieces[0] };
    return step;
  });
}

function stageOf(builder: ProgramBuilder, grid = wholeGrid(builder.steps.at(-1)?.shape ?? [])): TaskStage {
  const program = builder.build();
  return { name: "streamed", grid, fields: program.steps.at(-1)?.fields ?? [], program, inputGrids: [] };
}

function streamed(stage: TaskStage, pieces: readonly ChunkAxis[]): TaskStage {
  return { ...stage, program: { ...stage.program, steps: inPieces(stage.program.steps, pieces) } };
}

async function fieldsOf(stage: TaskStage, block = 0, options: TaskOptions = {}): Promise<Block[]> {
  return (await runTask(stage, block, [], options)).fields;
}

const axisOf = (length: number): fc.Arbitrary<ChunkAxis> =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: Math.max(1, length - 1) }), { maxLength: 4 })
    .map((cuts) => axisFromBounds([...new Set([0, ...cuts.sort((a, b) => a - b), length])]));

/** Equal but for the last bits of floats, which may be added in another order. */
function expectClose(found: Block, expected: Block, what: string): void {
  expect(found.dtype, what).toBe(expected.dtype);
  expect(found.shape, what).toEqual(expected.shape);
  const [a, b] = [elements(found), elements(expected)];
  a.forEach((value, i) => {
    if (value === b[i] || (Number.isNaN(value) && Number.isNaN(b[i]))) return;
    expect(Math.abs(Number(value) - Number(b[i])), `${what}: ${value} for ${b[i]}`).toBeLessThanOrEqual(
      1e-6 * Math.max(1, Math.abs(Number(b[i]))),
    );
  });
}

function blockOf(dtype: Dtype, shape: readonly number[], seed: number, holes: boolean): Block {
  const block = allocateBlock(dtype, shape);
  let state = seed + 1;
  for (let i = 0; i < block.data.length; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const small = (state >> 8) % 7;
    if (block.data instanceof BigInt64Array) block.data[i] = BigInt(small - 3);
    else if (dtype.startsWith("float")) block.data[i] = holes && small === 0 ? NaN : small / 4 - 0.5;
    else block.data[i] = dtype === "bool" ? small & 1 : small;
  }
  return block;
}

describe("a task that goes through pieces", () => {
  for (const name of REDUCTIONS)
    it(`gives the ${name} of the whole`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            dtype: fc.constantFrom<Dtype>("float32", "float64", "int32", "int64", "uint8", "bool"),
            shape: fc.tuple(
              fc.integer({ min: 1, max: 9 }),
              fc.integer({ min: 1, max: 3 }),
              fc.constantFrom(1, 5, 70, 131),
            ),
            axis: fc.constantFrom(0, 1, 2),
            skipna: fc.boolean(),
            minCount: fc.constantFrom(0, 2),
            seed: fc.nat(1000),
          }),
          fc.gen(),
          async ({ dtype, shape, axis, skipna, minCount, seed }, gen) => {
            const of = reduction(name, dtype, { skipna, minCount: name === "sum" ? minCount : 0 });
            const builder = new ProgramBuilder();
            const arg = builder.literal(blockOf(dtype, shape, seed, true));
            builder.reduce(arg, of, [axis], [regularAxis(shape[axis], shape[axis])]);
            const stage = stageOf(builder);
            const pieces = [gen(axisOf, shape[axis])];
            const whole = finishReduction(of, await fieldsOf(stage));
            const found = finishReduction(of, await fieldsOf(streamed(stage, pieces)));
            expectClose(found, whole, `${name} of ${dtype}`);
          },
        ),
        { numRuns: 40 },
      );
    });

  it("reduces several axes, each cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<ReductionName>("sum", "mean", "var", "max"),
        fc.gen(),
        async (name, gen) => {
          const of = reduction(name, "float64");
          const builder = new ProgramBuilder();
          const arg = builder.literal(blockOf("float64", [6, 70, 5], 3, true));
          const partial = [regularAxis(6, 6), regularAxis(5, 5)];
          builder.reduce(builder.elementwise(affine(2, 1), arg), of, [0, 2], partial);
          const stage = stageOf(builder);
          const found = await fieldsOf(streamed(stage, [gen(axisOf, 6), gen(axisOf, 5)]));
          expectClose(finishReduction(of, found), finishReduction(of, await fieldsOf(stage)), name);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("gives several states for one reading", async () => {
    const builder = new ProgramBuilder();
    const arg = builder.literal(blockOf("float64", [12, 80], 5, true));
    const partial = [regularAxis(12, 6)];
    const mean = reduction("mean", "float64");
    const most = reduction("max", "float64");
    const a = builder.reduce(arg, mean, [0], partial);
    const b = builder.reduce(arg, most, [0], partial);
    const fields = [a, b].flatMap((step) => builder.steps[step].fields);
    builder.steps.push({ kind: "tuple", args: [a, b], shape: [2, 80], fields });
    const stage = stageOf(builder, [regularAxis(2, 1), regularAxis(80, 80)]);
    for (const block of [0, 1]) {
      const whole = await fieldsOf(stage, block);
      const found = await fieldsOf(streamed(stage, [regularAxis(12, 2)]), block);
      expect(found.map(({ dtype }) => dtype)).toEqual(fields);
      expectClose(finishReduction(mean, found.slice(0, 2)), finishReduction(mean, whole.slice(0, 2)), "mean");
      expectClose(found[2], whole[2], "max");
    }
  });

  it("makes groups, as states or finished", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<ReductionName>("sum", "mean", "std", "min", "argmax", "first"),
        fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 12 }),
        fc.constantFrom(1, 3, 90),
        fc.gen(),
        async (name, codes, width, gen) => {
          const of = reduction(name, "float32");
          const n = codes.length;
          const builder = new ProgramBuilder();
          const arg = builder.literal(blockOf("float32", [n, width], 7, true));
          builder.groupReduce(arg, of, 0, codes, 4, regularAxis(n, n));
          const stage = stageOf(builder);
          const whole = finishReduction(of, await fieldsOf(stage));
          const pieces = [gen(axisOf, n)];
          expectClose(finishReduction(of, await fieldsOf(streamed(stage, pieces))), whole, `${name} states`);
          // finished, two groups a task
          const finished = stage.program.steps.map((step): Step =>
            step.kind === "groupReduce"
              ? { ...step, partial: null, pieces: pieces[0], shape: [4, width], fields: [resultOf(of)] }
              : step,
          );
          const apart: TaskStage = {
            ...stage,
            grid: [regularAxis(4, 2), regularAxis(width, width)],
            fields: [resultOf(of)],
            program: { ...stage.program, steps: finished },
          };
          for (const block of [0, 1]) {
            const [found] = await fieldsOf(apart, block);
            const due = {
              ...whole,
              shape: [2, width],
              data: whole.data.slice(block * 2 * width, (block + 1) * 2 * width),
            };
            expectClose(found, due as Block, `${name} apart`);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives the same bits in the arena and out of it", async () => {
    const of = reduction("sum", "float32");
    const builder = new ProgramBuilder();
    const shape = [9, 3, 4099];
    builder.reduce(builder.literal(blockOf("float32", shape, 11, true)), of, [0], [regularAxis(9, 9)]);
    const stage = streamed(stageOf(builder), [regularAxis(9, 2)]);
    const [inside] = await fieldsOf(stage);
    // an arena without room: everything goes through plain buffers
    const arena = threadArena();
    const blocker = arena && [...Array(64)].map((_, i) => arena.take(2 ** (30 - Math.floor(i / 2))));
    const [outside] = await fieldsOf(stage);
    for (const region of blocker ?? []) if (region) arena?.give(region);
    expect(elements(outside)).toEqual(elements(inside));
  });
});

const REF: SourceRef = { format: "zarr", store: { kind: "process", id: 1 }, path: "/x", detail: null };
const FAR: SourceRef = { ...REF, store: { kind: "http", url: "http://nowhere" } };

/** A stage that sums rows of a stored array in pieces of 10. */
function stored(ref: SourceRef, rows: number, columns: number): TaskStage {
  const builder = new ProgramBuilder();
  const arg = builder.source(ref, "float32", [slice(0, rows), slice(0, columns)]);
  builder.reduce(arg, reduction("sum", "float32"), [0], [regularAxis(rows, rows)]);
  return streamed(stageOf(builder), [regularAxis(rows, 10)]);
}

describe("memory and order of pieces", () => {
  it("holds one piece and the state, and nothing afterwards", async () => {
    const arena = threadArena();
    if (!arena) return;
    const columns = 20_000;
    let most = 0;
    const before = arena.highWater;
    const fields = await fieldsOf(stored(REF, 200, columns), 0, {
      openSource: () => ({
        ref: REF,
        describe: () => {
          throw new Error("nobody asks");
        },
        readBlock: async (_selection, into) => {
          (into.data as Float32Array).fill(1);
          most = Math.max(most, arena.held);
          expect((into.data as Float32Array).buffer).toBe(arena.memory.buffer);
        },
      }),
    });
    expect(elements(fields[0]).every((sum) => sum === 200)).toBe(true);
    const piece = 10 * columns * 4;
    const state = columns * 8;
    expect(most).toBeLessThanOrEqual(piece + state + 1024);
    expect(arena.highWater).toBeLessThanOrEqual(Math.max(before, piece + state + 4096));
    expect(arena.held).toBe(0);
  });

  it("asks for the next piece before it computes the present one, where answers come from far", async () => {
    for (const [ref, expected] of [
      [REF, 1],
      [FAR, 2],
    ] as const) {
      let open = 0;
      let most = 0;
      const starts: number[] = [];
      await fieldsOf(stored(ref, 50, 8), 0, {
        openSource: () => ({
          ref,
          describe: () => {
            throw new Error("nobody asks");
          },
          readBlock: async ([rows], into) => {
            if (rows.kind === "slice") starts.push(rows.start);
            open++;
            most = Math.max(most, open);
            await new Promise((resolve) => setTimeout(resolve, 1));
            (into.data as Float32Array).fill(1);
            // the next reading begins in the turn in which this one ends
            setImmediate(() => open--);
          },
        }),
      });
      expect(starts).toEqual([0, 10, 20, 30, 40]);
      expect(most).toBeGreaterThanOrEqual(expected);
    }
  });

  it("stops between pieces, when its reading fails or when it is told to", async () => {
    for (const ref of [REF, FAR]) {
      const controller = new AbortController();
      let reads = 0;
      const source = (fail: boolean): TaskOptions => ({
        signal: controller.signal,
        openSource: () => ({
          ref,
          describe: () => {
            throw new Error("nobody asks");
          },
          readBlock: async (_selection, into) => {
            reads++;
            (into.data as Float32Array).fill(1);
            if (reads !== 3) return;
            if (fail) throw new Error("the third piece is damaged");
            controller.abort();
          },
        }),
      });
      await expect(fieldsOf(stored(ref, 100, 20_000), 0, source(true))).rejects.toThrow("third piece");
      expect(reads).toBeLessThanOrEqual(4);
      reads = 0;
      await expect(fieldsOf(stored(ref, 100, 20_000), 0, source(false))).rejects.toThrow(/cancelled/i);
      expect(reads).toBeLessThanOrEqual(4);
      expect(threadArena()?.held ?? 0).toBe(0);
    }
  });
});

describe("pieceBoxes", () => {
  it("gives the positions of one state, in C order", () => {
    const builder = new ProgramBuilder();
    const arg = builder.literal(blockOf("float64", [8, 3, 6], 1, false));
    builder.reduce(arg, reduction("sum", "float64"), [0, 2], [regularAxis(8, 4), regularAxis(6, 6)]);
    const steps = inPieces(builder.steps, [regularAxis(8, 2), regularAxis(6, 3)]);
    const stream = streamOf(steps);
    const box: Box = { start: [1, 0, 0], shape: [1, 3, 1] };
    expect(stream && pieceBoxes(stream, box)?.map(({ start }) => start)).toEqual([
      [2, 0, 0],
      [2, 0, 1],
      [3, 0, 0],
      [3, 0, 1],
    ]);
    expect(stream && pieceBoxes(stream, wholeBox([2, 3, 1]))).toBe(null);
    expect(streamOf(builder.steps)).toBe(null);
  });
});
