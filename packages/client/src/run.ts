/**
 * Owns one run of a plan on a cluster: submits it, hands results out as they come, and ends
 * exactly once: finished, failed, cancelled or cut off. Knows no socket.
 */
import type { Block } from "@hyperslab/core/block";
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
import { stageOfTask } from "@hyperslab/core/task-graph";
import {
  Assembly,
  blockFromBytes,
  blockShape,
  checkPiece,
  fieldBytes,
} from "@hyperslab/protocol/block-bytes";
import type { ClientMessage, PeerAddress, ToClientMessage } from "@hyperslab/protocol/messages";
import { packRuns, unpackRuns } from "@hyperslab/protocol/number-lists";
import { outlineToBytes, programToBytes } from "@hyperslab/protocol/program-bytes";

type RunMessage = Exclude<ToClientMessage, { type: "status" }>;

/** What a run hears from its connection. */
export interface RunListener {
  onMessage(message: RunMessage, parts: readonly Uint8Array[]): void;
  /** Results that came from a worker: small ones one after another, or one alone. */
  onFetched(blocks: ArrayLike<number>, bytes: Uint8Array): void;
  /** Results that did not: the worker does not have them, or can't be reached. */
  onFetchFailed(worker: number, blocks: ArrayLike<number>, answered: boolean): void;
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
  /** Asks a worker for results of a job of the scheduler's number; the answer comes to the listener. */
  fetch(holder: PeerAddress, job: number, blocks: ArrayLike<number>, listener: RunListener): void;
  close(ref: number): void;
}

/** Results that have come together, and their size for the window. */
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
  const run = startRun(plan, options, connection);
  try {
    yield* run.blocks();
  } finally {
    run.close();
  }
}

/** What else may be heard of a run. */
export interface RunWatcher {
  /** The scheduler has it, as the job of this number. */
  onStarted(job: number): void;
  onSpent(spent: SpentMessage): void;
  /** It is over; `error` is what ended it, null where it finished. */
  onEnd(error: Error | null): void;
}

/** What a job has cost so far, by stage. */
export type SpentMessage = Extract<ToClientMessage, { type: "spent" }>;

