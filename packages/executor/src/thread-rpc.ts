/**
 * Owns the calls between a pool and its threads. Work goes over a port of its own, as plain messages: there may
 * be thousands a second. Control calls go over comlink. A call to a thread that has died never returns
 * (`thread-pool.ts` watches the threads); errors cross as {@link WireError}, because they would lose their class.
 */
import { MessageChannel, type MessagePort, Worker, parentPort, workerData } from "node:worker_threads";
import type { Block } from "@hyperslab/core/block";
import { viewOf } from "@hyperslab/core/dtype";
import { ClusterError, type WireError } from "@hyperslab/core/errors";
import { type Endpoint, expose, releaseProxy, wrap } from "comlink";
import { sizeOf } from "@hyperslab/core/shape";
import type { LiteralPart } from "./literal-parts.js";
import type { ResultMemory } from "./result-memory.js";
import type { TaskResult } from "./run-task.js";
import type { TaskInputs, TaskStage } from "./task-stage.js";
import { keepInArena } from "./thread-arena.js";
import type { BatchOutcome, ThreadBatch } from "./thread-batch.js";
import { CONTROL_WORDS } from "./thread-control.js";

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

/** Plain buffers of an outcome: they are given away instead of copied. */
function buffersOf(outcome: ThreadOutcome | BatchOutcome): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = [];
  for (const { data } of "fields" in outcome ? outcome.fields : [])
    if (data && !Array.isArray(data) && data.buffer instanceof ArrayBuffer) buffers.push(data.buffer);
  return buffers;
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

/** What goes to a thread on its port for work: as little as can be, because much of it is small. */
type Work =
  | {
      readonly call: "run";
      readonly ticket: number;
      readonly task: ThreadTask;
      readonly stages: readonly TaskStage[] | null;
    }
  | {
      readonly call: "batch";
      readonly ticket: number;
      readonly batch: ThreadBatch;
      readonly stages: readonly TaskStage[] | null;
      readonly pages: readonly SharedArrayBuffer[];
    }
  | { readonly call: "forget"; readonly programId: string };

/** What comes back. */
interface Done {
  readonly ticket: number;
  readonly outcome: ThreadOutcome | BatchOutcome;
}

/** What a thread is started with. */
interface ThreadData {
  readonly port: MessagePort;
  readonly control: SharedArrayBuffer;
  /** Of the thread's arena, between tasks. */
  readonly keptBytes: number;
}

/** A thread that runs a module, and how it is spoken to. */
export interface ConnectedThread {
  readonly worker: Worker;
  readonly api: ThreadApi;
  readonly control: Int32Array;
  release(): void;
}

/** Starts a thread, which keeps so many bytes of its arena between tasks. A call to it never returns once it has died: whoever calls has to watch it. */
export function startThread(
  entry: URL,
  keptBytes: number,
  onUnreadable: (error: unknown) => void,
): ConnectedThread {
  const { port1, port2 } = new MessageChannel();
  const control = new SharedArrayBuffer(4 * CONTROL_WORDS);
  const workerData: ThreadData = { port: port2, control, keptBytes };
  // flags of the main thread (`--input-type`, loaders of a test runner) are not meant for this module
  const worker = new Worker(entry, { execArgv: [], workerData, transferList: [port2] });
  const calls = wrap<Pick<ThreadApi, "cancel">>(endpointOf(worker));
  const pending = new Map<number, (outcome: never) => void>();
  port1.on("message", ({ ticket, outcome }: Done) => {
    const resolve = pending.get(ticket);
    pending.delete(ticket);
    resolve?.(outcome as never);
  });
  port1.on("messageerror", onUnreadable);
  // the worker alone says whether the process has to live
  port1.unref();
  const post = <T>(ticket: number, work: Work): Promise<T> =>
    new Promise<T>((resolve) => {
      port1.postMessage(work);
      pending.set(ticket, resolve);
    });
  const api: ThreadApi = {
    run: (ticket, task, stages) => post(ticket, { call: "run", ticket, task, stages }),
    runBatch: (ticket, batch, stages, pages) => post(ticket, { call: "batch", ticket, batch, stages, pages }),
    forget: (programId) => port1.postMessage({ call: "forget", programId } satisfies Work),
    cancel: (ticket) => void calls.cancel(ticket).catch(() => undefined),
  };
  const release = (): void => {
    calls[releaseProxy]();
    port1.close();
  };
  return { worker, api, control: new Int32Array(control).fill(-1), release };
}

/** Serves the API of this thread to the one that started it. @throws ClusterError on the main thread */
export function serveThread(serve: (control: Int32Array) => ThreadApi): void {
  if (!parentPort)
    throw new ClusterError({
      who: "a compute thread",
      reason: "this is the main thread",
      hint: "start it through a ThreadPool",
    });
  const { port, control, keptBytes } = workerData as ThreadData;
  keepInArena(keptBytes);
  const api = serve(new Int32Array(control));
  // a message that can't be read would never be answered: better that the thread dies, and is seen to
  const onUnreadable = (error: unknown): never => {
    throw error;
  };
  parentPort.on("messageerror", onUnreadable);
  port.on("messageerror", onUnreadable);
  const answer = (ticket: number, outcome: ThreadOutcome | BatchOutcome): void =>
    port.postMessage({ ticket, outcome } satisfies Done, buffersOf(outcome));
  port.on("message", (work: Work) => {
    if (work.call === "forget") return api.forget(work.programId);
    const { ticket, stages } = work;
    const running =
      work.call === "run"
        ? api.run(ticket, work.task, stages)
        : api.runBatch(ticket, work.batch, stages, work.pages);
    void running.then((outcome) => answer(ticket, outcome));
  });
  expose({ cancel: api.cancel }, endpointOf(parentPort));
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
