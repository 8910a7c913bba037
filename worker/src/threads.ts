/**
 * Owns a worker's compute threads: runs and batches go there, and what comes of them comes back as events. Knows
 * no socket and no scheduler.
 */
import { setEnvironmentData } from "node:worker_threads";
import type { Block } from "@hyperslab/core/block";
import { ArgumentError, CancelledError, MemoryError, toWire } from "@hyperslab/core/errors";
import { stageOfTask } from "@hyperslab/core/task-graph";
import { PAGE_UNITS } from "@hyperslab/executor/small-memory";
import type { TaskStage } from "@hyperslab/executor/task-stage";
import type { BatchDeath, BatchOutcome, ThreadBatch } from "@hyperslab/executor/thread-batch";
import { ThreadPool } from "@hyperslab/executor/thread-pool";
import { MAX_BLOCK, fieldBytes } from "@hyperslab/protocol/block-bytes";
import { ALLOWED_FOLDERS } from "./allowed-modules.js";
import { BlockMemory } from "./block-memory.js";
import { BRIEF_MS, BriefTasks, isBrief } from "./brief-tasks.js";
import type { BlockAt, Payload, WorkerEvent, WorkerInstruction } from "./events.js";
import { type WorkerState, sizeOfTask } from "./state.js";

/** Threads that are started before there is work. */
const MAX_WARM = 4;
/** What threads run where functions may be called. */
const CALL_THREAD = new URL("./call-thread.js", import.meta.url);

type StartRun = Extract<WorkerInstruction, { kind: "StartRun" }>;
type StartBatch = Extract<WorkerInstruction, { kind: "StartBatch" }>;

interface RegisteredStage {
  readonly task: TaskStage;
  /** See {@link isBrief}. */
  readonly brief: boolean;
  /** The pool was told of it. */
  defined: boolean;
}

export class WorkerThreads {
  readonly #state: WorkerState;
  readonly #pool: ThreadPool;
  readonly #tell: (event: WorkerEvent) => void;
  /** How to stop a run under way. */
  readonly #stops = new Map<number, () => void>();
  /** Memory of blocks that have it of their own. */
  readonly memory: BlockMemory;
  /** Stages of jobs, by the names of their programs; by job, these names. */
  readonly #stages = new Map<string, RegisteredStage>();
  readonly #programs = new Map<number, string[]>();
  readonly #brief: BriefTasks;

  /** @param tell hears what comes of runs @param folders with modules whose functions may be called */
  constructor(state: WorkerState, tell: (event: WorkerEvent) => void, folders: readonly string[] = []) {
    this.#state = state;
    this.#tell = tell;
    // more slots than one: tasks that wait for a network share a thread
    // threads start later, and find the folders there
    if (folders.length > 0) setEnvironmentData(ALLOWED_FOLDERS, [...folders]);
    const calls = folders.length > 0 ? { entry: CALL_THREAD } : {};
    this.#pool = new ThreadPool({ threads: state.threads, slots: 4, wholeLiterals: true, ...calls });
    this.memory = new BlockMemory(this.#pool.buffers);
    this.#brief = new BriefTasks(this.#pool.small);
  }

  /** Starts some threads before the first task comes: it would wait for them to load. */
  async warmUp(): Promise<void> {
    // the main thread can take a first small task before threads can
    await this.#brief.load();
    const fields = ["bool"] as const;
    const program = {
      sources: [],
      targets: [],
      literals: [{ dtype: "bool", shape: [], data: Uint8Array.of(1) }],
      steps: [{ kind: "literal", literal: 0, shape: [], fields }],
    } as const;
    const programId = "warm up";
    this.#pool.define(programId, [{ name: programId, grid: [], fields, program, inputGrids: [] }]);
    const count = Math.min(this.#pool.threads, MAX_WARM);
    const runs = Array.from({ length: count }, () =>
      this.#pool.run({ programId, stage: 0, block: 0, inputs: [] }),
    );
    await Promise.allSettled(runs);
    this.#pool.forget(programId);
  }

  register({ job, stage, outline, program }: Extract<WorkerInstruction, { kind: "RegisterStage" }>): void {
    const { name, where, grid, fields, inputs } = outline.stages[stage];
    const inputGrids = inputs.map((input) => outline.stages[input.stage].grid);
    const task = { name, ...(where === undefined ? {} : { where }), grid, fields, program, inputGrids };
    const id = programId(job, stage);
    this.#stages.set(id, { task, brief: isBrief(outline, stage, program), defined: false });
    const names = this.#programs.get(job);
    if (names) names.push(id);
    else this.#programs.set(job, [id]);
  }

  unregister(job: number): void {
    for (const id of this.#programs.get(job) ?? []) {
      if (this.#stages.get(id)?.defined) this.#pool.forget(id);
      this.#stages.delete(id);
    }
    this.#programs.delete(job);
  }

  /** The pool knows a program from its first task on: many a job has but one task, which runs here. */
  #define(id: string): void {
    const stage = this.#stages.get(id);
    if (!stage || stage.defined) return;
    stage.defined = true;
    this.#pool.define(id, [stage.task]);
  }

  /** A single brief task of a worker that has nothing else to do runs here. */
  #runsHere(id: string, job: number, stage: number, tasks: number): TaskStage | null {
    const { running, queues } = this.#state;
    if (tasks !== 1 || running !== 1 || !this.#brief.available) return null;
    const registered = this.#stages.get(id);
    if (!registered?.brief || queues.some(({ head, tasks: queued }) => head < queued.length)) return null;
    const pace = this.#state.jobs.get(job)?.stages[stage]?.pace ?? 0;
    return pace < BRIEF_MS ? registered.task : null;
  }

  async run({ run, job, task, stage, block, inputs }: StartRun): Promise<void> {
    const controller = new AbortController();
    this.#stops.set(run, () =>
      controller.abort(new CancelledError({ what: "a task of a job that is over" })),
    );
    const started = performance.now();
    let ends: WorkerEvent;
    try {
      const found = inputs.map((blocks) => {
        const read = new Map<number, Payload>();
        for (const [number, at] of blocks) read.set(number, this.payloadAt(job, at));
        return read;
      });
      const known = this.#state.jobs.get(job);
      const placed = known?.stages[stage]?.placed ?? true;
      const into = known && !placed ? this.memory.take(known.outline.stages[stage], block) : [];
      const id = programId(job, stage);
      this.#define(id);
      const work = { programId: id, stage: 0, block, inputs: found, into };
      const { fields } = await this.#pool.run(work, { signal: controller.signal });
      const bytes = fieldBytes(fields);
      if (bytes > MAX_BLOCK)
        throw new MemoryError({
          what: "to send a block to another process",
          needed: bytes,
          available: MAX_BLOCK,
          hint: "cut the array into smaller chunks",
        });
      this.#checkSize(job, task, bytes);
      ends = { kind: "RunFinished", run, bytes, payload: fields, time: performance.now() - started };
    } catch (error) {
      ends = { kind: "RunFailed", run, task, error: toWire(error) };
    }
    this.#stops.delete(run);
    this.#tell(ends);
  }

  /** A block of another size than its place would overwrite its neighbours. @throws ArgumentError */
  #checkSize(job: number, task: number, bytes: number): void {
    const known = this.#state.jobs.get(job);
    if (!known?.stages[stageOfTask(known, task)]?.placed) return;
    const expected = sizeOfTask(known, task).bytes;
    if (bytes !== expected)
      throw new ArgumentError({ asked: `a block of ${expected} bytes`, found: `one of ${bytes}` });
  }

