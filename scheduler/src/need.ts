/** Owns what a task needs, wherever it runs, and what of it is where. Reads the state, changes nothing. */
import {
  NOWHERE,
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  dependenciesOf,
  ownBytes,
} from "./state.js";

/** Bytes of a block in memory; 0 for one that is not. */
export function blockBytes(job: SchedulerJob, task: number): number {
  return job.status[task] === STATUS.memory ? job.size[task] : 0;
}

/** Bytes that a task takes at a worker that holds none of its inputs. */
export function needAt(job: SchedulerJob, task: number): number {
  let bytes = ownBytes(job, task);
  const { dependencies, dependencyStart } = job.graph;
  for (let e = dependencyStart[task]; e < dependencyStart[task + 1]; e++)
    bytes += blockBytes(job, dependencies[e]);
  return bytes;
}

/** The needs of one task, and which workers have some of it. */
export class Need {
  /** Output and working memory. */
  readonly own: number;
  /** Bytes of all inputs, and their number. */
  #inputs = 0;
  #count = 0;
  readonly #state: SchedulerState;
  /** By slot: bytes and number of the inputs that are there, or on their way there. */
  readonly #local = new Map<number, { bytes: number; count: number }>();

  constructor(state: SchedulerState, job: SchedulerJob, task: number) {
    this.#state = state;
    this.own = ownBytes(job, task);
    const maps = job.copies.size + job.incomingAt.size > 0;
    for (const dependency of dependenciesOf(job, task)) {
      const bytes = blockBytes(job, dependency);
      this.#inputs += bytes;
      this.#count++;
      this.#add(job.at[dependency], bytes);
      if (!maps) continue;
      for (const id of job.copies.get(dependency) ?? []) this.#add(this.#slotOf(id), bytes);
      for (const id of job.incomingAt.get(dependency) ?? []) this.#add(this.#slotOf(id), bytes);
    }
  }

  #slotOf(id: number): number {
    return this.#state.workers.get(id)?.slot ?? NOWHERE;
  }

  #add(slot: number, bytes: number): void {
    if (slot === NOWHERE) return;
    const local = this.#local.get(slot);
    if (local) {
      local.bytes += bytes;
      local.count++;
    } else this.#local.set(slot, { bytes, count: 1 });
  }

  /** Bytes that a worker would have to fetch. */
  fetchAt(worker: SchedulerWorker): number {
    return this.#inputs - (this.#local.get(worker.slot)?.bytes ?? 0);
  }

  /** Blocks that a worker would have to fetch. */
  fetchesAt(worker: SchedulerWorker): number {
    return this.#count - (this.#local.get(worker.slot)?.count ?? 0);
  }

  /** Workers that have some of the inputs. */
  holders(): SchedulerWorker[] {
    const found: SchedulerWorker[] = [];
    for (const slot of this.#local.keys()) {
      const worker = this.#state.slots[slot];
      if (worker) found.push(worker);
    }
    return found;
  }
}
