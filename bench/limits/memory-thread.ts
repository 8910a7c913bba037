/** Owns one thread of the memory limits: it runs a loop over arrays of its own whenever it is asked. */
import { parentPort, workerData } from "node:worker_threads";
import { memoryLoops } from "./memory-loops.js";

/** What a memory thread is asked: run `loop` over `bytes` an array. It answers with the bytes that it touched. */
export type MemoryLoop = "read" | "copy" | "triad";

const PAGE = 65536;

const { bytes } = workerData as { bytes: number };
const pages = Math.ceil((3 * bytes) / PAGE) + 1;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
// every page written once: reading pages that were never written reads the one page of zeros
new Uint8Array(memory.buffer).fill(1);
const loops = memoryLoops(memory);
const [a, b, c] = [PAGE, PAGE + bytes, PAGE + 2 * bytes];
// a module is optimised between calls, never within one: many short calls first
for (let i = 0; i < 4_000; i++) {
  loops.read(a, PAGE);
  loops.copy(a, b, PAGE);
  loops.triad(a, b, c, PAGE);
}

parentPort?.on("message", (loop: MemoryLoop) => {
  parentPort?.postMessage(run(loop));
});

function run(loop: MemoryLoop): number {
  switch (loop) {
    case "read":
      loops.read(a, bytes);
      loops.read(b, bytes);
      loops.read(c, bytes);
      return 3 * bytes;
    case "copy":
      loops.copy(a, b, bytes);
      return 2 * bytes;
    case "triad":
      loops.triad(a, b, c, bytes);
      return 3 * bytes;
  }
}
