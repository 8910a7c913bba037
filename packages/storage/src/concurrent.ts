/** Owns bounded concurrency: many small asynchronous jobs, a few at a time. Knows nothing of what they do. */

/**
 * Runs `job` for each item, at most `limit` at once, and takes items only as they are needed. Stops
 * taking at the first failure, waits for what runs, and throws that failure.
 */
export async function forEachConcurrent<T>(
  items: Iterable<T>,
  limit: number,
  job: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const run = async (): Promise<void> => {
    while (!failure) {
      const next = iterator.next();
      if (next.done) return;
      await job(next.value);
    }
  };
  const lane = (): Promise<void> =>
    run().catch((error: unknown) => {
      failure ??= { error };
    });
  await Promise.all(Array.from({ length: Math.max(1, limit) }, lane));
  if (failure) throw failure.error;
}

/** Lets at most so many jobs run at once, whoever starts them. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      return await job();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