/** Submits the plan. @throws what keeps it from being submitted */
export function startRun(
  plan: Plan,
  options: RunOptions,
  connection: RunConnection,
  watcher: RunWatcher | null = null,
): Run {
  const { signal } = options;
  if (signal?.aborted) throw cancelledBy(signal);
  const lost = connection.ended();
  if (lost) throw lost;
  checkPortable(plan);
  const parts = [
    outlineToBytes(outlineOf(plan)),
    ...plan.stages.map(({ program }) => programToBytes(program)),
  ];
  const run = new Run(plan, options, connection, watcher);
  const ref = connection.open(run);
  run.ref = ref;
  if (signal) run.endWith(signal);
  const name = plan.stages[plan.stages.length - 1]?.name ?? "an empty plan";
  const progress = options.on !== undefined || watcher !== null;
  const { window } = connection;
  connection.send({ type: "submit", ref, name, window, progress, priority: options.priority ?? 0 }, parts);
  return run;
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

/** One run under way. Made by {@link startRun}. */
export class Run implements RunListener {
  ref = 0;
  /** The scheduler has ended the run, or is gone: there is nothing to cancel. */
  #endedThere = false;
  readonly #watcher: RunWatcher | null;
  /** Takes the run off its signal. */
  #leaveSignal: () => void = () => undefined;
  readonly #plan: Plan;
  readonly #connection: RunConnection;
  readonly #options: RunOptions;
  readonly #queue: Arrived[] = [];
  /** Those who wait for results. */
  readonly #wakes: (() => void)[] = [];
  /** Null while it runs; then the error, or "finished". */
  #end: Error | "finished" | null = null;
  #tasks = 0;
  #done = 0;
  /** Number of the first task of each stage, and of all tasks at the end. */
  readonly firstTask: Int32Array;
  /** By task: 1 once its block is here. It may come again, when a worker was lost meanwhile. */
  readonly #here: Uint8Array;
  readonly #pieces = new Assembly();

  constructor(plan: Plan, options: RunOptions, connection: RunConnection, watcher: RunWatcher | null) {
    this.#plan = plan;
    this.#watcher = watcher;
    this.#options = options;
    this.#connection = connection;
    this.firstTask = new Int32Array(plan.stages.length + 1);
    plan.stages.forEach(({ grid }, s) => (this.firstTask[s + 1] = this.firstTask[s] + blockTotal(grid)));
    this.#here = new Uint8Array(this.firstTask[plan.stages.length]);
  }

  /** The run ends when `signal` says so: at once, even while the caller is busy with a block. */
  endWith(signal: AbortSignal): void {
    const onAbort = (): void => this.cancel(cancelledBy(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    this.#leaveSignal = () => signal.removeEventListener("abort", onAbort);
  }

  /**
   * Results that nobody else has taken. What is handed out makes room for more once the caller comes back; who leaves
   * early leaves the rest to the next caller. @throws the error that ended the run
   */
  async *blocks(): AsyncGenerator<OutputBlock, void, undefined> {
    for (let arrived = await this.#next(); arrived; arrived = await this.#next()) {
      const { blocks, bytes } = arrived;
      let taken = 0;
      let left = true;
      try {
        while (taken < blocks.length) yield blocks[taken++];
        left = false;
      } finally {
        if (left) this.#queue.unshift({ blocks: blocks.slice(taken), bytes });
      }
      // only what was taken makes room for more
      if (!this.#endedThere) this.#connection.send({ type: "taken", ref: this.ref, bytes });
    }
  }

  /** Goes before or after other runs; nothing new of it is begun while it is paused. */
  steer(paused: boolean, priority: number): void {
    if (!this.#end) this.#connection.send({ type: "steer", ref: this.ref, paused, priority });
  }

  /** Ends the run with this error, unless it is over. */
  cancel(error: CancelledError): void {
    if (this.#end || this.#endedThere) return;
    this.#cancelThere();
    this.end(error);
  }

  /** Nobody listens any more; what still runs is cancelled. */
  close(): void {
    this.#leaveSignal();
    this.#cancelThere();
    this.#connection.close(this.ref);
  }

  #cancelThere(): void {
    if (this.#endedThere) return;
    this.#endedThere = true;
    this.#connection.send({ type: "cancel", ref: this.ref });
  }

  /** The next results; null once all have been handed out. @throws the error that ended the run */
  async #next(): Promise<Arrived | null> {
    for (;;) {
      // a run that failed hands nothing out any more; one that finished hands all out first
      if (this.#end instanceof Error) throw this.#end;
      const arrived = this.#queue.shift();
      if (arrived) return arrived;
      if (this.#end) return null;
      await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
  }

  /** Ends the run; the first end counts. */
  end(how: Error | "finished"): void {
    if (this.#end) return;
    this.#end = how;
    this.#wakeUp();
    this.#watcher?.onEnd(how === "finished" ? null : how);
  }

  onLost(reason: ClusterError): void {
    this.#endedThere = true;
    this.end(reason);
  }

  onMessage(message: RunMessage, parts: readonly Uint8Array[]): void {
    switch (message.type) {
      case "job-started":
        this.#tasks = message.tasks;
        this.#watcher?.onStarted(message.job);
        this.#tell({
          kind: "started",
          tasks: message.tasks,
          stages: this.#plan.stages.map(({ name }) => name),
          stageTasks: this.#plan.stages.map(({ grid }) => blockTotal(grid)),
        });
        return;
      case "progress":
        for (const task of unpackRuns(message.tasks)) {
          const stage = stageOfTask(this, task);
          this.#tell({ kind: "finished", task, stage, done: ++this.#done, tasks: this.#tasks });
        }
        return;
      case "spent":
        this.#watcher?.onSpent(message);
        return;
      case "results":
        this.#take(unpackRuns(message.blocks), parts[0] ?? new Uint8Array());
        return;
      case "result-piece": {
        const { block, at, total } = message;
        checkPiece(block, message.crc, parts);
        const bytes = this.#pieces.add(block, at, total, parts);
        if (bytes) this.#take([block], bytes);
        return;
      }
      case "results-at":
        this.#connection.fetch(message.holder, message.job, unpackRuns(message.blocks), this);
        return;
      case "job-finished":
        this.#endedThere = true;
        this.end("finished");
        return;
      case "job-failed":
        this.#endedThere = true;
        this.end(fromWire(message.error));
    }
  }

  onFetched(blocks: ArrayLike<number>, bytes: Uint8Array): void {
    this.#take(blocks, bytes);
    this.#connection.send({ type: "results-fetched", ref: this.ref, blocks: packRuns(blocks) });
  }

  onFetchFailed(worker: number, blocks: ArrayLike<number>, answered: boolean): void {
    const { ref } = this;
    this.#connection.send({ type: "fetch-failed", ref, blocks: packRuns(blocks), worker, answered });
  }

  /** Blocks have come, one after another in `bytes`. @throws ProtocolError where these are too few */
  #take(tasks: ArrayLike<number>, all: Uint8Array): void {
    const { stages, outputs } = this.#plan;
    // views of numbers need bytes that lie well
    const bytes = all.byteOffset % 8 === 0 ? all : all.slice();
    const blocks: OutputBlock[] = [];
    let size = 0;
    let at = 0;
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i];
      const number = stageOfTask(this, task);
      const { grid, fields: dtypes } = stages[number];
      const index = task - this.firstTask[number];
      const { fields, end } = blockFromBytes(dtypes, blockShape(grid, index), bytes, at);
      at = end;
      if (this.#here[task]) continue;
      this.#here[task] = 1;
      size += fieldBytes(fields);
      const [block]: Block[] = fields;
      for (let output = 0; output < outputs.length; output++)
        if (outputs[output] === number) blocks.push({ output, index, block });
    }
    if (blocks.length === 0) return;
    this.#queue.push({ blocks, bytes: size });
    this.#wakeUp();
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
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
