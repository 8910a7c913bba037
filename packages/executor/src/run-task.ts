/**
 * Owns the running of one task: the one place where kernels meet storage. First everything that a box
 * needs is read; then its steps are evaluated, box by box, and what nobody needs any more is
 * let go; what the task writes is written as it comes by. A task that goes through pieces does so for
 * each of them, and holds no more than one.
 * Knows no plans, no threads and no other tasks.
 */
import { setImmediate } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type Box, wholeBox } from "@hyperslab/core/box";
import type { Dtype } from "@hyperslab/core/dtype";
import { readsAhead } from "@hyperslab/core/piece";
import type { Program } from "@hyperslab/core/program";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import type { TargetRef } from "@hyperslab/core/source-ref";
import { computeIn } from "./array-memory.js";
import { BufferPool } from "./buffer-pool.js";
import { type DemandNode, demandOf } from "./demand.js";
import { type Evaluation, argumentOf, evaluateNext, finishNext } from "./evaluate.js";
import { GarbageMeter } from "./garbage.js";
import type { LiteralPart } from "./literal-parts.js";
import { type OpenSource, loadSources } from "./load.js";
import { type PieceProgram, PieceStates, boxesOf, pieceProgramOf } from "./pieces.js";
import { type ResultMemory, ResultPlace, foreignMemory, memoryUnder } from "./result-memory.js";
import { TaskScratch } from "./scratch.js";
import { type Allocate, type Value, emptyValue, fromBlock, toBlock } from "./strided.js";
import { throwIfAborted } from "./task-error.js";
import { threadArena, trimArena } from "./thread-arena.js";
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
  /** Parts of literals that the program itself does not hold. */
  readonly parts?: readonly LiteralPart[];
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
  const { program } = stage;
  const { shared = false } = options;
  throwIfAborted(options.signal, `task ${stage.name}`);
  stage.memories?.forEach(computeIn);
  const box = boxOfBlock(stage.grid, block);
  const place = new ResultPlace(options.into ?? [], shared);
  const run: TaskRun = { stage, inputs, options, pool: options.scratch ?? new BufferPool(0) };
  const pieces = pieceProgramOf(program);
  const boxes = pieces && boxesOf(pieces, box);
  const scratch = new TaskScratch(run.pool, threadArena);
  const settle = (value: Value): Block[] => {
    const parts = options.parts?.map((part) => part.block) ?? [];
    const foreign = foreignMemory([...program.literals, ...parts], inputs);
    return value.map((field, k) => {
      const lent = foreign.has(memoryUnder(field.data)) || scratch.owns(field.data);
      return place.settle(field, k, lent);
    });
  };
  try {
    if (pieces && boxes) {
      const { value, readBytes } = await goThrough(run, pieces, box, boxes, scratch, place);
      return { fields: settle(value), readBytes };
    }
    const fresh = (dtype: Dtype, shape: Shape): Block => place.allocate(dtype, shape);
    const loaded = await loadBox(run, program, box, scratch, fresh);
    const value = await evaluateBox(run, program, loaded, scratch, { fresh });
    return { fields: settle(value), readBytes: loaded.readBytes };
  } finally {
    scratch.releaseAll();
    trimArena();
  }
}

interface TaskRun {
  readonly stage: TaskStage;
  readonly inputs: TaskInputs;
  readonly options: TaskOptions;
  readonly pool: BufferPool;
}

/** What a box needs of storage, in memory. */
interface LoadedBox {
  readonly nodes: readonly DemandNode[];
  readonly blocks: ReadonlyMap<number, Block>;
  readonly readBytes: number;
}

const NO_BLOCKS: ReadonlyMap<number, Block> = new Map();

/** What never reads loads no formats. */
const openStored: OpenSource = async (ref) =>
  (await import("@hyperslab/storage/open-source")).openSource(ref);

/** Stored bytes that stood in memory of their own are garbage now: enough of them are worth a quick collection. */
const stored = new GarbageMeter("minor", 32 * 2 ** 20);
let outside = 0;

function collectStored(): void {
  const before = outside;
  outside = getHeapStatistics().external_memory;
  stored.add(Math.max(0, outside - before));
}

/** Reads what a box of a program needs. `fresh` gives the memory of the box itself, where it is just read. */
async function loadBox(
  { stage, options }: TaskRun,
  program: Program,
  box: Box,
  scratch: TaskScratch,
  fresh: Allocate,
): Promise<LoadedBox> {
  const { signal } = options;
  const nodes = demandOf(program, box);
  const last = nodes.length - 1;
  if (program.sources.length === 0) return { nodes, blocks: NO_BLOCKS, readBytes: 0 };
  const loaded = await loadSources(
    program,
    nodes,
    (i, dtype, shape) => (i === last ? fresh(dtype, shape) : scratch.allocate(dtype, shape)),
    options.openSource ?? openStored,
    { ...(signal ? { signal } : {}), memory: scratch },
  ).catch((error: unknown) => {
    throwIfAborted(signal, `task ${stage.name}`);
    throw error;
  });
  throwIfAborted(signal, `task ${stage.name}`);
  collectStored();
  return { nodes, ...loaded };
}

