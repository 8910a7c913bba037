/**
 * Owns the calls between a pool and its threads, over comlink. What comlink doesn't do is done by
 * those who call: a call to a thread that has died never returns (`thread-pool.ts` watches the
 * threads), and errors lose their class (they cross as {@link WireError}).
 */
import { type MessagePort, type Worker, parentPort } from "node:worker_threads";
import type { Block } from "@hyperslab/core/block";
import { viewOf } from "@hyperslab/core/dtype";
import { ClusterError, type WireError } from "@hyperslab/core/errors";
import { type Endpoint, type Remote, expose, releaseProxy, transfer, wrap } from "comlink";
import { sizeOf } from "@hyperslab/core/shape";
import type { LiteralPart } from "./literal-parts.js";
import type { ResultMemory } from "./result-memory.js";
import type { TaskResult } from "./run-task.js";
import type { TaskInputs, TaskStage } from "./task-stage.js";
import type { BatchOutcome, ThreadBatch } from "./thread-batch.js";

/** A task by names: a block of a stage of a program that was defined before. */
export interface ThreadTask {
  readonly programId: string;
  readonly stage: number;
  readonly block: number;
  readonly inputs: TaskInputs;
  /** Literals of which the thread holds nothing; put in by the pool. */
  readonly parts?: readonly LiteralPart[];
  /** Shared memory for the result; see {@link ResultMemory}. Nobody may use it before the task has ended. */
  readonly into?: ResultMemory;
  /** The result goes to the caller alone, in plain memory that the thread gives away. */
  readonly moved?: boolean;
}

/** A field of a result; its elements are left out where they stand in memory that the caller gave. */
export type ThreadField = Omit<Block, "data"> & { readonly data: Block["data"] | null };

export type ThreadOutcome =
  | { readonly fields: readonly ThreadField[]; readonly readBytes: number }
  | { readonly error: WireError };

/** What a thread can be asked for. */
export interface ThreadApi {
  /** Runs a task. `stages` come along with the first task of a program. `ticket` names the task for {@link cancel}. */
  run(ticket: number, task: ThreadTask, stages: readonly TaskStage[] | null): Promise<ThreadOutcome>;
  /**
   * Runs small tasks, one after another. `pages` are those of the memory of small blocks that the thread does not
   * have. It is stopped through the words that pool and thread share.
   */
  runBatch(
    ticket: number,
    batch: ThreadBatch,
    stages: readonly TaskStage[] | null,
    pages: readonly SharedArrayBuffer[],
  ): Promise<BatchOutcome | { readonly error: WireError }>;
  /** Ends a task at its next wait for storage. */
  cancel(ticket: number): void;
  /** Lets go of a program. */
  forget(programId: string): void;
}

/** Marks plain buffers of an outcome to be given away instead of copied. */
export function giveAway(outcome: ThreadOutcome): ThreadOutcome {
  if ("error" in outcome) return outcome;
  const buffers: ArrayBuffer[] = [];
  for (const { data } of outcome.fields)
    if (data && !Array.isArray(data) && data.buffer instanceof ArrayBuffer) buffers.push(data.buffer);
  return transfer(outcome, buffers);
}

/** The part of Node's ports and workers that comlink needs, in the words of the web. */
function endpointOf(port: MessagePort | Worker): Endpoint {
  const listeners = new WeakMap<object, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as never),
    addEventListener: (_type, listener) => {
      const onMessage = (data: unknown): void => {
        const event = new MessageEvent("message", { data });
        if (typeof listener === "function") listener(event);
        else listener.handleEvent(event);
      };
      listeners.set(listener, onMessage);
      port.on("message", onMessage);
    },
    removeEventListener: (_type, listener) => {
      const onMessage = listeners.get(listener);
      if (onMessage) port.off("message", onMessage);
      listeners.delete(listener);
    },
  };
}

/** The API of a thread, as seen from the thread that started it. */
export function connectThread(worker: Worker): { api: Remote<ThreadApi>; release: () => void } {
  const api = wrap<ThreadApi>(endpointOf(worker));
  return { api, release: () => api[releaseProxy]() };
}

/** Serves the API of this thread to the one that started it. @throws ClusterError on the main thread */
export function serveThread(api: ThreadApi): void {
  if (!parentPort)
    throw new ClusterError({
      who: "a compute thread",
      reason: "this is the main thread",
      hint: "start it through a ThreadPool",
    });
  // a message that can't be read would never be answered: better that the thread dies, and is seen to
  parentPort.on("messageerror", (error) => {
    throw error;
  });
  expose(api, endpointOf(parentPort));
}

/** The fields of an outcome; those in memory that the caller gave stand in the caller's own buffers. */
export function resultOf(
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
