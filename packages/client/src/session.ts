/**
 * Owns the session of a program on a scheduler: the handshake, the runs, and the end. What a run is: `run.ts`; what a
 * program holds of a session: `client.ts`.
 */
import { ClusterError } from "@hyperslab/core/errors";
import type { Executor } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import { BlockFetcher } from "@hyperslab/protocol/block-fetcher";
import { sayHello } from "@hyperslab/protocol/handshake";
import type { ClientMessage, ToClientMessage } from "@hyperslab/protocol/messages";
import { TO_CLIENT } from "@hyperslab/protocol/shapes";
import { type Channel, type Heartbeat, dial } from "@hyperslab/protocol/socket";
import type { ClusterStatus } from "@hyperslab/protocol/status";
import { TOKEN_VARIABLE } from "@hyperslab/protocol/token";
import { type CallOptions, type FunctionRef, type Future, callAll } from "./calls.js";
import { CostBook } from "./cost-book.js";
import { type HasPlan, type Job, type JobOptions, startJob } from "./job.js";
import { type RunConnection, type RunListener, runPlan } from "./run.js";

export interface ConnectOptions {
  /** The scheduler's token; the environment's `HYPERSLAB_TOKEN` if not said. */
  readonly token?: string;
  readonly signal?: AbortSignal;
  /** For people who watch the cluster: who asks. */
  readonly name?: string;
  readonly heartbeat?: Heartbeat;
  /** Bytes of results that may be under way to this client; 64 MiB if not said. */
  readonly window?: number;
  /** Whether large results are fetched from the workers that hold them, where these can be reached; true if not said. */
  readonly dials?: boolean;
}

const WINDOW = 2 ** 26;

/**
 * Opens a session.
 * @throws ClusterError where it can't be reached or refuses the token; ProtocolError for another version
 */
export async function openSession(url: string, options: ConnectOptions): Promise<Session> {
  const { signal, heartbeat, name = `node-${process.pid}`, window = WINDOW, dials = true } = options;
  const token = options.token ?? tokenOf(url) ?? process.env[TOKEN_VARIABLE] ?? "";
  const channel = await dial<ToClientMessage, ClientMessage>(url, "scheduler", {
    token,
    ...(signal ? { signal } : {}),
    ...(heartbeat ? { heartbeat } : {}),
  });
  await sayHello(channel as never, { kind: "client", name, dials });
  return new Session(channel, { window, name, token });
}

function tokenOf(url: string): string | undefined {
  return URL.canParse(url) ? (new URL(url).searchParams.get("token") ?? undefined) : undefined;
}

/** What goes on over one connection to a scheduler. It does not keep the process alive while nothing runs. */
export class Session {
  readonly #channel: Channel<ToClientMessage, ClientMessage>;
  readonly #window: number;
  readonly #fetcher: BlockFetcher;
  readonly #costs = new CostBook();
  readonly #runs = new Map<number, RunListener>();
  /** Runs that fetch results from workers, by the scheduler's number of the job. */
  readonly #fetching = new Map<
    number,
    { readonly run: RunListener; readonly asked: Map<number, Set<number>> }
  >();
  readonly #asked = new Map<
    number,
    { resolve: (status: ClusterStatus) => void; reject: (error: Error) => void }
  >();
  #nextRef = 1;
  #ended: ClusterError | null = null;

