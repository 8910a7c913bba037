/**
 * Owns what a program holds of its connection to a scheduler. What a session needs (sockets, messages) is loaded when one
 * is opened: who computes here doesn't wait for it.
 */
import type { ClusterError } from "@hyperslab/core/errors";
import type { Executor } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import type { ClusterStatus } from "@hyperslab/protocol/status";
import type { CallOptions, FunctionRef, Future } from "./calls.js";
import type { HasPlan, Job, JobOptions } from "./job.js";
import type { ConnectOptions, Session } from "./session.js";

export type { ConnectOptions } from "./session.js";

/**
 * Connects to a scheduler.
 * @param url `ws://host:port`, or the `http` address of its dashboard, with its token
 * @throws ClusterError where it can't be reached or refuses the token; ProtocolError for another version
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Client> {
  const { openSession } = await import("./session.js");
  return new Client(await openSession(url, options));
}

/** A connection to a scheduler. It does not keep the process alive while nothing runs. */
export class Client {
  readonly #session: Session;

  /** Use {@link connect}. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** Runs plans on the cluster: the same contract as the local executors. */
  executor(): Executor {
    return this.#session.executor();
  }

  /**
   * Starts a plan, or what a labelled array or dataset still has to compute; resolves once the scheduler has it.
   *
   * ```ts
   * await using job = await client.start(ds.get("air").mean("time"), { priority: 1 });
   * for await (const { index, block } of job.blocks()) keep(index, block);
   * ```
   * @throws ClusterError where the connection is lost; CancelledError; ArgumentError for data of this process
   */
  start(work: Plan | HasPlan, options: JobOptions = {}): Promise<Job> {
    return this.#session.start(work, options);
  }

  /**
   * Calls a function on some worker: an export of a module in a folder that the worker's owner allows
   * (`hyperslab worker --allow-modules DIR`). Where a worker is lost it is called again on another.
   *
   * ```ts
   * const future = client.submit({ module: "storms.js", name: "track" }, "1999-12-26", { radius: 3 });
   * await future.result();
   * ```
   * @param args plain data: numbers, texts, bigints, null, lists, maps, typed arrays
   */
  submit(ref: FunctionRef, ...args: readonly unknown[]): Future {
    return this.#session.call(ref, [args], {})[0];
  }

  /**
   * Calls a function once for every item, as one job: `await client.gather(client.map(ref, days))`. A call that fails leaves the
   * others be. See {@link submit}.
   */
  map(ref: FunctionRef, items: Iterable<unknown>, options: CallOptions = {}): Future[] {
    const calls = Array.from(items, (item) => [item]);
    return this.#session.call(ref, calls, options);
  }

  /** The results of all futures, in their order. @throws the error of the first that fails */
  gather(futures: Iterable<Future>): Promise<unknown[]> {
    return Promise.all(Array.from(futures, (future) => future.result()));
  }

  /** What the cluster does now. @throws ClusterError where the connection is lost */
  status(): Promise<ClusterStatus> {
    return this.#session.status();
  }

  /** True until the connection ends. */
  get connected(): boolean {
    return this.#session.connected;
  }

  /** Ends the connection; what still runs is cancelled, and fails with `reason`. */
  close(reason?: ClusterError): Promise<void> {
    return this.#session.close(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
