/**
 * Owns one run of a plan on a cluster: submits it, hands results out as they come, and ends
 * exactly once: finished, failed, cancelled or cut off. Knows no socket.
 */
import { blockTotal } from "@hyperslab/core/chunk-grid";
import {
  ArgumentError,
  CancelledError,
  type ClusterError,
  fromWire,
  isHyperslabError,
} from "@hyperslab/core/errors";
import type { OutputBlock, RunOptions } from "@hyperslab/core/executor";
import { type Plan, outlineOf } from "@hyperslab/core/plan";
import { isPortable } from "@hyperslab/core/source-ref";
import { blockFromParts } from "@hyperslab/protocol/block-parts";
import type { ClientMessage, ToClientMessage } from "@hyperslab/protocol/messages";
import { outlineToBytes, programToBytes } from "@hyperslab/protocol/program-bytes";

type RunMessage = Exclude<ToClientMessage, { type: "status" }>;

/** What a run hears from its connection. */
export interface RunListener {
  onMessage(message: RunMessage, parts: readonly Uint8Array[]): void;
  onLost(reason: ClusterError): void;
}

/** What a run needs of its connection. */
export interface RunConnection {
  /** Bytes of results that may be under way. */
  readonly window: number;
  /** Why the connection ended; null while it is there. */
  ended(): ClusterError | null;
  /** Listens, and gives the number of the run. */
  open(listener: RunListener): number;
  send(message: ClientMessage, parts?: readonly Uint8Array[]): void;
  close(ref: number): void;
}

/** A result that has come, and its size for the window. */
interface Arrived {
  readonly blocks: readonly OutputBlock[];
  readonly bytes: number;
}

/** Runs the plan; leaving the iteration early cancels it. @throws whatever ended the run */
export async function* runPlan(
  plan: Plan,
  options: RunOptions,
  connection: RunConnection,
): AsyncGenerator<OutputBlock, void, undefined> {
  const { signal } = options;
  if (signal?.aborted) throw cancelledBy(signal);
  const lost = connection.ended();
  if (lost) throw lost;
  checkPortable(plan);
  const parts = [
    outlineToBytes(outlineOf(plan)),
    ...plan.stages.map(({ program }) => programToBytes(program)),
  ];
  const run = new Run(plan, options);
  const ref = connection.open(run);
  const onAbort = (): void => {
    if (!signal || run.endedThere) return;
    // at once, even while the caller is busy with a block
    run.endedThere = true;
    connection.send({ type: "cancel", ref });
    run.end(cancelledBy(signal));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const name = plan.stages[plan.stages.length - 1]?.name ?? "an empty plan";
    connection.send(
      { type: "submit", ref, name, window: connection.window, progress: options.on !== undefined },
      parts,
    );
    for (;;) {
      const arrived = await run.next();
      if (!arrived) return;
      yield* arrived.blocks;
      // only what was taken makes room for more
      connection.send({ type: "taken", ref, bytes: arrived.bytes });
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    if (!run.endedThere) connection.send({ type: "cancel", ref });
    connection.close(ref);
  }
}

function cancelledBy(signal: AbortSignal): CancelledError {
  const reason: unknown = signal.reason;
  return isHyperslabError(reason, "CancelledError")
    ? reason
    : new CancelledError({ what: "a run on a cluster", cause: reason });
}

/** Workers are other processes: they can't open an object of this one. @throws ArgumentError */
function checkPortable(plan: Plan): void {
  for (const { name, program } of plan.stages)
    for (const ref of [...program.sources, ...program.targets])
      if (!isPortable(ref))
        throw new ArgumentError({
          asked: `run ${name} on a cluster`,
          found: `it uses "${ref.path}" in a store that lives in this process`,
          hint: "write it to a file or a bucket that the workers reach, or run this plan on threads",
        });
}

class Run implements RunListener {
  /** The scheduler has ended the run, or is gone: there is nothing to cancel. */
  endedThere = false;
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #queue: Arrived[] = [];
  #wake: (() => void) | null = null;
  /** Null while it runs; then the error, or "finished". */
  #end: Error | "finished" | null = null;
  #tasks = 0;
  #done = 0;
  /** Number of the first task of each stage. */
  readonly #firstTask: number[] = [0];

  constructor(plan: Plan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    for (const { grid } of plan.stages) {
      const last = this.#firstTask[this.#firstTask.length - 1];
      this.#firstTask.push(last + blockTotal(grid));
    }
  }

  /** The next result; null once all have been handed out. @throws the error that ended the run */
  async next(): Promise<Arrived | null> {
    for (;;) {
      // a run that failed hands nothing out any more; one that finished hands all out first
      if (this.#end instanceof Error) throw this.#end;
      const arrived = this.#queue.shift();
      if (arrived) return arrived;
      if (this.#end) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Ends the run; the first end counts. */
  end(how: Error | "finished"): void {
    this.#end ??= how;
    this.#wakeUp();
  }

  onLost(reason: ClusterError): void {
    this.endedThere = true;
    this.end(reason);
  }

  onMessage(message: RunMessage, parts: readonly Uint8Array[]): void {
    switch (message.type) {
      case "job-started":
        this.#tasks = message.tasks;
        this.#tell({
          kind: "started",
          tasks: message.tasks,
          stages: this.#plan.stages.map(({ name }) => name),
        });
        return;
      case "progress":
        for (const task of message.tasks) {
          const stage = this.#firstTask.findIndex((first) => first > task) - 1;
          this.#tell({ kind: "finished", task, stage, done: ++this.#done, tasks: this.#tasks });
        }
        return;
      case "result": {
        const [block] = blockFromParts(message.heads, parts);
        const blocks = this.#plan.outputs.flatMap((stage, output) =>
          stage === message.stage ? [{ output, index: message.index, block }] : [],
        );
        this.#queue.push({ blocks, bytes: message.bytes });
        this.#wakeUp();
        return;
      }
      case "job-finished":
        this.endedThere = true;
        this.end("finished");
        return;
      case "job-failed":
        this.endedThere = true;
        this.end(fromWire(message.error));
    }
  }

  #tell(event: Parameters<NonNullable<RunOptions["on"]>>[0]): void {
    try {
      this.#options.on?.(event);
    } catch (error) {
      // the caller's own callback threw: that ends its run, not the connection
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
