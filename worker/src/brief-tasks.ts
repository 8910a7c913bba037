/**
 * Owns tasks that are over before a thread would have heard of them: a single small task of a worker that has nothing
 * else to do runs on the main thread, which saves two ways between threads. Only what can take microseconds alone
 * qualifies: nobody could stop it. Knows no socket and no job.
 */
import type { PlanOutline } from "@hyperslab/core/plan";
import type { Program, Step } from "@hyperslab/core/program";
import type { BufferPool } from "@hyperslab/executor/buffer-pool";
import type { SmallMemory } from "@hyperslab/executor/small-memory";
import type { TaskStage } from "@hyperslab/executor/task-stage";
import type { BatchDeath, BatchOutcome, ThreadBatch, runBatch } from "@hyperslab/executor/thread-batch";
import { CONTROL_WORDS } from "@hyperslab/executor/thread-control";

/** What a task may hold, in bytes, and how many operations it may do with each element. */
const MAX_BYTES = 4096;
const MAX_STEPS = 32;
const MAX_OPS = 64;
const MAX_LITERAL_BYTES = 2 ** 16;
/** A stage whose tasks turn out to take longer, in milliseconds, goes to threads. */
export const BRIEF_MS = 0.25;

/** True where no task of the stage can take longer than some microseconds, whatever it reads. */
export function isBrief(outline: PlanOutline, stage: number, program: Program): boolean {
  const { cost } = outline.stages[stage];
  if (cost.output + cost.working > MAX_BYTES || cost.read > 0) return false;
  if (program.sources.length + program.targets.length > 0 || program.steps.length > MAX_STEPS) return false;
  let literals = 0;
  for (const { dtype, data } of program.literals) {
    if (dtype === "string" || Array.isArray(data)) return false;
    literals += data.byteLength;
  }
  return (
    literals <= MAX_LITERAL_BYTES && program.steps.reduce((sum, step) => sum + opsOf(step), 0) <= MAX_OPS
  );
}

function opsOf(step: Step): number {
  switch (step.kind) {
    case "input":
    case "literal":
    case "view":
    case "broadcast":
      return 0;
    case "elementwise":
      return step.program.ops.length;
    case "select":
    case "concat":
    case "tuple":
      return 1;
    case "reduce":
      // pieces are there because much is reduced
      return step.pieces ? Number.POSITIVE_INFINITY : 1;
    case "combine":
      return 1;
    case "groupReduce":
    case "source":
    case "write":
      return Number.POSITIVE_INFINITY;
  }
}

/** Runs brief tasks here. */
export class BriefTasks {
  readonly #small: SmallMemory;
  #code: Promise<Code> | null = null;

  /** @param small where inputs are, and results go */
  constructor(small: SmallMemory) {
    this.#small = small;
  }

  /** Loads what runs tasks; until it is called they go to threads. */
  async load(): Promise<void> {
    this.#code = Promise.all([
      import("@hyperslab/executor/thread-batch"),
      import("@hyperslab/executor/buffer-pool"),
    ]).then(([batches, { BufferPool: Pool }]) => ({ runBatch: batches.runBatch, scratch: new Pool() }));
    await this.#code.catch(() => (this.#code = null));
  }

  /** True where tasks can run here, now or in a moment. */
  get available(): boolean {
    return this.#code !== null;
  }

  /** Runs a batch; once the code is here it is over in this turn. */
  async run(stage: TaskStage, batch: ThreadBatch): Promise<BatchOutcome | BatchDeath> {
    try {
      const { runBatch: run, scratch } = await (this.#code ??
        Promise.reject(new TypeError("nothing was loaded")));
      return await run(0, stage, batch, this.#small, NEVER, { scratch });
    } catch (error) {
      return { error: error instanceof Error ? error : new TypeError(String(error)), index: 0 };
    }
  }
}

interface Code {
  readonly runBatch: typeof runBatch;
  readonly scratch: BufferPool;
}

/** Words of control that never stop anything. */
const NEVER: Int32Array = new Int32Array(CONTROL_WORDS).fill(-1);
