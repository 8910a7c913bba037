/** Owns bounded concurrency: many small asynchronous jobs, a few at a time. Knows nothing of what they do. */
import { onCancelled } from "./cancellation.js";

/**
 * Runs `job` for each item, at most `limit` at once, and takes items only as they are needed. Stops
 * taking at the first failure, waits for what runs, and throws that failure.
 *
 * @param limit a function is asked anew before each job; it never leaves less than one
 */
export async function forEachConcurrent<T>(
  items: Iterable<T>,
  limit: number | (() => number),
  job: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const most = typeof limit === "number" ? () => limit : limit;
  let failure: { readonly error: unknown } | undefined;
  let running = 0;
  const lanes: Promise<void>[] = [];
  const run = async (): Promise<void> => {
    try {
      while (!failure && (running === 1 || running <= most())) {
        const next = iterator.next();
        if (next.done) return;
        const done = job(next.value);
        if (running < most()) start();
        await done;
      }
    } catch (error) {
      failure ??= { error };
    } finally {
      running--;
    }
  };
  const start = (): void => {
    running++;
    lanes.push(run());
  };
  start();
  // there may be more of them by the time that one has ended
  for (let i = 0; i < lanes.length; i++) await lanes[i];
  if (failure) throw failure.error;
}

/** Lets at most so many jobs run at once, whoever starts them. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Who waits for a turn stops waiting, with the reason of `signal`, when that is aborted. */
  async run<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    try {
      return await job();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((go, leave) => {
      let forget = (): void => undefined;
      const take = (): void => {
        forget();
        go();
      };
      this.#waiting.push(take);
      forget = onCancelled(signal, () => {
        const place = this.#waiting.indexOf(take);
        if (place >= 0) this.#waiting.splice(place, 1);
        leave(signal?.reason as Error);
      });
    });
  }
}
