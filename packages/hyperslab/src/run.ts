/** Owns the running of expressions: nodes to a plan, the plan to an executor, its blocks to arrays. */
import { rechunk } from "@hyperslab/array/build";
import { lower } from "@hyperslab/array/lower";
import type { Node } from "@hyperslab/array/node";
import { optimise } from "@hyperslab/array/optimise";
import { rereadable } from "@hyperslab/array/rules/absorb-rechunk";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import { blockBox, blockTotal, chunkCount, maxChunk, regularAxis } from "@hyperslab/core/chunk-grid";
import { type BlockData, type TypedArray, itemSize } from "@hyperslab/core/dtype";
import { copyBytes } from "@hyperslab/core/copy-bytes";
import { ClusterError } from "@hyperslab/core/errors";
import type { RunEvent } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import { coordsOfBlock } from "@hyperslab/core/task-graph";
import { sameShape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import { type ExecutorSource, currentExecutor, executorOf } from "./options.js";

/** Options of everything that computes. */
export interface ComputeOptions {
  /** Who computes: a client, a cluster or any executor; that of `setOptions` unless said otherwise. */
  readonly on?: ExecutorSource;
  /** Ends the work: the call rejects with a CancelledError. */
  readonly signal?: AbortSignal;
  /** Is told when the plan starts, and of every finished task. */
  readonly progress?: (event: RunEvent) => void;
}

/** A finished block of one of several nodes. */
export interface FinishedBlock {
  /** Number of the node. */
  readonly node: number;
  readonly box: Box;
  readonly block: Block;
}

/**
 * Computes nodes in one plan and yields their blocks as they are finished, in any order.
 * @param transient the caller is done with a block when it asks for the next
 */
export async function* runBlocks(
  nodes: readonly Node[],
  options: ComputeOptions = {},
  transient = false,
): AsyncGenerator<FinishedBlock, void, undefined> {
  const lazy: number[] = [];
  for (const [i, node] of nodes.entries())
    if (node.kind !== "literal") lazy.push(i);
    else yield { node: i, box: { start: node.shape.map(() => 0), shape: node.shape }, block: node.block };
  if (lazy.length === 0) return;
  const executor = options.on === undefined ? currentExecutor() : executorOf(options.on);
  const plan = planOf(lazy.map((i) => nodes[i]));
  for await (const { output, index, block } of executor.run(plan, {
    signal: options.signal,
    on: options.progress,
    transient,
  })) {
    const { grid } = plan.stages[plan.outputs[output]];
    yield { node: lazy[output], box: blockBox(grid, coordsOfBlock(grid, index)), block };
  }
}

/** The plan that computes these nodes. */
export function planOf(nodes: readonly Node[]): Plan {
  return lower(optimise(nodes));
}

/** Computes nodes in one plan. @throws TaskError, MemoryError, CancelledError */
export async function runNodes(wanted: readonly Node[], options: ComputeOptions = {}): Promise<Block[]> {
  const nodes = wanted.map(inLargeBlocks);
  const results: (Block | undefined)[] = nodes.map(() => undefined);
  const missing = nodes.map((node) => (node.kind === "literal" ? 1 : blockTotal(node.grid)));
  // blocks that are copied to their places leave their memory to the next ones
  const transient = nodes.every((node) => node.kind === "literal" || blockTotal(node.grid) > 1);
  for await (const { node, box, block } of runBlocks(nodes, options, transient)) {
    const { dtype, shape } = nodes[node];
    missing[node]--;
    if (sameShape(box.shape, shape)) results[node] = block;
    else copyBlock(block, box, (results[node] ??= allocateBlock(dtype, shape)));
  }
  return nodes.map(({ dtype, shape }, i) => {
    const result = results[i] ?? (sizeOf(shape) === 0 ? allocateBlock(dtype, shape) : undefined);
    if (result && (missing[i] === 0 || sizeOf(shape) === 0)) return result;
    throw new ClusterError({
      who: "the executor",
      reason: `ended with ${missing[i]} blocks of a result missing`,
    });
  });
}

/** Results of smaller blocks are read many blocks at a time, up to so many bytes ... */
const LARGE_BLOCK = 16 * 2 ** 20;
/** ... and in no fewer pieces than this, so that there is work for all threads. */
const PIECES = 64;

/**
 * What is only read, and computed element by element, in larger blocks than it is stored in: a task costs more
 * than a small chunk.
 */
function inLargeBlocks(node: Node): Node {
  if (node.kind === "literal" || node.dtype === "string" || !rereadable(node)) return node;
  const item = itemSize(node.dtype);
  const most = Math.min(LARGE_BLOCK, (sizeOf(node.shape) * item) / PIECES);
  let bytes = node.grid.reduce((size, axis) => size * maxChunk(axis), item);
  if (bytes > most / 2) return node;
  const grid = [...node.grid];
  for (let i = grid.length - 1; i >= 0; i--) {
    const axis = grid[i];
    if (axis.kind !== "regular") break;
    const times = Math.min(chunkCount(axis), Math.floor(most / bytes));
    if (times <= 1) break;
    grid[i] = regularAxis(axis.length, Math.min(axis.length, times * axis.chunk));
    bytes *= times;
  }
  return { ...rechunk(node, grid), where: node.where };
}

/** Copies a block to its place in a whole array. */
export function copyBlock(block: Block, box: Box, into: Block): void {
  const rank = box.shape.length;
  const strides = stridesOf(into.shape);
  // axes at the end that are taken whole make longer runs
  let axis = rank - 1;
  while (axis > 0 && box.shape[axis] === into.shape[axis]) axis--;
  const run = sizeOf(box.shape.slice(Math.max(0, axis)));
  let from = 0;
  const walk = (level: number, to: number): void => {
    if (level >= axis) {
      copyRun(block.data, from, into.data, to + (level < rank ? box.start[level] * strides[level] : 0), run);
      from += run;
      return;
    }
    for (let i = 0; i < box.shape[level]; i++) walk(level + 1, to + (box.start[level] + i) * strides[level]);
  };
  if (sizeOf(box.shape) > 0) walk(0, 0);
}

function copyRun(source: BlockData, from: number, target: BlockData, to: number, length: number): void {
  if (Array.isArray(source) || Array.isArray(target)) {
    for (let i = 0; i < length; i++) target[to + i] = source[from + i];
    return;
  }
  const part = source.subarray(from, from + length);
  if (part.byteLength < LONG) (target as Float64Array).set(part as TypedArray as Float64Array, to);
  else copyBytes(bytesOf(part), bytesOf(target.subarray(to, to + length)));
}

/** Views that fast copies need cost more than they save below this. Bytes. */
const LONG = 16 * 1024;

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
