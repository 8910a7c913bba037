/**
 * Owns batches: many small tasks of one stage that a thread runs one after another for one message. Their inputs
 * and results are places in {@link SmallMemory}. Knows no pool and no other thread.
 */
import { setImmediate } from "node:timers/promises";
import type { Block } from "@hyperslab/core/block";
import { type ChunkGrid, chunkCount } from "@hyperslab/core/chunk-grid";
import { type Dtype, itemSize } from "@hyperslab/core/dtype";
import { type WireError, toWire } from "@hyperslab/core/errors";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import { type TaskOptions, runTask } from "./run-task.js";
import type { SmallMemory } from "./small-memory.js";
import { type TaskInputs, type TaskStage, boxOfBlock } from "./task-stage.js";

/** Small tasks of one stage. */
export interface ThreadBatch {
  readonly programId: string;
  readonly stage: number;
  /** Numbers of the blocks in their stage. */
  readonly blocks: Int32Array;
  /** Where their results go. */
  readonly places: Int32Array;
  /** For each task, for each input: how many blocks, then number and place of each. */
  readonly inputs: Int32Array;
  /** For each input of the stage, the dtypes of its blocks. */
  readonly inputFields: readonly (readonly Dtype[])[];
}

/** What came of a batch. */
export interface BatchOutcome {
  /** Tasks that were run: the first ones. Fewer than all where it was stopped. */
  readonly done: number;
  /** Of these, the ones that failed. */
  readonly failed: readonly { readonly index: number; readonly error: WireError }[];
  /** Milliseconds. */
  readonly time: number;
}

/** Why a batch did not end: its thread died while it ran task `index` of it; -1 where it ran another batch. */
export interface BatchDeath {
  readonly error: Error;
  readonly index: number;
}

/** What came of a batch, and how to end it early. */
export interface StartedBatch {
  /** Resolves once the thread writes to no place of it any more. */
  readonly ended: Promise<BatchOutcome | BatchDeath>;
  stop(): void;
}

/** Words that a pool and its thread share. */
interface ControlWords {
  /** Ticket of the batch that runs. */
  readonly running: 0;
  /** Number of the task that runs, in its batch. */
  readonly at: 1;
  /** Here and behind: tickets of batches that are to stop, each at its ticket modulo {@link STOP_WORDS}. */
  readonly stop: 2;
}
export const CONTROL: ControlWords = { running: 0, at: 1, stop: 2 };
/** More than a thread has batches at a time. */
export const STOP_WORDS = 16;
export const CONTROL_WORDS: number = CONTROL.stop + STOP_WORDS;

/** Milliseconds of computing after which messages get their turn between two tasks. */
const TURN = 12;

/** Runs a batch; it stops between two tasks once its ticket stands in `control`. */
export async function runBatch(
  ticket: number,
  stage: TaskStage,
  batch: ThreadBatch,
  memory: SmallMemory,
  control: Int32Array,
  options: TaskOptions,
): Promise<BatchOutcome> {
  const started = performance.now();
  const failed: { index: number; error: WireError }[] = [];
  const reader = new InputReader(stage, batch, memory);
  const shapes = new BlockShapes(stage.grid);
  const { blocks, places } = batch;
  let turn = started;
  let i = 0;
  const stop = CONTROL.stop + (ticket % STOP_WORDS);
  for (; i < blocks.length && Atomics.load(control, stop) !== ticket; i++) {
    Atomics.store(control, CONTROL.running, ticket);
    Atomics.store(control, CONTROL.at, i);
    try {
      const { fields } = await runTask(stage, blocks[i], reader.next(), options);
      memory.write(places[i], fields, bytesOf(stage.fields, shapes.of(blocks[i])));
    } catch (error) {
      failed.push({ index: i, error: toWire(error) });
    }
    if (i % 16 !== 15 || performance.now() - turn < TURN) continue;
    await setImmediate();
    turn = performance.now();
  }
  return { done: i, failed, time: performance.now() - started };
}

function bytesOf(fields: readonly Dtype[], shape: Shape): number {
  const elements = sizeOf(shape);
  let bytes = 0;
  for (const dtype of fields) bytes += (elements * itemSize(dtype) + 7) & ~7;
  return bytes;
}

/** Shapes of the blocks of a grid: one for all where they are equal. */
class BlockShapes {
  readonly #grid: ChunkGrid;
  readonly #all: Shape | null;

  constructor(grid: ChunkGrid) {
    this.#grid = grid;
    const equal = grid.every(
      (axis) => chunkCount(axis) === 1 || (axis.kind === "regular" && axis.length % axis.chunk === 0),
    );
    this.#all = equal ? boxOfBlock(grid, 0).shape : null;
  }

  of(block: number): Shape {
    return this.#all ?? boxOfBlock(this.#grid, block).shape;
  }
}

/** Hands out the inputs of one task after another. */
class InputReader {
  readonly #batch: ThreadBatch;
  readonly #memory: SmallMemory;
  readonly #shapes: readonly BlockShapes[];
  #at = 0;

  constructor(stage: TaskStage, batch: ThreadBatch, memory: SmallMemory) {
    this.#batch = batch;
    this.#memory = memory;
    this.#shapes = stage.inputGrids.map((grid) => new BlockShapes(grid));
  }

  next(): TaskInputs {
    const { inputs, inputFields } = this.#batch;
    return this.#shapes.map((shapes, k) => {
      const found = new Map<number, readonly Block[]>();
      for (let count = inputs[this.#at++]; count > 0; count--) {
        const block = inputs[this.#at++];
        found.set(block, this.#memory.read(inputs[this.#at++], inputFields[k], shapes.of(block)));
      }
      return found;
    });
  }
}
