/**
 * Owns the parts of large arrays in plain memory that tasks on other threads are handed: each gets a copy of
 * just what its block needs, so that a large array is never copied as a whole. Knows no threads.
 */
import type { Block } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import { itemSize, viewOf } from "@hyperslab/core/dtype";
import type { Program } from "@hyperslab/core/program";
import { sizeOf } from "@hyperslab/core/shape";
import type { BufferPool } from "./buffer-pool.js";
import { demandOf } from "./demand.js";
import { copyInto, fromBlock, sliceBox } from "./strided.js";
import { type TaskStage, boxOfBlock } from "./task-stage.js";

/** A box of a literal: its elements, and where they start in the whole. */
export interface LiteralPart {
  readonly literal: number;
  readonly start: readonly number[];
  readonly block: Block;
}

/** Literals below this are copied to shared memory as a whole, once. Bytes. */
const LARGE = 2 ** 20;

/** Numbers of the literals that tasks are handed part by part: large ones in plain memory, read box by box. */
export function literalsInParts({ literals, steps }: Program, blocks: number): number[] {
  return literals.flatMap(({ data, dtype }, number) => {
    if (dtype === "string" || Array.isArray(data) || data.buffer instanceof SharedArrayBuffer) return [];
    const asCodes = steps.some((step) => step.kind === "groupReduce" && step.codes === number);
    return blocks > 1 && !asCodes && data.byteLength >= LARGE ? [number] : [];
  });
}

/** What stands in for a literal that comes in parts. */
export function absent({ dtype, shape }: Block): Block {
  return dtype === "string"
    ? { dtype, shape, data: [] }
    : { dtype, shape, data: viewOf(dtype, new ArrayBuffer(0)) };
}

/** Copies the parts that a block of a stage needs to buffers of the pool, which are to be given back. */
export function partsFor(
  stage: TaskStage,
  block: number,
  whole: ReadonlyMap<number, Block>,
  pool: BufferPool,
): LiteralPart[] {
  const { steps } = stage.program;
  const needed = new Map<number, Box>();
  for (const node of demandOf(stage.program, boxOfBlock(stage.grid, block))) {
    const step = steps[node.step];
    if (step.kind !== "literal" || !whole.has(step.literal) || sizeOf(node.box.shape) === 0) continue;
    const known = needed.get(step.literal);
    needed.set(step.literal, known ? around(known, node.box) : node.box);
  }
  return [...needed].map(([literal, box]) => {
    const from = whole.get(literal) as Block & { readonly dtype: Exclude<Block["dtype"], "string"> };
    const buffer = pool.take(sizeOf(box.shape) * itemSize(from.dtype));
    const part = {
      dtype: from.dtype,
      shape: box.shape,
      data: viewOf(from.dtype, buffer, 0, sizeOf(box.shape)),
    };
    copyInto(
      sliceBox(fromBlock(from), box),
      part,
      box.shape.map(() => 0),
    );
    return { literal, start: box.start, block: part };
  });
}

/** The smallest box that holds two. */
function around(a: Box, b: Box): Box {
  const start = a.start.map((at, axis) => Math.min(at, b.start[axis]));
  const shape = start.map(
    (at, axis) => Math.max(a.start[axis] + a.shape[axis], b.start[axis] + b.shape[axis]) - at,
  );
  return { start, shape };
}

/** A box of a literal out of the part that holds it. */
export function boxInPart({ start }: LiteralPart, box: Box): Box {
  return { start: box.start.map((at, axis) => at - start[axis]), shape: box.shape };
}
