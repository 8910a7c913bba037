/**
 * Owns compute threads: starts them, gives them tasks, ends those that don't stop when told, and
 * replaces those that die. Knows tasks alone: no plans, no graphs.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Block } from "@hyperslab/core/block";
import { blockTotal } from "@hyperslab/core/chunk-grid";
import { viewOf } from "@hyperslab/core/dtype";
import { ArgumentError, CancelledError, ClusterError, fromWire } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { Remote } from "comlink";
import { BufferPool } from "./buffer-pool.js";
import { absent, literalsInParts, partsFor } from "./literal-parts.js";
import { type ResultMemory, memoryUnder } from "./result-memory.js";
import type { TaskResult } from "./run-task.js";
import { cancelledBy } from "./task-error.js";
import type { TaskStage } from "./task-stage.js";
import { type ThreadApi, type ThreadOutcome, type ThreadTask, connectThread } from "./thread-rpc.js";

export interface ThreadPoolOptions {
  /** Threads at most; as many as the machine runs at once where not given. */
  readonly threads?: number;
  /** Tasks that one thread has under way at once, at most: while one waits for storage, another computes. */
  readonly slots?: number;
  /** Milliseconds after which a thread without a task ends; never where not given. */
  readonly idle?: number;
  /** The module that threads run; it calls `serveTasks` ({@link ./serve-tasks.ts}). */
  readonly entry?: URL;
}

/** Milliseconds that a cancelled task is given to stop by itself before its thread is ended. */
const GRACE = 50;

/** Bytes of shared memory that are kept while nobody uses them. */
const KEPT = 256 * 2 ** 20;

interface Defined {
  readonly stages: readonly TaskStage[];
  /** Memory that {@link ThreadPool.define} took for literals. */
  readonly literals: readonly ArrayBufferLike[];
  /** For each stage, the literals that its tasks are handed part by part. */
  readonly large: readonly ReadonlyMap<number, Block>[];
}

interface Job {
  readonly ticket: number;
  readonly task: ThreadTask;
  readonly stages: readonly TaskStage[];
  readonly large: ReadonlyMap<number, Block>;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (error: Error) => void;
  /** Set once nobody waits for the job any more. */
  settled: boolean;
}

interface Thread {
  readonly number: number;
  readonly worker: Worker;
  readonly api: Remote<ThreadApi>;
  readonly release: () => void;
  /** Programs that it has been sent. */
  readonly programs: Set<string>;
  /** By ticket; cancelled ones too, until the thread is done with them. */
  readonly jobs: Map<number, Job>;
  readonly exited: Promise<void>;
  idleTimer: NodeJS.Timeout | null;
  ended: boolean;
}

/**
 * A pool of threads that compute tasks. Threads start when there is work, and never keep the
 * process alive without any.
 */
export class ThreadPool {
  readonly threads: number;
  readonly #slots: number;
  readonly #idle: number | undefined;
  readonly #entry: URL;
  /** Shared memory to be used again: for results, and for whoever gives tasks their `into`. */
  readonly buffers: BufferPool = new BufferPool(KEPT, true);
  readonly #programs = new Map<string, Defined>();
  readonly #waiting: Job[] = [];
  readonly #alive = new Set<Thread>();
  #tickets = 0;
  #started = 0;
  #closed = false;

  constructor(options: ThreadPoolOptions = {}) {
    this.threads = Math.max(1, options.threads ?? availableParallelism());
    this.#slots = Math.max(1, options.slots ?? 1);
    this.#idle = options.idle;
    this.#entry = options.entry ?? new URL("./thread-entry.js", import.meta.url);
  }

  /** Threads that run now. */
  get alive(): number {
    return this.#alive.size;
  }

  /**
   * Makes a program known under a name. Its literals are copied to memory that all threads share, but for large
   * ones: of those a task gets the part that it needs. What lies in shared memory already is not copied.
   */
  define(programId: string, stages: readonly TaskStage[]): void {
    const taken: ArrayBufferLike[] = [];
    const large = stages.map(({ program, grid }) => {
      const numbers = literalsInParts(program, blockTotal(grid));
      return new Map(numbers.map((number) => [number, program.literals[number]]));
    });
    const sent = stages.map((stage, s) => {
      const literals = stage.program.literals.map((block, number) =>
        large[s].has(number) ? absent(block) : this.#toShared(block, taken),
      );
      return { ...stage, program: { ...stage.program, literals } };
    });
    this.#programs.set(programId, { stages: sent, literals: taken, large });
  }

