/**
 * Owns the running of one task: the one place where kernels meet storage. First everything the
 * task needs is read; then its steps are evaluated, box by box, and what nobody needs any more is
 * let go; what the task writes is written as it comes by.
 * Knows no plans, no threads and no other tasks.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type Box, wholeBox } from "@hyperslab/core/box";
import type { Dtype } from "@hyperslab/core/dtype";
import type { Program } from "@hyperslab/core/program";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import type { TargetRef } from "@hyperslab/core/source-ref";
import { openSource } from "@hyperslab/storage/open-source";
import { writeTarget } from "@hyperslab/storage/write-target";
import { BufferPool } from "./buffer-pool.js";
import { demandOf } from "./demand.js";
import { type Evaluation, argumentOf, evaluateNext, finishNext } from "./evaluate.js";
import { type OpenSource, loadSources } from "./load.js";
import { type ResultMemory, ResultPlace, foreignMemory, memoryUnder } from "./result-memory.js";
import { TaskScratch } from "./scratch.js";
import { emptyValue, fromBlock, toBlock } from "./strided.js";
import { throwIfAborted } from "./task-error.js";
import { type TaskInputs, type TaskStage, boxOfBlock } from "./task-stage.js";
import { writeChunks } from "./write-chunks.js";

/** Writes a block to a stored array, at `start`. */
export type WriteTarget = (
  target: TargetRef,
  start: readonly number[],
  block: Block,
  options?: { signal?: AbortSignal },
) => Promise<void>;

export interface TaskOptions {
  readonly signal?: AbortSignal;
  /** Puts the result into SharedArrayBuffers, so that other threads see it without a copy. */
  readonly shared?: boolean;
  /**
   * Memory for the result, one buffer for each field of the stage (null: allocate it), of as many
   * bytes as the field's block has, or more.
   */
  readonly into?: ResultMemory;
  /** Memory to compute in; give one pool to many tasks of a thread. */
  readonly scratch?: BufferPool;
  /** How references are opened; the default opens every format of `@hyperslab/storage`. */
  readonly openSource?: OpenSource;
  readonly writeTarget?: WriteTarget;
}

export interface TaskResult {
  /** One block for each field of the stage. They share no memory with the inputs. */
  readonly fields: Block[];
  /** Bytes read from storage, decoded. */
  readonly readBytes: number;
}

/**
 * Computes block number `block` (C order) of a stage.
 * @throws CancelledError once `signal` is aborted, and whatever reading, computing or writing throws
 */
export async function runTask(
  stage: TaskStage,
  block: number,
  inputs: TaskInputs,
  options: TaskOptions = {},
): Promise<TaskResult> {
  const { program, inputGrids } = stage;
  const { signal, shared = false } = options;
  throwIfAborted(signal, `task ${stage.name}`);
  const nodes = demandOf(program, boxOfBlock(stage.grid, block));
  const last = nodes.length - 1;
  const scratch = new TaskScratch(options.scratch ?? new BufferPool(0));
  const inScratch = (dtype: Dtype, shape: Shape): Block => scratch.allocate(dtype, shape);
  const result = new ResultPlace(options.into ?? [], shared);
  const fresh = (dtype: Dtype, shape: Shape): Block => result.allocate(dtype, shape);
  try {
    const { blocks, readBytes } = await loadSources(
      program,
      nodes,
      (i, dtype, shape) => (i === last ? fresh : inScratch)(dtype, shape),
      options.openSource ?? openSource,
      signal,
    ).catch((error: unknown) => {
      throwIfAborted(signal, `task ${stage.name}`);
      throw error;
    });
    throwIfAborted(signal, `task ${stage.name}`);
    const evaluation: Evaluation = {
      program,
      nodes,
      values: [],
      inputGrids,
      inputs,
      onKeep: (value) => scratch.retain(value),
      onDrop: (value) => scratch.release(value),
    };
    for (let i = 0; i <= last; i++) {
      const node = nodes[i];
      const step = program.steps[node.step];
      const loaded = blocks.get(i);
      if (loaded) finishNext(evaluation, [fromBlock(loaded)]);
      else if (step.kind === "write" && sizeOf(node.box.shape) > 0) {
        const target = program.targets[step.target];
        const write = options.writeTarget ?? writeTarget;
        const argument = argumentOf(evaluation, node, 0);
        const written = await writeChunks(step.grid, node.box, argument, (start, chunk) =>
          write(target, start, chunk, signal && { signal }),
        );
        throwIfAborted(signal, `task ${stage.name}`);
        finishNext(evaluation, written);
      } else evaluateNext(evaluation, i === last ? fresh : inScratch);
    }
    const foreign = foreignMemory(program.literals, inputs);
    const fields = (evaluation.values[last] ?? []).map((field, k) => {
      const lent = foreign.has(memoryUnder(field.data)) || scratch.owns(field.data);
      return result.settle(field, k, lent);
    });
    return { fields, readBytes };
  } finally {
    scratch.releaseAll();
  }
}

/**
 * A box of the last step of a program that touches neither storage nor other stages, at once. The
 * block may share memory with the program's literals.
 * @throws ArgumentError for a program with sources, inputs or writes
 */
export function evaluateLocal(program: Program, box?: Box): Block {
  const result = program.steps[program.steps.length - 1];
  const nodes = demandOf(program, box ?? wholeBox(result.shape));
  const evaluation: Evaluation = { program, nodes, values: [], inputGrids: [], inputs: [] };
  while (evaluation.values.length < nodes.length) evaluateNext(evaluation, allocateBlock);
  const value = evaluation.values[nodes.length - 1] ?? emptyValue(result.fields, result.shape);
  return toBlock(value[0]);
}
