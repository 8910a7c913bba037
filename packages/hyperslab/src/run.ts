/** Owns the running of expressions: nodes to a plan, the plan to an executor, its blocks to arrays. */
import { lower } from "@hyperslab/array/lower";
import type { Node } from "@hyperslab/array/node";
import { optimise } from "@hyperslab/array/optimise";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import { blockBox, blockTotal } from "@hyperslab/core/chunk-grid";
import type { BlockData, TypedArray } from "@hyperslab/core/dtype";
import { ClusterError } from "@hyperslab/core/errors";
import type { Executor, RunEvent } from "@hyperslab/core/executor";
import { coordsOfBlock } from "@hyperslab/core/task-graph";
import { sameShape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import { checkExecutor, currentExecutor } from "./options.js";

/** Options of everything that computes. */
export interface ComputeOptions {
  /** Who computes; the executor of `setOptions` unless said otherwise. */
  readonly on?: Executor;
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

/** Computes nodes in one plan and yields their blocks as they are finished, in any order. */
export async function* runBlocks(
  nodes: readonly Node[],
  options: ComputeOptions = {},
): AsyncGenerator<FinishedBlock, void, undefined> {
  const lazy: number[] = [];
  for (const [i, node] of nodes.entries())
    if (node.kind !== "literal") lazy.push(i);
    else yield { node: i, box: { start: node.shape.map(() => 0), shape: node.shape }, block: node.block };
  if (lazy.length === 0) return;
  const executor = checkExecutor(options.on ?? currentExecutor());
  const plan = lower(optimise(lazy.map((i) => nodes[i])));
  for await (const { output, index, block } of executor.run(plan, {
    signal: options.signal,
    on: options.progress,
  })) {
    const { grid } = plan.stages[plan.outputs[output]];
    yield { node: lazy[output], box: blockBox(grid, coordsOfBlock(grid, index)), block };
  }
}

/** Computes nodes in one plan. @throws TaskError, MemoryError, CancelledError */
export async function runNodes(nodes: readonly Node[], options: ComputeOptions = {}): Promise<Block[]> {
  const results: (Block | undefined)[] = nodes.map(() => undefined);
  const missing = nodes.map((node) => (node.kind === "literal" ? 1 : blockTotal(node.grid)));
  for await (const { node, box, block } of runBlocks(nodes, options)) {
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
  // both are of one dtype: the blocks of a node have the node's
  (target as Float64Array).set(source.subarray(from, from + length) as TypedArray as Float64Array, to);
}
