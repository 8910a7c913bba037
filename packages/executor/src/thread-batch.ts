/**
 * Owns batches: many small tasks of one stage that a thread runs one after another for one message. Their inputs
 * and results are places in {@link SmallMemory}. Knows no pool and no other thread.
 */
import { setImmediate } from "node:timers/promises";
import type { Block } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import { type ChunkGrid, chunkCount } from "@hyperslab/core/chunk-grid";
import { type Dtype, itemSize } from "@hyperslab/core/dtype";
import { type WireError, toWire } from "@hyperslab/core/errors";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import { type TaskOptions, isImmediate, runImmediate, runTask } from "./run-task.js";
import type { SmallMemory } from "./small-memory.js";
import { sliceBox, toBlock } from "./strided.js";
import { type TaskInputs, type TaskStage, boxOfBlock } from "./task-stage.js";
import { CONTROL, STOP_WORDS } from "./thread-control.js";

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

/** Milliseconds of computing after which messages get their turn between two tasks. */
const TURN = 12;

/** Blocks up to so many bytes are computed without arena or scratch memory. */
const TINY = 1024;

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
  const all = shapes.all;
  const immediate = all !== null && bytesOf(stage.fields, all) <= TINY && isImmediate(stage);
  let turn = started;
  let i = 0;
  const stop = CONTROL.stop + (ticket % STOP_WORDS);
  let axis = immediate && blocks.length > 1 ? joinedAxis(stage) : -1;
  while (axis >= 0 && i < blocks.length && Atomics.load(control, stop) !== ticket) {
    Atomics.store(control, CONTROL.running, ticket);
    Atomics.store(control, CONTROL.at, i);
    const end = neighboursFrom(blocks, i);
    const before = reader.at;
    try {
      const inputs = reader.nextOf(end - i);
      const first = boxOfBlock(stage.grid, blocks[i]);
      const value = runImmediate(stage, stretched(first, axis, end - i), inputs);
      for (let k = i; k < end; k++) {
        const part = {
          start: first.shape.map((length, a) => (a === axis ? length * (k - i) : 0)),
          shape: first.shape,
        };
        const fields = value.map((field) => toBlock(sliceBox(field, part)));
        memory.write(places[k], fields, bytesOf(stage.fields, first.shape));
      }
      i = end;
    } catch {
      // one of them fails, or what lies between two of them is not here: one by one it will show
      axis = -1;
      reader.at = before;
    }
  }
  for (; i < blocks.length && Atomics.load(control, stop) !== ticket; i++) {
    Atomics.store(control, CONTROL.running, ticket);
    Atomics.store(control, CONTROL.at, i);
    try {
      const inputs = reader.next();
      const fields = immediate
        ? runImmediate(stage, boxOfBlock(stage.grid, blocks[i]), inputs).map((field) => toBlock(field))
        : (await runTask(stage, blocks[i], inputs, options)).fields;
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

/** Tasks that are computed as one, at most: so many may be run in vain, or be stopped late. */
const JOINED = 64;

/**
 * The one axis along which the stage has several blocks, where neighbours can be computed as one larger block with
 * the same result: every element by itself. -1 where they can't.
 */
function joinedAxis({ grid, program }: TaskStage): number {
  const cut = grid.flatMap((axis, i) => (chunkCount(axis) > 1 ? [i] : []));
  const single = program.steps.every(
    (step) =>
      ["input", "literal", "view", "broadcast", "elementwise"].includes(step.kind) ||
      (step.kind === "select" && step.selection.every(({ kind }) => kind === "slice")),
  );
  return single && cut.length === 1 ? cut[0] : -1;
}

/** Where the run of neighbours ends that begins at `i`. */
function neighboursFrom(blocks: Int32Array, i: number): number {
  let end = i + 1;
  while (end < blocks.length && end - i < JOINED && blocks[end] === blocks[end - 1] + 1) end++;
  return end;
}

function stretched({ start, shape }: Box, axis: number, count: number): Box {
  return { start, shape: shape.map((length, a) => (a === axis ? length * count : length)) };
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
  /** Of every block, where they are equal. */
  readonly all: Shape | null;

  constructor(grid: ChunkGrid) {
    this.#grid = grid;
    const equal = grid.every(
      (axis) => chunkCount(axis) === 1 || (axis.kind === "regular" && axis.length % axis.chunk === 0),
    );
    this.all = equal ? boxOfBlock(grid, 0).shape : null;
  }

  of(block: number): Shape {
    return this.all ?? boxOfBlock(this.#grid, block).shape;
  }
}

/** Hands out the inputs of one task after another. */
class InputReader {
  readonly #batch: ThreadBatch;
  readonly #memory: SmallMemory;
  readonly #shapes: readonly BlockShapes[];
  /** Where the next task's inputs begin in the list. */
  at = 0;

  constructor(stage: TaskStage, batch: ThreadBatch, memory: SmallMemory) {
    this.#batch = batch;
    this.#memory = memory;
    this.#shapes = stage.inputGrids.map((grid) => new BlockShapes(grid));
  }

  next(): TaskInputs {
    return this.nextOf(1);
  }

  /** The inputs of the next tasks, together. */
  nextOf(tasks: number): TaskInputs {
    const { inputs, inputFields } = this.#batch;
    const found = this.#shapes.map(() => new Map<number, readonly Block[]>());
    for (let task = 0; task < tasks; task++)
      for (let k = 0; k < found.length; k++)
        for (let count = inputs[this.at++]; count > 0; count--) {
          const block = inputs[this.at++];
          const place = inputs[this.at++];
          if (!found[k].has(block))
            found[k].set(block, this.#memory.read(place, inputFields[k], this.#shapes[k].of(block)));
        }
    return found;
  }
}
