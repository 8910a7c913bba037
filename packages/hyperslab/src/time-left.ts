/** Owns the guess of how long a run still takes, from what its tasks have taken so far, stage by stage. Knows no clock. */
import type { RunEvent } from "@hyperslab/core/executor";

type Started = Extract<RunEvent, { kind: "started" }>;
type Finished = Extract<RunEvent, { kind: "finished" }>;

/** Listens to the events of one run. Times are milliseconds on any clock. */
export class TimeLeft {
  readonly #tasks: number;
  readonly #stageTasks: readonly number[] | null;
  /** Tasks that ended, and the time between each end and the one before, by stage. */
  readonly #done: number[] = [];
  readonly #taken: number[] = [];
  #last: number;
  #allDone = 0;
  #allTaken = 0;

  /** @param time now */
  constructor({ tasks, stageTasks }: Started, time: number) {
    this.#tasks = tasks;
    this.#stageTasks = stageTasks ?? null;
    this.#last = time;
  }

  /** A task has ended, now. What runs side by side shares the time: that is the pace of all threads together. */
  add({ stage }: Finished, time: number): void {
    const taken = time - this.#last;
    this.#last = time;
    this.#done[stage] = (this.#done[stage] ?? 0) + 1;
    this.#taken[stage] = (this.#taken[stage] ?? 0) + taken;
    this.#allDone++;
    this.#allTaken += taken;
  }

  /** Milliseconds; null before the first task has ended. Tasks of a stage without any take as long as others. */
  left(): number | null {
    if (this.#allDone === 0) return null;
    const usual = this.#allTaken / this.#allDone;
    if (!this.#stageTasks) return (this.#tasks - this.#allDone) * usual;
    return this.#stageTasks.reduce((sum, tasks, stage) => {
      const done = this.#done[stage] ?? 0;
      const each = done > 0 ? this.#taken[stage] / done : usual;
      return sum + Math.max(0, tasks - done) * each;
    }, 0);
  }
}