  constructor(
    channel: Channel<ToClientMessage, ClientMessage>,
    { window, name, token }: { readonly window: number; readonly name: string; readonly token: string },
  ) {
    this.#channel = channel;
    this.#window = window;
    this.#fetcher = new BlockFetcher(name, token, {
      onSmall: (worker, job, blocks, bytes) => this.#onFetched(worker, job, blocks, bytes),
      onBlock: (worker, job, block, bytes) => this.#onFetched(worker, job, [block], bytes),
      onMissing: (worker, job, blocks) => this.#onFetchFailed(worker, job, blocks, true),
      onLost: (worker) => {
        for (const [job, { asked }] of this.#fetching)
          this.#onFetchFailed(worker, job, [...(asked.get(worker) ?? [])], false);
      },
    });
    channel.hold(false);
    channel.listen(TO_CLIENT, {
      onMessage: (message, parts) => this.#onMessage(message, parts),
      onClose: (reason) => this.#onClose(reason),
    });
  }

  /** Runs plans on the cluster: the same contract as the local executors. */
  executor(): Executor {
    return { name: "cluster", run: (plan, options = {}) => runPlan(plan, options, this.#connection()) };
  }

  /** Starts a plan, and gives its handle. */
  start(work: Plan | HasPlan, options: JobOptions): Promise<Job> {
    return startJob(work, options, this.#connection(), this.#costs);
  }

  /** Calls a function once for every list of arguments. */
  call(ref: FunctionRef, calls: readonly (readonly unknown[])[], options: CallOptions): Future[] {
    return callAll(ref, calls, options, (plan, jobOptions) => this.start(plan, jobOptions));
  }

  /** What a run needs of this session. */
  #connection(): RunConnection {
    return {
      window: this.#window,
      ended: () => this.#ended,
      open: (listener) => this.#open(listener),
      send: (message, parts) => this.#channel.send(message, parts),
      fetch: (holder, job, blocks, run) => {
        const { asked } = this.#fetching.get(job) ?? { asked: new Map<number, Set<number>>() };
        this.#fetching.set(job, { run, asked });
        const there = asked.get(holder.worker) ?? new Set();
        asked.set(holder.worker, there);
        for (let i = 0; i < blocks.length; i++) there.add(blocks[i]);
        this.#fetcher.get(holder, job, blocks);
      },
      close: (ref) => this.#forget(ref),
    };
  }

  /** What the cluster does now. @throws ClusterError where the connection is lost */
  status(): Promise<ClusterStatus> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const ref = this.#nextRef++;
      this.#asked.set(ref, { resolve, reject });
      this.#hold();
      this.#channel.send({ type: "ask-status", ref });
    });
  }

  /** True until the connection ends. */
  get connected(): boolean {
    return this.#ended === null;
  }

  /** Ends the connection; what still runs is cancelled, and fails with `reason`. */
  async close(reason?: ClusterError): Promise<void> {
    this.#onClose(reason ?? new ClusterError({ who: this.#channel.who, reason: "this client was closed" }));
    this.#channel.close();
  }

  #open(listener: RunListener): number {
    const ref = this.#nextRef++;
    this.#runs.set(ref, listener);
    this.#hold();
    return ref;
  }

  #onFetched(worker: number, job: number, blocks: ArrayLike<number>, bytes: Uint8Array): void {
    const fetching = this.#fetching.get(job);
    for (let i = 0; i < blocks.length; i++) fetching?.asked.get(worker)?.delete(blocks[i]);
    fetching?.run.onFetched(blocks, bytes);
  }

  #onFetchFailed(worker: number, job: number, blocks: ArrayLike<number>, answered: boolean): void {
    const fetching = this.#fetching.get(job);
    for (let i = 0; i < blocks.length; i++) fetching?.asked.get(worker)?.delete(blocks[i]);
    if (blocks.length > 0) fetching?.run.onFetchFailed(worker, blocks, answered);
  }

  #forget(ref: number): void {
    const run = this.#runs.get(ref);
    for (const [job, fetching] of this.#fetching)
      if (fetching.run === run) {
        this.#fetching.delete(job);
        this.#fetcher.forget(job);
      }
    this.#runs.delete(ref);
    this.#hold();
  }

  #hold(): void {
    this.#channel.hold(this.#runs.size + this.#asked.size > 0);
  }

  #onMessage(message: ToClientMessage, parts: readonly Uint8Array[]): void {
    if (message.type === "status") {
      this.#asked.get(message.ref)?.resolve(message.status);
      this.#asked.delete(message.ref);
      this.#hold();
    } else this.#runs.get(message.ref)?.onMessage(message, parts);
  }

  #onClose(reason: ClusterError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#fetcher.close();
    for (const run of this.#runs.values()) run.onLost(reason);
    for (const { reject } of this.#asked.values()) reject(reason);
    this.#asked.clear();
  }
}
