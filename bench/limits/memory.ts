/** Owns the measuring of memory bandwidth, on one thread and on two. */
import { Worker } from "node:worker_threads";
import type { MemoryLoop } from "./memory-thread.js";

/** Threads that measure memory; their arrays are made once. */
export class MemoryLimits {
  readonly #threads: readonly Worker[];

  /** @param bytes of each of the three arrays of a thread: well above any cache */
  constructor(bytes: number) {
    const entry = new URL("./memory-thread.js", import.meta.url);
    this.#threads = [0, 1].map(() => new Worker(entry, { workerData: { bytes } }));
  }

  /** Bytes a second of `loop` on this many threads. */
  async bandwidth(loop: MemoryLoop, threads: number): Promise<number> {
    const chosen = this.#threads.slice(0, threads);
    const start = performance.now();
    const touched = await Promise.all(
      chosen.map(
        (thread) =>
          new Promise<number>((resolve, reject) => {
            thread.once("message", resolve);
            thread.once("error", reject);
            thread.postMessage(loop);
          }),
      ),
    );
    const seconds = (performance.now() - start) / 1000;
    for (const thread of chosen) thread.removeAllListeners("error");
    return touched.reduce((sum, bytes) => sum + bytes, 0) / seconds;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}
