/** Owns the measuring of physical limits in the same rounds as what is held against them. */
import { openSync, closeSync, readSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Limit, Scale } from "./case.js";
import { MemoryLimits } from "./limits/memory.js";
import type { MemoryLoop } from "./limits/memory-thread.js";
import { SocketLimits } from "./limits/sockets.js";

const ARRAY_BYTES: Record<Scale, number> = { tiny: 2 ** 20, ci: 2 ** 26, full: 2 ** 26 };
const STREAMED = 2 ** 23;

export class Limits {
  readonly #scale: Scale;
  #memory: MemoryLimits | undefined;
  #sockets: SocketLimits | undefined;

  constructor(scale: Scale) {
    this.#scale = scale;
  }

  /**
   * Seconds that the limit needs for its work: the best of a few tries, for a limit is what is possible.
   * Null for those that the peer measures.
   */
  async measure({ name, work }: Limit, folder?: string): Promise<number | null> {
    switch (name) {
      case "memory read, 1 thread":
      case "memory read, 2 threads":
      case "memory copy, 1 thread":
      case "memory copy, 2 threads":
      case "memory triad, 1 thread":
      case "memory triad, 2 threads": {
        this.#memory ??= new MemoryLimits(ARRAY_BYTES[this.#scale]);
        const loop = name.split(/[ ,]/)[1] as MemoryLoop;
        const threads = name.includes("2") ? 2 : 1;
        let best = 0;
        for (let i = 0; i < 3; i++) best = Math.max(best, await this.#memory.bandwidth(loop, threads));
        return work / best;
      }
      case "WebSocket stream": {
        const messages = this.#scale === "tiny" ? 2 : 32;
        return ((await this.#socket().stream(messages, STREAMED)) / (messages * STREAMED)) * work;
      }
      case "WebSocket round trip": {
        const count = this.#scale === "tiny" ? 20 : 2_000;
        return ((await this.#socket().roundTrips(count)) / count) * work;
      }
      case "WebSocket tasks in batches of 16": {
        const tasks = this.#scale === "tiny" ? 320 : 200_000;
        return ((await this.#socket().tasks(tasks, 16)) / tasks) * work;
      }
      case "cached file read":
        return folder === undefined ? null : readAll(folder, work);
      case "native codec, 1 thread":
      case "file read + native decode, 2 threads":
        return null;
    }
  }

  async close(): Promise<void> {
    await this.#memory?.close();
    await this.#sockets?.close();
  }

  #socket(): SocketLimits {
    this.#sockets ??= new SocketLimits();
    return this.#sockets;
  }
}

/** Seconds to read `work` bytes of the files of a folder, into one buffer. */
function readAll(folder: string, work: number): number {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const buffer = Buffer.alloc(2 ** 24);
  let read = 0;
  const start = performance.now();
  for (const file of files) {
    const handle = openSync(file, "r");
    for (let got = 1; got > 0; read += got) got = readSync(handle, buffer, 0, buffer.length, null);
    closeSync(handle);
  }
  return (((performance.now() - start) / 1000) * work) / read;
}
