/**
 * Owns compute threads: starts them, gives them tasks, ends those that don't stop when told, and
 * replaces those that die. Knows tasks alone: no plans, no graphs.
 */
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { Block } from "@hyperslab/core/block";
import { ArgumentError, CancelledError, ClusterError, fromWire } from "@hyperslab/core/errors";
import { releaseScratchOf } from "./array-memory.js";
import { BufferPool } from "./buffer-pool.js";
import { partsFor } from "./literal-parts.js";
import { memoryUnder } from "./result-memory.js";
import type { TaskResult } from "./run-task.js";
import { cancelledBy } from "./task-error.js";
import { SmallMemory } from "./small-memory.js";
import type { TaskStage } from "./task-stage.js";
import { KEPT_BYTES } from "./thread-arena.js";
import type { BatchDeath, BatchOutcome, StartedBatch, ThreadBatch } from "./thread-batch.js";
import { CONTROL, STOP_WORDS } from "./thread-control.js";
import { ThreadPrograms } from "./thread-programs.js";
import { type ThreadApi, type ThreadOutcome, type ThreadTask, startThread, resultOf } from "./thread-rpc.js";

export interface ThreadPoolOptions {
  /** Threads at most; as many as the machine runs at once where not given. */
  readonly threads?: number;
  /** Tasks that one thread has under way at once, at most: while one waits for storage, another computes. */
  readonly slots?: number;
  /** Milliseconds after which a thread without a task ends; never where not given. */
  readonly idle?: number;
  /**
   * Large literals are copied to shared memory as a whole; otherwise a task gets the part that it needs. For those
   * who own the literals alone, and run batches.
   */
  readonly wholeLiterals?: boolean;
  /** Bytes of shared memory kept while nobody uses them. */
  readonly kept?: number;
  /** Bytes that a thread keeps of its arena between tasks: Infinity for who calls {@link ThreadPool.rest}. */
  readonly keptByThread?: number;
  /** The module that threads run; it calls `serveTasks` ({@link ./serve-tasks.ts}). */
  readonly entry?: URL;
}

/** Milliseconds that a cancelled task is given to stop by itself before its thread is ended. */
const GRACE = 50;
/** Bytes of shared memory that are kept while nobody uses them. */
const KEPT = 256 * 2 ** 20;

interface Job {
  readonly ticket: number;
  readonly programId: string;
  readonly stages: readonly TaskStage[];
  /** Sends it to a thread; resolves when the thread is done with it. `first`: the thread does not know the program. */
  readonly send: (thread: Thread, first: boolean) => Promise<void>;
  readonly reject: (error: Error, index: number) => void;
  /** Set once nobody waits for the job any more. */
  settled: boolean;
}

interface Thread {
  readonly number: number;
  readonly worker: Worker;
  readonly api: ThreadApi;
  readonly release: () => void;
  /** Programs that it has been sent. */
  readonly programs: Set<string>;
  /** Words that it reads and writes while it runs a batch. */
  readonly control: Int32Array;
  /** Pages of small blocks that it has. */
  pages: number;
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
  readonly #keptByThread: number;
  /** Shared memory to be used again: for results, and for whoever gives tasks their `into`. */
  readonly buffers: BufferPool;
  /** Where batches find their inputs, and leave their results. */
  readonly small: SmallMemory = new SmallMemory();
  readonly #programs: ThreadPrograms;
  readonly #waiting: Job[] = [];
  readonly #alive = new Set<Thread>();
  #tickets = 0;
  #started = 0;
  #closed = false;
  constructor(options: ThreadPoolOptions = {}) {
    this.threads = Math.max(1, options.threads ?? availableParallelism());
    this.#slots = Math.max(1, options.slots ?? 1);
    this.#idle = options.idle;
    this.#keptByThread = options.keptByThread ?? KEPT_BYTES;
    this.buffers = new BufferPool(Math.min(KEPT, options.kept ?? KEPT), true);
    this.#programs = new ThreadPrograms(this.buffers, options.wholeLiterals ?? false);
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
    this.#programs.define(programId, stages);
  }

