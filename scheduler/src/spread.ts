/**
 * Owns how tasks without preference are spread over workers: those with least to do are filled up to one
 * level, each with neighbouring tasks, so that what belongs together stays together. Lives for one tick.
 */
import { slotsOf } from "./pace.js";
import type { SchedulerWorker } from "./state.js";

/** True where the worker may have another task. */
export function hasSlot(worker: SchedulerWorker): boolean {
  return worker.assigned < slotsOf(worker);
}

export class Spread {
  /** Workers with free slots at the start of the tick, those with least to do first. */
  readonly workers: readonly SchedulerWorker[];
  /** Free slots of all of them. */
  slots = 0;
  /** Tasks a thread up to which workers are filled. */
  #level = 0;
  #at = 0;

  constructor(workers: Iterable<SchedulerWorker>) {
    const free: SchedulerWorker[] = [];
    for (const worker of workers) {
      const slots = slotsOf(worker) - worker.assigned;
      if (slots <= 0) continue;
      free.push(worker);
      this.slots += slots;
    }
    this.workers = free.sort((a, b) => a.assigned / a.threads - b.assigned / b.threads || a.id - b.id);
  }

  /** Sets the level that `count` more tasks will reach. */
  level(count: number): void {
    let tasks = count;
    let threads = 0;
    this.#level = 0;
    this.#at = 0;
    for (const worker of this.workers) {
      // workers above the level of those before them get nothing
      if (threads > 0 && worker.assigned / worker.threads >= tasks / threads) break;
      tasks += worker.assigned;
      threads += worker.threads;
      this.#level = tasks / threads;
    }
  }

  /** Who gets the next task; undefined where nobody has a slot. */
  next(): SchedulerWorker | undefined {
    const { workers } = this;
    for (; this.#at < workers.length; this.#at++) {
      const worker = workers[this.#at];
      if (hasSlot(worker) && worker.assigned < Math.ceil(this.#level * worker.threads)) return worker;
    }
    return workers.find(hasSlot);
  }

  /** A task was handed out. */
  took(): void {
    this.slots--;
  }
}
