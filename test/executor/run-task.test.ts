import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, positionAt, slice } from "@hyperslab/core/box";
import { blockCoords, regularAxis, regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { evaluateLocal, runTask } from "@hyperslab/executor/run-task";
import { BufferPool } from "@hyperslab/executor/buffer-pool";
import { taskStagesOf } from "@hyperslab/executor/task-stage";
import type { ArraySource } from "@hyperslab/storage/source";
import { threadArena } from "@hyperslab/executor/thread-arena";
import { describe, expect, it } from "vitest";
import { elements } from "./collect.js";
import { ProgramBuilder, affine, binary, float64, planOf, stageOf } from "./plan-builder.js";

const REF: SourceRef = { format: "zarr", store: { kind: "process", id: 0 }, path: "/a", detail: null };

/** A source over a block, that keeps account of what is read from it. */
function sourceOver(block: Block): { source: ArraySource; reads: string[]; fail?: Error } {
  const reads: string[] = [];
  const strides = stridesOf(block.shape);
  const subject: { source: ArraySource; reads: string[]; fail?: Error } = {
    reads,
    source: {
      ref: REF,
      describe: () => {
        throw new Error("not needed");
      },
      async readBlock(selection: readonly AxisSelection[], into: Block) {
        if (subject.fail) throw subject.fail;
        reads.push(into.shape.join("x"));
        for (let i = 0; i < sizeOf(into.shape); i++) {
          const coords = blockCoords(into.shape, i);
          const at = coords.reduce((sum, c, axis) => sum + positionAt(selection[axis], c) * strides[axis], 0);
          into.data[i] = block.data[at];
        }
      },
    },
  };
  return subject;
}

function stageFor(p: ProgramBuilder, grid: ReturnType<typeof regularGrid>) {
  return taskStagesOf(planOf([stageOf("it", grid, p)]))[0];
}

describe("runTask", () => {
  it("reads each element once, counts the bytes, and computes the block", async () => {
    const { source, reads } = sourceOver(float64([20], (i) => i));
    const p = new ProgramBuilder();
    const a = p.source(REF, "float64", [slice(0, 20)]);
    const shifted = p.select(a, [slice(2, 18)]);
    p.elementwise(
      binary("subtract"),
      p.elementwise(binary("multiply"), shifted, shifted),
      p.select(a, [slice(0, 18)]),
    );
    const stage = stageFor(p, regularGrid([18], [6]));
    const { fields, readBytes } = await runTask(stage, 1, [], { openSource: () => source });
    expect(reads).toEqual(["8"]);
    expect(readBytes).toBe(64);
    expect(elements(fields[0])).toEqual([6, 7, 8, 9, 10, 11].map((i) => (i + 2) ** 2 - i));
  });

  it("yields every field of a partial state", async () => {
    const p = new ProgramBuilder();
    p.reduce(p.literal(float64([2, 5], (i) => i)), reduction("mean", "float64"), [1], [regularAxis(5, 2)]);
    const stage = stageFor(p, regularGrid([2, 3], [2, 3]));
    const { fields } = await runTask(stage, 0, []);
    expect(fields.map(({ dtype }) => dtype)).toEqual(["float64", "int64"]);
    expect(elements(fields[0])).toEqual([1, 5, 4, 11, 15, 9]);
    expect(elements(fields[1])).toEqual([2, 2, 1, 2, 2, 1]);
  });

  it("puts the result into shared memory where asked for", async () => {
    const p = new ProgramBuilder();
    p.view(p.literal(float64([2, 3], (i) => i)), [1, 0]);
    const { fields } = await runTask(stageFor(p, wholeGrid([3, 2])), 0, [], { shared: true });
    const { data } = fields[0];
    if (Array.isArray(data)) throw new Error("numbers were due");
    expect(data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(elements(fields[0])).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it("puts the result into memory that it is given", async () => {
    const given = (bytes: number): SharedArrayBuffer => {
      const buffer = new SharedArrayBuffer(bytes);
      new Uint8Array(buffer).fill(255);
      return buffer;
    };
    const check = async (p: ProgramBuilder, shape: number[], expected: number[]): Promise<void> => {
      const into = [given(100)];
      const { fields } = await runTask(stageFor(p, wholeGrid(shape)), 0, [], { into });
      if (Array.isArray(fields[0].data)) throw new Error("numbers were due");
      expect(fields[0].data.buffer).toBe(into[0]);
      expect(elements(fields[0])).toEqual(expected);
    };
    const p = new ProgramBuilder();
    const a = p.literal(float64([2, 3], (i) => i));
    await check(p, [2, 3], [0, 1, 2, 3, 4, 5]);
    p.elementwise(affine(1, 1), a);
    await check(p, [2, 3], [1, 2, 3, 4, 5, 6]);
    p.view(1, [1, 0]);
    await check(p, [3, 2], [1, 4, 2, 5, 3, 6]);
    p.reduce(2, reduction("sum", "float64"), [0]);
    await check(p, [1, 2], [6, 15]);
    p.concat(0, 3, 3);
    await check(p, [2, 2], [6, 15, 6, 15]);
  });

  it("hands out neither its scratch memory nor what it was given", async () => {
    const size = 20_000;
    const literal = float64([size], (i) => i);
    const scratch = new BufferPool();
    const p = new ProgramBuilder();
    const doubled = p.elementwise(affine(2, 0), p.literal(literal));
    p.select(doubled, [slice(0, size)]);
    const stage = stageFor(p, wholeGrid([size]));
    const first = await runTask(stage, 0, [], { scratch });
    const copy = [...elements(first.fields[0])];
    expect(threadArena()?.held ?? 0).toBe(0);
    expect(threadArena()?.highWater ?? scratch.kept).toBeGreaterThanOrEqual(size * 8);
    await runTask(stageFor(p, wholeGrid([size])), 0, [], { scratch });
    expect(elements(first.fields[0])).toEqual(copy);
    const q = new ProgramBuilder();
    q.literal(literal);
    const same = await runTask(stageFor(q, wholeGrid([size])), 0, []);
    expect(same.fields[0].data).not.toBe(literal.data);
  });

  it("names blocks that it should have been handed", async () => {
    const p = new ProgramBuilder();
    p.input(0, [4], ["float64"]);
    const grid = regularGrid([4], [2]);
    const stage = { ...stageFor(p, wholeGrid([4])), inputGrids: [grid] };
    const blocks = new Map([[0, [float64([2], [1, 2])]]]);
    await expect(runTask(stage, 0, [blocks])).rejects.toMatchObject({ tag: "ArgumentError" });
    blocks.set(1, [float64([2], [3, 4])]);
    expect(elements((await runTask(stage, 0, [blocks])).fields[0])).toEqual([1, 2, 3, 4]);
  });

  it("ends with what its source throws, once no read is under way", async () => {
    const subject = sourceOver(float64([4], (i) => i));
    subject.fail = new Error("disk on fire");
    const p = new ProgramBuilder();
    const a = p.source(REF, "float64", [slice(0, 4)]);
    const b = p.source({ ...REF, path: "/b" }, "float64", [slice(0, 4)]);
    p.elementwise(binary("add"), a, b);
    let ended = false;
    const other: ArraySource = {
      ...subject.source,
      readBlock: async (_selection, _into, options) => {
        await new Promise<void>((resolve) => options?.signal?.addEventListener("abort", () => resolve()));
        ended = true;
      },
    };
    const openSource = (ref: SourceRef): ArraySource => (ref.path === "/b" ? other : subject.source);
    await expect(runTask(stageFor(p, wholeGrid([4])), 0, [], { openSource })).rejects.toThrow("disk on fire");
    expect(ended).toBe(true);
  });

  it("ends with CancelledError when cancelled while it reads", async () => {
    const controller = new AbortController();
    const source: ArraySource = {
      ...sourceOver(float64([1], [0])).source,
      readBlock: (_selection, _into, options) =>
        new Promise<void>((_, reject) => {
          options?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
          controller.abort();
        }),
    };
    const p = new ProgramBuilder();
    p.source(REF, "float64", [slice(0, 1)]);
    const task = runTask(stageFor(p, wholeGrid([1])), 0, [], {
      openSource: () => source,
      signal: controller.signal,
    });
    await expect(task).rejects.toMatchObject({ tag: "CancelledError" });
  });

  it("writes whole chunks, after the read data were computed on", async () => {
    const written = new Map<string, (number | string)[]>();
    const p = new ProgramBuilder();
    const a = p.elementwise(affine(1, 1), p.literal(float64([3, 4], (i) => i)));
    const target = { format: "zarr", store: { kind: "process", id: 0 }, path: "/out", detail: null } as const;
    p.write(a, target, regularGrid([3, 4], [2, 3]));
    const stage = stageFor(p, regularGrid([2, 2], [2, 1]));
    const { fields } = await runTask(stage, 1, [], {
      writeTarget: async (_, start, block) => void written.set(start.join(), elements(block)),
    });
    expect(fields[0]).toMatchObject({ dtype: "bool", shape: [2, 1] });
    expect(Object.fromEntries(written)).toEqual({ "0,3": [4, 8], "2,3": [12] });
  });

  it("fails where a chunk can't be written", async () => {
    const p = new ProgramBuilder();
    const target = { format: "zarr", store: { kind: "process", id: 0 }, path: "/out", detail: null } as const;
    p.write(p.literal(float64([4], (i) => i)), target, regularGrid([4], [2]));
    const full = async (): Promise<void> => {
      throw new Error("disk full");
    };
    await expect(runTask(stageFor(p, wholeGrid([2])), 0, [], { writeTarget: full })).rejects.toThrow(
      "disk full",
    );
  });
});

describe("evaluateLocal", () => {
  it("computes a whole program, or a box of it, at once", () => {
    const p = new ProgramBuilder();
    p.elementwise(affine(2, 1), p.literal(float64([4], (i) => i)));
    expect(elements(evaluateLocal(p.build()))).toEqual([1, 3, 5, 7]);
    expect(elements(evaluateLocal(p.build(), { start: [1], shape: [2] }))).toEqual([3, 5]);
  });

  it("does not copy a literal", () => {
    const p = new ProgramBuilder();
    const literal = float64([4], (i) => i);
    p.literal(literal);
    expect(evaluateLocal(p.build()).data).toBe(literal.data);
  });

  it("refuses programs that touch storage", () => {
    const p = new ProgramBuilder();
    p.source(REF, "float64", [slice(0, 4)]);
    expect(() => evaluateLocal(p.build())).toThrow("touches storage");
  });

  it("gives empty results for empty boxes", () => {
    const p = new ProgramBuilder();
    p.elementwise(affine(2, 1), p.literal(float64([4], (i) => i)));
    expect(evaluateLocal(p.build(), { start: [4], shape: [0] })).toEqual(allocateBlock("float64", [0]));
  });
});