  /** Lets go of a program, here and in the threads. */
  forget(programId: string): void {
    this.#programs.forget(programId);
    for (const thread of this.#alive) if (thread.programs.delete(programId)) thread.api.forget(programId);
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
        job.reject(cancelledBy(signal, `task ${stages[task.stage]?.name ?? task.stage}`), 0);
        this.#cancel(job);
      };
      const settle = (): boolean => {
        if (job.settled) return false;
        job.settled = true;
        signal?.removeEventListener("abort", onAbort);
        return true;
      };
      const parts = large?.[task.stage] ?? new Map<number, Block>();
      const job: Job = {
        ticket: this.#tickets++,
        programId: task.programId,
        stages,
        send: async (thread, first) => {
          const outcome = await this.#sendTask(thread, job, task, parts, first);
          if (!settle()) return;
          thread.jobs.delete(job.ticket); // the next task goes to memory that is warm
          if ("error" in outcome) reject(fromWire(outcome.error));
          else resolve(resultOf(outcome, task.into));
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

  async #sendTask(
    thread: Thread,
    job: Job,
    task: ThreadTask,
    large: ReadonlyMap<number, Block>,
    first: boolean,
  ): Promise<ThreadOutcome> {
    const stage = job.stages[task.stage];
    const parts = large.size > 0 ? partsFor(stage, task.block, large, this.buffers) : [];
    const sent = parts.length > 0 ? { ...task, parts } : task;
    const outcome = await thread.api.run(job.ticket, sent, first ? job.stages : null);
    for (const part of parts) this.buffers.give(memoryUnder(part.block.data) as SharedArrayBuffer);
    return outcome;
  }

  /** Runs small tasks on one thread, one after another. @throws ArgumentError for a program that was not defined */
  runBatch(batch: ThreadBatch): StartedBatch {
    const { stages, large } = this.#programs.get(batch.programId) ?? {};
    if (!stages || (large?.[batch.stage]?.size ?? 0) > 0) {
      const found = stages ? "its literals come in parts" : "it was not defined";
      throw new ArgumentError({ asked: `a batch of program ${batch.programId}`, found });
    }
    let stop = (): void => undefined;
    const ended = new Promise<BatchOutcome | BatchDeath>((resolve) => {
      const job: Job = {
        ticket: this.#tickets++,
        programId: batch.programId,
        stages,
        send: async (thread, first) => {
          const pages = this.small.buffers(thread.pages);
          thread.pages += pages.length;
          const outcome = await thread.api.runBatch(job.ticket, batch, first ? stages : null, pages);
          job.settled = true;
          resolve("error" in outcome ? { error: fromWire(outcome.error), index: 0 } : outcome);
        },
        reject: (error, index) => {
          job.settled = true;
          resolve({ error, index });
        },
        settled: false,
      };
      stop = () => this.#stop(job, new CancelledError({ what: "a batch of tasks" }));
      if (this.#closed) job.reject(new CancelledError({ what: "a batch given to a closed thread pool" }), 0);
      else {
        this.#waiting.push(job);
        this.#assign();
      }
    });
    return { ended, stop };
  }

  /** Ends the threads that have no task, or none in a moment: what they keep goes with them. The next tasks start new ones. */
  async rest(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const idle = [...this.#alive].filter(({ jobs }) => jobs.size === 0);
    await Promise.all(idle.map((thread) => (this.#end(thread), thread.exited)));
  }

  /** Ends all threads. Tasks that are left are rejected with CancelledError. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new CancelledError({ what: "a task of a thread pool that closed" });
    for (const job of this.#waiting.splice(0)) job.reject(error, 0);
    const threads = [...this.#alive];
    for (const thread of threads) {
      for (const job of thread.jobs.values()) job.reject(error, 0);
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

  #start(): Thread {
    const number = ++this.#started;
    let failure: unknown;
    // an answer that can't be read: nobody knows any more what the thread has done
    const onUnreadable = (error: unknown): void => {
      failure = error;
      void started.worker.terminate();
    };
    const started = startThread(this.#entry, this.#keptByThread, onUnreadable);
    const { worker } = started;
    const exited = new Promise<void>((resolve) => {
      worker.on("error", (error) => (failure = error));
      worker.on("messageerror", onUnreadable);
      const { threadId } = worker;
      worker.on("exit", (code) => {
        releaseScratchOf(threadId);
        this.#onExit(thread, code, failure);
        resolve();
      });
    });
    const thread: Thread = {
      number,
      ...started,
      programs: new Set(),
      pages: 0,
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
    const { programId } = job;
    const known = thread.programs.has(programId);
    thread.programs.add(programId);
    if (thread.jobs.size === 0) thread.worker.ref();
    if (thread.idleTimer) clearTimeout(thread.idleTimer);
    thread.idleTimer = null;
    thread.jobs.set(job.ticket, job);
    job.send(thread, !known).then(
      () => this.#done(thread, job),
      (error: unknown) => {
        // the message itself did not get through, so neither did the program
        if (!known) thread.programs.delete(programId);
        const reason = `a task could not be sent: ${error instanceof Error ? error.message : String(error)}`;
        job.reject(new ClusterError({ who: `thread ${thread.number}`, reason, cause: error }), 0);
        this.#done(thread, job);
      },
    );
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
      // nobody works here for now: what was kept for the next task goes too
      if (this.#alive.size === 0) this.buffers.clear();
    }, this.#idle).unref();
  }

  /** Takes a job that was given up out of the queue, or asks its thread to stop it, or ends the thread. */
  #cancel(job: Job): void {
    const queued = this.#waiting.indexOf(job);
    if (queued !== -1) this.#waiting.splice(queued, 1);
    for (const thread of this.#alive) {
      if (!thread.jobs.has(job.ticket)) continue;
      thread.api.cancel(job.ticket);
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

  /** Ends a batch: before its next task, or with its thread. */
  #stop(job: Job, error: CancelledError): void {
    const queued = this.#waiting.indexOf(job);
    if (queued !== -1) {
      this.#waiting.splice(queued, 1);
      job.reject(error, 0);
    }
    for (const thread of this.#alive) {
      if (!thread.jobs.has(job.ticket)) continue;
      Atomics.store(thread.control, CONTROL.stop + (job.ticket % STOP_WORDS), job.ticket);
      setTimeout(() => {
        if (thread.ended || !thread.jobs.has(job.ticket)) return;
        const others = [...thread.jobs.values()].filter((other) => !other.settled && other !== job);
        thread.jobs.clear();
        this.#end(thread);
        void thread.exited.then(() => {
          job.reject(error, 0);
          this.#resume(others);
        });
      }, GRACE).unref();
    }
  }

  #resume(jobs: readonly Job[]): void {
    if (this.#closed)
      for (const job of jobs) job.reject(new CancelledError({ what: "a task of a closed thread pool" }), 0);
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
    const ran = Atomics.load(thread.control, CONTROL.running);
    for (const job of thread.jobs.values()) {
      const error = new ClusterError({ who: `thread ${thread.number}`, reason, cause: failure });
      job.reject(error, job.ticket === ran ? Atomics.load(thread.control, CONTROL.at) : -1);
    }
    thread.jobs.clear();
    this.#assign();
  }
}
