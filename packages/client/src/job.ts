/**
 * Owns the handle of a plan that runs on a cluster: what a program asks of it and tells it. How results get here:
 * `run.ts`. What it costs: `job-report.ts`.
 */
import { blockTotal } from "@hyperslab/core/chunk-grid";
import { CancelledError } from "@hyperslab/core/errors";
import type { OutputBlock, RunEvent } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import type { CostBook, StagePrediction } from "./cost-book.js";
import { type JobReport, jobReport } from "./job-report.js";
import { type Run, type RunConnection, type SpentMessage, startRun } from "./run.js";

/** Something that can be run: labelled arrays and datasets are. */
export interface HasPlan {
  plan(): Plan;
}

export interface JobOptions {
  /** Jobs of a higher one go before others; 0 where not given. */
  readonly priority?: number;
  /** Cancels the job. */
  readonly signal?: AbortSignal;
  /** Is told when the job starts, and of every finished task. */
  readonly progress?: (event: RunEvent) => void;
}

/** How far a stage is, in tasks. */
export interface StageProgress {
  readonly name: string;
  readonly done: number;
  readonly tasks: number;
}

export type JobState = "running" | "paused" | "finished" | "failed" | "cancelled";

/** How far a job is. */
export interface JobProgress {
  readonly state: JobState;
  /** Tasks finished, and all of them. */
  readonly done: number;
  readonly tasks: number;
  readonly byStage: readonly StageProgress[];
  /** Of all blocks made so far, on the workers; a few tenths of a second old. */
  readonly bytes: number;
  /** Milliseconds since the job was submitted; those during which it was paused are left out. */
  readonly elapsed: number;
  /** Milliseconds that are left, by what its stages have cost so far; null while that is not known. */
  readonly eta: number | null;
}

/** Starts a job; resolves once the scheduler has it. @throws what keeps it from being begun */
export async function startJob(
  work: Plan | HasPlan,
  options: JobOptions,
  connection: RunConnection,
  costs: CostBook,
): Promise<Job> {
  const plan = "plan" in work ? work.plan() : work;
  const job = new Job(plan, options, connection, costs);
  await job.started;
  return job;
}

/**
 * A plan that runs on a cluster.
 *
 * ```ts
 * await using job = await client.start(ds.get("air").mean("time"));
 * for await (const { done, tasks, eta } of job.progress) show(done / tasks, eta);
 * for await (const { index, block } of job.blocks()) keep(index, block);
 * console.log(String(job.report()));
 * ```
 * Leaving the scope of `await using` cancels what still runs.
 */
export class Job {
  /** Resolves once the scheduler has the job. */
  readonly started: Promise<void>;
  /** Resolves after the last block has come; rejects with what ended the job otherwise. */
  readonly finished: Promise<void>;
  readonly #plan: Plan;
  readonly #run: Run;
  readonly #costs: CostBook;
  readonly #predicted: readonly StagePrediction[];
  readonly #tasks: readonly number[];
  readonly #done: number[];
  #spent: Pick<SpentMessage, "tasks" | "time" | "bytes">;
  #id = 0;
  #state: JobState = "running";
  #priority: number;
  readonly #begin = performance.now();
  /** When it ended, or was paused; null while it runs. */
  #stopped: number | null = null;
  /** Milliseconds during which it was paused. */
  #pausedFor = 0;
  /** Grows with everything that progress tells. */
  #version = 0;
  readonly #wakes: (() => void)[] = [];

