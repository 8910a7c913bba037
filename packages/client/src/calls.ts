/**
 * Owns calls of functions on a cluster: a plan of one stage whose blocks are the calls, and the futures that its blocks
 * fulfil. Knows no socket.
 */
import { regularAxis } from "@hyperslab/core/chunk-grid";
import { CancelledError, TaskError, fromWire } from "@hyperslab/core/errors";
import type { OutputBlock } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import type { CallDetail } from "@hyperslab/core/source-ref";
import { outcomeFromText } from "@hyperslab/protocol/call-outcome";
import { dataToBytes } from "@hyperslab/protocol/program-bytes";
import type { Job, JobOptions } from "./job.js";

/** An exported function: the path of its module, relative to a folder that workers allow, and the name of the export. */
export interface FunctionRef {
  readonly module: string;
  readonly name: string;
}

export interface CallOptions extends Pick<JobOptions, "priority" | "signal"> {
  /** Bytes that a worker keeps free for a call: what it works in and gives; 1 MiB where not said. */
  readonly memory?: number;
}

export type FutureStatus = "pending" | "finished" | "failed" | "cancelled";

/** What a call will give. */
export interface Future {
  readonly status: FutureStatus;
  /** @throws TaskError with the function's own error as its cause; CancelledError; ClusterError */
  result(): Promise<unknown>;
  /** Nobody wants the result any more. Calls are stopped once no other of their job is wanted: that of `submit` at once. */
  cancel(): void;
}

const MEMORY = 2 ** 20;

/** Makes all calls in one job. @param start submits a plan */
export function callAll(
  ref: FunctionRef,
  calls: readonly (readonly unknown[])[],
  options: CallOptions,
  start: (plan: Plan, options: JobOptions) => Promise<Job>,
): Future[] {
  if (calls.length === 0) return [];
  const controller = new AbortController();
  const { signal = controller.signal, priority = 0 } = options;
  const either = AbortSignal.any([signal, controller.signal]);
  let pending = calls.length;
  let cancelled = 0;
  const onEnd = (status: FutureStatus): void => {
    pending--;
    if (status === "cancelled") cancelled++;
    // calls that nobody wants may still run
    if (pending === 0 && cancelled > 0) controller.abort();
  };
  const task = `${ref.module}#${ref.name}`;
  const futures = calls.map((_, i) => new CallFuture(`${task}, call ${i},`, onEnd));
  const run = async (): Promise<void> => {
    const job = await start(callPlan(ref, calls, options.memory ?? MEMORY), { signal: either, priority });
    for await (const { index, block } of job.blocks()) fulfil(futures[index], task, index, block);
  };
  run().catch((error: unknown) => {
    for (const future of futures) future.end(error instanceof CancelledError ? "cancelled" : "failed", error);
  });
  return futures;
}

function fulfil(future: CallFuture, task: string, index: number, { data }: OutputBlock["block"]): void {
  const outcome = outcomeFromText(String(data[0]));
  if ("value" in outcome) return future.end("finished", outcome.value);
  const cause = fromWire(outcome.error);
  future.end("failed", new TaskError({ task, block: `(${index})`, reason: cause.message, cause }));
}

function callPlan(ref: FunctionRef, calls: readonly (readonly unknown[])[], memory: number): Plan {
  const fields = ["string"] as const;
  const shape = [calls.length];
  const detail: CallDetail = { name: ref.name, calls: calls.map((args) => dataToBytes(args)) };
  const selection = [{ kind: "slice", start: 0, step: 1, length: calls.length }] as const;
  return {
    stages: [
      {
        name: `${ref.module}#${ref.name}`,
        grid: [regularAxis(calls.length, 1)],
        fields,
        inputs: [],
        cost: { output: memory, working: 0, read: 0 },
        program: {
          sources: [{ format: "call", store: { kind: "file", path: ref.module }, path: ref.module, detail }],
          literals: [],
          targets: [],
          steps: [{ kind: "source", source: 0, selection, shape, fields }],
        },
      },
    ],
    outputs: [0],
  };
}

class CallFuture implements Future {
  #status: FutureStatus = "pending";
  readonly #what: string;
  readonly #onEnd: (status: FutureStatus) => void;
  readonly #settled: Promise<unknown>;
  #resolve: (value: unknown) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(what: string, onEnd: (status: FutureStatus) => void) {
    this.#what = what;
    this.#onEnd = onEnd;
    this.#settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // who does not ask for the result does not hear of its error
    this.#settled.catch(() => undefined);
  }

  get status(): FutureStatus {
    return this.#status;
  }

  result(): Promise<unknown> {
    return this.#settled;
  }

  cancel(): void {
    this.end("cancelled", new CancelledError({ what: this.#what }));
  }

  /** The first end counts. */
  end(status: FutureStatus, outcome: unknown): void {
    if (this.#status !== "pending") return;
    this.#status = status;
    if (status === "finished") this.#resolve(outcome);
    else this.#reject(outcome);
    this.#onEnd(status);
  }
}