  async runBatch({ run, job, stage, blocks, places, inputs }: StartBatch): Promise<void> {
    this.#pool.small.grow(this.#state.places.pages);
    const known = this.#state.jobs.get(job);
    const first = known?.firstTask[stage] ?? 0;
    const outlines = known?.outline.stages ?? [];
    const inputFields = outlines[stage].inputs.map((input) => outlines[input.stage].fields);
    const id = programId(job, stage);
    const batch: ThreadBatch = { programId: id, stage: 0, blocks, places, inputs, inputFields };
    const here = this.#runsHere(id, job, stage, blocks.length);
    const outcome = await (here ? this.#brief.run(here, batch) : this.#runOnThread(run, batch));
    if ("error" in outcome) {
      const { error, index } = outcome;
      this.#tell({
        kind: "RunFailed",
        run,
        task: index < 0 ? -1 : first + blocks[index],
        error: toWire(error),
      });
    } else {
      const failed = outcome.failed.map(({ index, error }) => ({ task: first + blocks[index], error }));
      this.#tell({ kind: "BatchFinished", run, done: outcome.done, failed, time: outcome.time });
    }
  }

  async #runOnThread(run: number, batch: ThreadBatch): Promise<BatchOutcome | BatchDeath> {
    this.#define(batch.programId);
    const { ended, stop } = this.#pool.runBatch(batch);
    this.#stops.set(run, stop);
    const outcome = await ended;
    this.#stops.delete(run);
    return outcome;
  }

  stop(run: number): void {
    this.#stops.get(run)?.();
  }

  /** The fields of a block; those of a small one are views of the common memory. */
  payloadAt(job: number, at: BlockAt): readonly Block[] {
    if ("payload" in at) return at.payload;
    const known = this.#state.jobs.get(job);
    if (!known) return [];
    const { fields } = known.outline.stages[at.stage];
    const { shape } = sizeOfTask(known, known.firstTask[at.stage] + at.block);
    return this.#pool.small.read(at.place, fields, shape);
  }

  /** The bytes of small blocks, one after another. */
  gather(places: readonly number[], sizes: readonly number[]): Uint8Array {
    let total = 0;
    for (const size of sizes) total += size;
    const bytes = new Uint8Array(total);
    let at = 0;
    for (let i = 0; i < places.length;) {
      // neighbours are copied together
      let length = sizes[i];
      let next = i + 1;
      while (
        next < places.length &&
        length > 0 &&
        places[next] === places[i] + length / 8 &&
        samePage(places[i], places[next])
      )
        length += sizes[next++];
      bytes.set(this.#pool.small.bytes(places[i], length), at);
      at += length;
      i = next;
    }
    return bytes;
  }

  /** Writes a small block to its place. */
  store(place: number, payload: Payload, bytes: number): void {
    this.#pool.small.grow(this.#state.places.pages);
    this.#pool.small.write(place, payload, bytes);
  }

  /** Writes small blocks that stand one after another to their places. */
  scatter(places: readonly number[], sizes: readonly number[], bytes: Uint8Array): void {
    this.#pool.small.grow(this.#state.places.pages);
    let at = 0;
    places.forEach((place, i) => {
      if (place >= 0) this.#pool.small.bytes(place, sizes[i]).set(bytes.subarray(at, at + sizes[i]));
      at += sizes[i];
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

function samePage(a: number, b: number): boolean {
  return Math.floor(a / PAGE_UNITS) === Math.floor(b / PAGE_UNITS);
}

function programId(job: number, stage: number): string {
  return `${job}/${stage}`;
}