  /** Use `client.start`. */
  constructor(plan: Plan, options: JobOptions, connection: RunConnection, costs: CostBook) {
    this.#plan = plan;
    this.#costs = costs;
    this.#priority = options.priority ?? 0;
    this.#predicted = plan.stages.map((stage) => costs.predict(stage));
    this.#tasks = plan.stages.map(({ grid }) => blockTotal(grid));
    this.#done = plan.stages.map(() => 0);
    const none = plan.stages.map(() => 0);
    this.#spent = { tasks: none, time: none, bytes: none };
    let onStarted = (): void => undefined;
    let onEnd = (_error: Error | null): void => undefined;
    this.started = new Promise((resolve, reject) => {
      onStarted = resolve;
      onEnd = (error) => (error ? reject(error) : resolve());
    });
    const hearStart = onEnd;
    this.finished = new Promise((resolve, reject) => {
      onEnd = (error) => {
        hearStart(error);
        if (error) reject(error);
        else resolve();
      };
    });
    // who asks for neither hears of an error elsewhere
    this.started.catch(() => undefined);
    this.finished.catch(() => undefined);
    const { priority, signal, progress } = options;
    const on = (event: RunEvent): void => {
      if (event.kind === "finished") this.#done[event.stage]++;
      this.#changed();
      progress?.(event);
    };
    this.#run = startRun(
      plan,
      { on, ...(signal ? { signal } : {}), ...(priority === undefined ? {} : { priority }) },
      connection,
      {
        onStarted: (job) => {
          this.#id = job;
          onStarted();
        },
        onSpent: (spent) => {
          this.#spent = spent;
          this.#changed();
        },
        onEnd: (error) => {
          this.#onEnd(error);
          onEnd(error);
        },
      },
    );
  }

  #onEnd(error: Error | null): void {
    this.#state = error ? (error instanceof CancelledError ? "cancelled" : "failed") : "finished";
    this.#stopped ??= performance.now();
    // all results are here: they wait for whoever takes them, and the cluster has forgotten the job
    this.#run.close();
    const { tasks, time } = this.#spent;
    this.#plan.stages.forEach((stage, s) => this.#costs.learn(stage, tasks[s] ?? 0, time[s] ?? 0));
    this.#changed();
  }

  /** The scheduler's number of the job: the dashboard shows it under this one. */
  get id(): number {
    return this.#id;
  }

  get state(): JobState {
    return this.#state;
  }

  /**
   * How far the job is: now, then whenever something changes, and at last its end. Who is slow hears less often. An error
   * of the job ends this without one; `blocks()` and `finished` throw it.
   */
  get progress(): AsyncIterable<JobProgress> {
    return { [Symbol.asyncIterator]: () => this.#follow() };
  }

  async *#follow(): AsyncGenerator<JobProgress, void, undefined> {
    for (;;) {
      const version = this.#version;
      const progress = this.#look();
      yield progress;
      if (progress.state !== "running" && progress.state !== "paused") return;
      if (version === this.#version) await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
  }

  /**
   * Finished blocks, in any order, each once. The cluster sends on as they are taken: no more than the connection's window
   * (64 MiB) waits here, and the workers hold the rest. Several callers share the blocks; who leaves early leaves the
   * others to the next. @throws what ended the job
   */
  blocks(): AsyncGenerator<OutputBlock, void, undefined> {
    return this.#run.blocks();
  }

  /**
   * Ends the job, unless it is over: its tasks are stopped within 100 ms, also those that compute (their thread is
   * ended and replaced), and everything else on the workers stays. @param reason its message says why, in the error
   */
  cancel(reason?: Error): void {
    this.#run.cancel(new CancelledError({ what: `job ${this.#id}`, ...(reason ? { cause: reason } : {}) }));
  }

  /** Nothing new of the job is begun; what workers have they finish. */
  pause(): void {
    if (this.#state !== "running") return;
    this.#state = "paused";
    this.#stopped = performance.now();
    this.#run.steer(true, this.#priority);
    this.#changed();
  }

  /** Goes on after a {@link pause}. */
  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "running";
    this.#pausedFor += performance.now() - (this.#stopped ?? 0);
    this.#stopped = null;
    this.#run.steer(false, this.#priority);
    this.#changed();
  }

  /** Jobs of a higher one go first. */
  setPriority(priority: number): void {
    this.#priority = priority;
    this.#run.steer(this.#state === "paused", priority);
  }

  /**
   * What the job has cost so far against what was predicted, by stage and by line of the user's code. Bytes come from the
   * plan; times from what jobs of this client took before.
   */
  report(): JobReport {
    const stages = this.#plan.stages.map(({ name, where }, s) => ({
      name,
      where: where ?? null,
      tasks: this.#tasks[s],
      done: this.#done[s],
      bytes: { predicted: this.#predicted[s].bytes, actual: this.#spent.bytes[s] ?? 0 },
      time: { predicted: this.#predicted[s].time, actual: this.#spent.time[s] ?? 0 },
    }));
    return jobReport(this.#id, this.#state, this.#elapsed(), stages);
  }

  /** Cancels what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
  }

  #elapsed(): number {
    return (this.#stopped ?? performance.now()) - this.#begin - this.#pausedFor;
  }

  #look(): JobProgress {
    const byStage = this.#plan.stages.map(({ name }, s) => ({
      name,
      done: this.#done[s],
      tasks: this.#tasks[s],
    }));
    const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    return {
      state: this.#state,
      done: total(this.#done),
      tasks: total(this.#tasks),
      byStage,
      bytes: total(this.#spent.bytes),
      elapsed: this.#elapsed(),
      eta: this.#state === "running" ? this.#timeLeft() : this.#state === "finished" ? 0 : null,
    };
  }

  /**
   * Thread time that is left, over the threads that were busy on average. A stage of which tasks have ended costs what those
   * did; of another, the prediction is scaled by how wrong those of this job were.
   */
  #timeLeft(): number | null {
    const { tasks, time } = this.#spent;
    let spent = 0;
    let expected = 0;
    this.#predicted.forEach((predicted, s) => {
      spent += time[s];
      expected += (predicted.time * tasks[s]) / Math.max(1, this.#tasks[s]);
    });
    const elapsed = this.#elapsed();
    if (spent <= 0 || expected <= 0 || elapsed <= 0) return null;
    let left = 0;
    this.#predicted.forEach((predicted, s) => {
      const count = this.#tasks[s] - this.#done[s];
      const each = tasks[s] > 0 ? time[s] / tasks[s] : ((predicted.time / this.#tasks[s]) * spent) / expected;
      if (count > 0) left += count * each;
    });
    return (left * elapsed) / spent;
  }

  #changed(): void {
    this.#version++;
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