  /** Lets go of a program, here and in the threads. */
  forget(programId: string): void {
    for (const buffer of this.#programs.get(programId)?.literals ?? []) this.buffers.give(buffer);
    this.#programs.delete(programId);
    for (const thread of this.#alive)
      if (thread.programs.delete(programId)) thread.api.forget(programId).catch(() => undefined);
  }

  /**
   * Runs a task on a thread. Its blocks come back in the memory it was given (`into`), in memory that
   * only the caller has (`moved`), or else in SharedArrayBuffers. Inputs that lie in shared memory are
   * not copied. After a failure a thread may still write into what it was given: let go of it.
   * @throws what the task throws, as it was; ClusterError where the thread dies; CancelledError
   */
  run(task: ThreadTask, options: { signal?: AbortSignal } = {}): Promise<TaskResult> {
    const { signal } = options;
    return new Promise<TaskResult>((resolve, reject) => {
      const { stages, large } = this.#programs.get(task.programId) ?? {};
      if (this.#closed) throw new CancelledError({ what: "a task given to a closed thread pool" });
      if (signal?.aborted) throw cancelledBy(signal, "a task");
      if (!stages)
        throw new ArgumentError({ asked: `program ${task.programId}`, found: "it was not defined" });
      const onAbort = (): void => {
        if (!signal || job.settled) return;
        job.reject(cancelledBy(signal, `task ${stages[task.stage]?.name ?? task.stage}`));
        this.#cancel(job);
      };
      const settle = (): boolean => {
        if (job.settled) return false;
        job.settled = true;
        signal?.removeEventListener("abort", onAbort);
        return true;
      };
      const job: Job = {
        ticket: this.#tickets++,
        task,
        stages,
        large: large?.[task.stage] ?? new Map(),
        resolve: (result) => {
          if (settle()) resolve(result);
        },
        reject: (error) => {
          if (settle()) reject(error);
        },
        settled: false,
      };
      signal?.addEventListener("abort", onAbort);
      this.#waiting.push(job);
      this.#assign();
    });
  }

  /** Ends all threads. Tasks that are left are rejected with CancelledError. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new CancelledError({ what: "a task of a thread pool that closed" });
    for (const job of this.#waiting.splice(0)) job.reject(error);
    const threads = [...this.#alive];
    for (const thread of threads) {
      for (const job of thread.jobs.values()) job.reject(error);
      this.#end(thread);
    }
    await Promise.all(threads.map((thread) => thread.exited));
  }

  /** Gives waiting jobs to threads: to an idle one, a new one, or the one that has the least to do. */
  #assign(): void {
    while (this.#waiting.length > 0) {
      let best: Thread | undefined;
      for (const thread of this.#alive) if (!best || thread.jobs.size < best.jobs.size) best = thread;
      if ((!best || best.jobs.size > 0) && this.#alive.size < this.threads) best = this.#start();
      if (!best || best.jobs.size >= this.#slots) return;
      const job = this.#waiting.shift();
      if (job) this.#send(best, job);
    }
  }

  #toShared(block: Block, taken: ArrayBufferLike[]): Block {
    if (Array.isArray(block.data) || block.dtype === "string") return block;
    const { buffer, byteOffset, byteLength, length } = block.data;
    if (buffer instanceof SharedArrayBuffer) return block;
    const shared = this.buffers.take(byteLength);
    taken.push(shared);
    new Uint8Array(shared).set(new Uint8Array(buffer, byteOffset, byteLength));
    return { ...block, data: viewOf(block.dtype, shared, 0, length) };
  }

  #start(): Thread {
    // flags of the main thread (`--input-type`, loaders of a test runner) are not meant for this module
    const worker = new Worker(this.#entry, { execArgv: [] });
    const number = ++this.#started;
    let failure: unknown;
    const exited = new Promise<void>((resolve) => {
      worker.on("error", (error) => (failure = error));
      // an answer that can't be read: nobody knows any more what the thread has done
      worker.on("messageerror", (error) => {
        failure = error;
        void worker.terminate();
      });
      worker.on("exit", (code) => {
        this.#onExit(thread, code, failure);
        resolve();
      });
    });
    const thread: Thread = {
      number,
      worker,
      ...connectThread(worker),
      programs: new Set(),
      jobs: new Map(),
      exited,
      idleTimer: null,
      ended: false,
    };
    worker.unref();
    this.#alive.add(thread);
    return thread;
  }

  #send(thread: Thread, job: Job): void {
    const { programId } = job.task;
    const known = thread.programs.has(programId);
    thread.programs.add(programId);
    if (thread.jobs.size === 0) thread.worker.ref();
    if (thread.idleTimer) clearTimeout(thread.idleTimer);
    thread.idleTimer = null;
    thread.jobs.set(job.ticket, job);
    const { stage, block } = job.task;
    const parts = job.large.size > 0 ? partsFor(job.stages[stage], block, job.large, this.buffers) : [];
    const task = parts.length > 0 ? { ...job.task, parts } : job.task;
    thread.api.run(job.ticket, task, known ? null : job.stages).then(
      (outcome) => {
        for (const part of parts) this.buffers.give(memoryUnder(part.block.data) as SharedArrayBuffer);
        this.#onOutcome(thread, job, outcome);
      },
      (error: unknown) => {
        // the message itself did not get through, so neither did the program
        if (!known) thread.programs.delete(programId);
        const reason = error instanceof Error ? error.message : String(error);
        const who = `thread ${thread.number}`;
        job.reject(new ClusterError({ who, reason: `a task could not be sent: ${reason}`, cause: error }));
        this.#done(thread, job);
      },
    );
  }

  #onOutcome(thread: Thread, job: Job, outcome: ThreadOutcome): void {
    if ("error" in outcome) job.reject(fromWire(outcome.error));
    else job.resolve(resultOf(outcome, job.task.into));
    this.#done(thread, job);
  }

  #done(thread: Thread, job: Job): void {
    thread.jobs.delete(job.ticket);
    this.#rest(thread);
    this.#assign();
  }

  /** A thread nobody waits for does not keep the process alive, and ends after a while. */
  #rest(thread: Thread): void {
    if (thread.ended) return;
    if ([...thread.jobs.values()].every((job) => job.settled)) thread.worker.unref();
    if (thread.jobs.size > 0 || this.#idle === undefined) return;
    thread.idleTimer = setTimeout(() => {
      if (thread.jobs.size === 0) this.#end(thread);
    }, this.#idle).unref();
  }

  /** Takes a job that was given up out of the queue, or asks its thread to stop it, or ends the thread. */
  #cancel(job: Job): void {
    const queued = this.#waiting.indexOf(job);
    if (queued !== -1) this.#waiting.splice(queued, 1);
    for (const thread of this.#alive) {
      if (!thread.jobs.has(job.ticket)) continue;
      thread.api.cancel(job.ticket).catch(() => undefined);
      this.#rest(thread);
      setTimeout(() => {
        if (thread.ended || !thread.jobs.has(job.ticket)) return;
        // it computes, and hears nothing; its other tasks start again elsewhere
        const others = [...thread.jobs.values()].filter((other) => !other.settled);
        thread.jobs.clear();
        this.#end(thread);
        // only then it surely writes no more into memory that they were given
        void thread.exited.then(() => this.#resume(others));
      }, GRACE).unref();
    }
  }

  #resume(jobs: readonly Job[]): void {
    const error = new CancelledError({ what: "a task of a thread pool that closed" });
    if (this.#closed) for (const job of jobs) job.reject(error);
    else this.#waiting.unshift(...jobs.filter((job) => !job.settled));
    this.#assign();
  }

  #end(thread: Thread): void {
    if (thread.ended) return;
    thread.ended = true;
    this.#alive.delete(thread);
    if (thread.idleTimer) clearTimeout(thread.idleTimer);
    thread.release();
    void thread.worker.terminate();
  }

  #onExit(thread: Thread, code: number, failure: unknown): void {
    this.#end(thread);
    const reason = failure instanceof Error ? failure.message : `it ended with code ${code}`;
    for (const job of thread.jobs.values())
      job.reject(new ClusterError({ who: `thread ${thread.number}`, reason, cause: failure }));
    thread.jobs.clear();
    this.#assign();
  }
}

/** The fields of an outcome; those in memory that the caller gave stand in the caller's own buffers. */
function resultOf(
  { fields, readBytes }: Exclude<ThreadOutcome, { error: unknown }>,
  into: ResultMemory | undefined,
): TaskResult {
  const blocks = fields.map(({ dtype, shape, data }, k): Block => {
    if (data) return { dtype, shape, data };
    const buffer = into?.[k];
    if (!buffer || dtype === "string") throw new TypeError("a thread left out elements that nobody else has");
    return { dtype, shape, data: viewOf(dtype, buffer, 0, sizeOf(shape)) };
  });
  return { fields: blocks, readBytes };
}