/** Evaluates a box whose sources are loaded; its value stands in memory that `fresh` gave, or in `states`. */
async function evaluateBox(
  { stage, inputs, options }: TaskRun,
  program: Program,
  { nodes, blocks }: LoadedBox,
  scratch: TaskScratch,
  to: { readonly fresh: Allocate; readonly states?: PieceStates },
): Promise<Value> {
  const { signal } = options;
  const last = nodes.length - 1;
  const evaluation: Evaluation = {
    program,
    nodes,
    values: [],
    inputGrids: stage.inputGrids,
    inputs,
    ...(to.states ? { states: to.states } : {}),
    ...(options.parts ? { parts: options.parts } : {}),
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
      const write = options.writeTarget ?? (await import("@hyperslab/storage/write-target")).writeTarget;
      const argument = argumentOf(evaluation, node, 0);
      const written = await writeChunks(step.grid, node.box, argument, (start, chunk) =>
        write(target, start, chunk, signal && { signal }),
      );
      throwIfAborted(signal, `task ${stage.name}`);
      finishNext(evaluation, written);
    } else {
      const inScratch: Allocate = (dtype, shape) => scratch.allocate(dtype, shape);
      evaluateNext(evaluation, i === last ? to.fresh : inScratch);
    }
  }
  return evaluation.values[last] ?? [];
}

/** Milliseconds of computing after which signals and timers get their turn between two pieces. */
const TURN = 12;

/**
 * Lets the pieces of a box enter its states one after another. Where answers come from far, the next piece is asked
 * for before the present one is computed.
 */
async function goThrough(
  run: TaskRun,
  pieces: PieceProgram,
  box: Box,
  boxes: readonly Box[],
  scratch: TaskScratch,
  place: ResultPlace,
): Promise<{ value: Value; readBytes: number }> {
  const { stage, options, pool } = run;
  const partial = pieces.stream.axes[0].partial !== null;
  // states that leave the task grow where they are wanted
  const states = new PieceStates(
    pieces,
    box,
    (dtype, shape) => (partial ? place.allocate(dtype, shape) : scratch.allocate(dtype, shape)),
    (bytes) => scratch.inArena(bytes),
  );
  const ahead = readsAhead(stage.program.sources);
  const load = async (number: number): Promise<LoadedPiece> => {
    const memory = new TaskScratch(pool, threadArena);
    try {
      const fresh: Allocate = (dtype, shape) => memory.allocate(dtype, shape);
      return { ...(await loadBox(run, pieces.program, boxes[number], memory, fresh)), memory };
    } catch (error) {
      memory.releaseAll();
      throw error;
    }
  };
  let readBytes = 0;
  let turn = performance.now();
  let next: Promise<LoadedPiece> | null = null;
  try {
    for (let i = 0; i < boxes.length; i++) {
      const loaded = await (next ?? load(i));
      next = ahead && i + 1 < boxes.length ? load(i + 1) : null;
      // it is waited for later: until then nobody else would see that it failed
      next?.catch(() => undefined);
      try {
        const { memory } = loaded;
        const fresh: Allocate = (dtype, shape) => memory.allocate(dtype, shape);
        await evaluateBox(run, pieces.program, loaded, memory, { fresh, states });
        readBytes += loaded.readBytes;
      } finally {
        loaded.memory.releaseAll();
      }
      if (performance.now() - turn < TURN) continue;
      await setImmediate();
      turn = performance.now();
      throwIfAborted(options.signal, `task ${stage.name}`);
    }
  } finally {
    // no read may still write to memory that is given back
    await next?.then(
      ({ memory }) => memory.releaseAll(),
      () => undefined,
    );
  }
  return { value: states.seal(), readBytes };
}

interface LoadedPiece extends LoadedBox {
  readonly memory: TaskScratch;
}

/** True where every task of the stage can be computed in one go: nothing is read, written, or goes through pieces. */
export function isImmediate({ program, memories }: TaskStage): boolean {
  const apart = program.sources.length + program.targets.length > 0 || (memories?.length ?? 0) > 0;
  return !apart && pieceProgramOf(program) === null;
}

/**
 * Computes a block of an immediate stage ({@link isImmediate}), at once: the way for tasks so small that they would
 * cost less than all that {@link runTask} does around them. What comes back may share memory with literals and inputs.
 * @throws whatever computing throws
 */
export function runImmediate(stage: TaskStage, box: Box, inputs: TaskInputs): Value {
  const { program, inputGrids } = stage;
  const nodes = demandOf(program, box);
  const evaluation: Evaluation = { program, nodes, values: [], inputGrids, inputs };
  while (evaluation.values.length < nodes.length) evaluateNext(evaluation, allocateBlock);
  return evaluation.values[nodes.length - 1] ?? emptyValue(stage.fields, box.shape);
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
