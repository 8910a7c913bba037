/**
 * Owns clusters on this machine: one scheduler process and some worker processes, supervised.
 * Knows their flags and reports, not their code.
 */
import { availableParallelism, totalmem } from "node:os";
import { type Client, connect } from "@hyperslab/client/client";
import { ArgumentError, ClusterError } from "@hyperslab/core/errors";
import type { Executor } from "@hyperslab/core/executor";
import type { WorkerStatus } from "@hyperslab/protocol/status";
import { TOKEN_VARIABLE, newToken } from "@hyperslab/protocol/token";
import { LocalProcess, type ProcessEnd, endError } from "./local-process.js";

export interface LocalClusterOptions {
  /** Worker processes; 2 if not said. */
  readonly workers?: number;
  /** Compute threads of each worker; 1 if not said. */
  readonly threads?: number;
  /** Of each worker, for blocks and running tasks: bytes, or `4GiB`; its part of 60 % of the machine's if not said. */
  readonly memory?: number | string;
  /** Of the scheduler and dashboard; any free one if not said. */
  readonly port?: number;
  /** Folders with modules whose exported functions may be called (`client.submit`); none if not said. */
  readonly allowModules?: readonly string[];
  /** Hears of workers that die and are replaced. */
  readonly on?: (event: ClusterEvent) => void;
}

/** What happens to a local cluster's processes. */
export type ClusterEvent = {
  readonly kind: "worker-died";
  readonly name: string;
  readonly error: ClusterError;
  /** False once workers have died too often: no more are started. */
  readonly replaced: boolean;
};

/** Workers that may be replaced within {@link WINDOW} milliseconds. */
const MAX_REPLACED = 5;
const WINDOW = 60_000;
const MEMORY_SHARE = 0.6;

/**
 * A cluster that this program started, and that ends with it.
 *
 * ```ts
 * await using cluster = await Cluster.local({ workers: 4 });
 * for await (const block of cluster.executor.run(plan)) …
 * ```
 */
export class LocalCluster {
  /** `ws://127.0.0.1:port`, for further workers and clients. */
  readonly url: string;
  /** The dashboard, with the token in it. */
  readonly dashboardUrl: string;
  readonly token: string;
  /** Runs plans on the cluster. */
  readonly executor: Executor;
  /** Starts jobs on the cluster: `cluster.client.start(…)`. */
  readonly client: Client;
  readonly #scheduler: LocalProcess;
  readonly #pool: WorkerPool;
  #closing: Promise<void> | null = null;

  private constructor(
    addresses: { readonly url: string; readonly dashboardUrl: string; readonly token: string },
    client: Client,
    scheduler: LocalProcess,
    pool: WorkerPool,
  ) {
    this.url = addresses.url;
    this.dashboardUrl = addresses.dashboardUrl;
    this.token = addresses.token;
    this.executor = client.executor();
    this.client = client;
    this.#scheduler = scheduler;
    this.#pool = pool;
    pool.onExhausted = (reason) => void this.#close(reason);
    void scheduler.ended.then((end) => this.#close(endError("the scheduler", end)));
  }

  /** Starts a cluster, and waits until all its workers have joined. @throws ArgumentError, ClusterError */
  static async local(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const { workers = 2, threads = 1, port = 0, on } = options;
    checkCount("workers", workers, 0);
    checkCount("threads", threads, 1);
    const share = Math.floor((MEMORY_SHARE * machineMemory()) / Math.max(1, workers));
    const token = newToken();
    const env = { [TOKEN_VARIABLE]: token };
    const scheduler = new LocalProcess(
      "the scheduler",
      "@hyperslab/scheduler/main",
      ["--port", String(port)],
      env,
    );
    const flags = [
      "--threads",
      String(threads),
      "--memory",
      String(options.memory ?? share),
      "--reconnect",
      "0",
      ...(options.allowModules ?? []).flatMap((folder) => ["--allow-modules", folder]),
    ];
    const pool = new WorkerPool(flags, env, on);
    try {
      // workers load while the scheduler does, and hear its address once it listens
      const joined = pool.start(workers);
      joined.catch(() => undefined);
      const { url, dashboardUrl } = await scheduler.report("ready");
      pool.setUrl(url);
      const [client] = await Promise.all([connect(url, { token }), joined]);
      const cluster = new LocalCluster({ url, dashboardUrl, token }, client, scheduler, pool);
      scheduler.hold(false);
      pool.hold(false);
      return cluster;
    } catch (error) {
      await Promise.all([scheduler.stop(), pool.stop()]);
      throw error;
    }
  }

  /** The workers, as the scheduler sees them. */
  async workers(): Promise<readonly WorkerStatus[]> {
    return (await this.client.status()).workers;
  }

  /** Starts workers, or retires them, until there are `count`; blocks that only retired ones held are made again. */
  async scale(count: number): Promise<void> {
    checkCount("scale to a number of workers", count, 0);
    if (this.#closing) throw new ClusterError({ who: "the cluster", reason: "it was closed" });
    await this.#pool.scale(count);
  }

  /** Ends all processes; what still runs fails with ClusterError. */
  close(): Promise<void> {
    return this.#close(new ClusterError({ who: "the cluster", reason: "it was closed" }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #close(reason: ClusterError): Promise<void> {
    this.#closing ??= (async () => {
      await this.client.close(reason);
      await Promise.all([this.#scheduler.stop(), this.#pool.stop()]);
    })();
    return this.#closing;
  }
}

/** The worker processes: as many as wanted, replaced where they die, but not for ever. */
class WorkerPool {
  /** Called when all workers are dead and no more will be started. */
  onExhausted: (reason: ClusterError) => void = () => undefined;
  readonly #flags: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #on: ((event: ClusterEvent) => void) | undefined;
  readonly #workers = new Set<LocalProcess>();
  /** When workers were replaced lately. */
  #replaced: number[] = [];
  #url: string | null = null;
  #next = 1;
  #started = false;
  #stopped = false;

  constructor(
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
    on: ((event: ClusterEvent) => void) | undefined,
  ) {
    this.#flags = flags;
    this.#env = env;
    this.#on = on;
  }

  /** The scheduler listens: workers that wait for its address get it. */
  setUrl(url: string): void {
    this.#url = url;
    for (const worker of this.#workers) worker.send({ url });
  }

  /** Starts workers; resolves once they have joined. @throws ClusterError where one ends before that */
  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#add()));
    this.#started = true;
  }

  async #add(): Promise<void> {
    const name = `worker-${this.#next++}`;
    const worker = new LocalProcess(
      name,
      "@hyperslab/worker/main",
      ["--name", name, ...this.#flags],
      this.#env,
    );
    this.#workers.add(worker);
    void worker.ended.then((end) => this.#onEnd(worker, end));
    if (this.#url) worker.send({ url: this.#url });
    await worker.report("joined");
    if (this.#started) worker.hold(false);
  }

  #onEnd(worker: LocalProcess, end: ProcessEnd): void {
    // a worker that was retired is off the list already
    if (!this.#workers.delete(worker) || this.#stopped || !this.#started) return;
    const now = Date.now();
    this.#replaced = this.#replaced.filter((time) => now - time < WINDOW);
    const error = endError(worker.name, end);
    const replaced = this.#replaced.length < MAX_REPLACED;
    this.#on?.({ kind: "worker-died", name: worker.name, error, replaced });
    if (replaced) {
      this.#replaced.push(now);
      // one that does not even start ends up here again
      this.#add().catch(() => undefined);
    } else if (this.#workers.size === 0) this.onExhausted(error);
  }

  async scale(count: number): Promise<void> {
    const more = count - this.#workers.size;
    if (more > 0) await Promise.all(Array.from({ length: more }, () => this.#add()));
    const retired = [...this.#workers].slice(count);
    for (const worker of retired) this.#workers.delete(worker);
    await Promise.all(retired.map((worker) => worker.retire()));
  }

  hold(held: boolean): void {
    for (const worker of this.#workers) worker.hold(held);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
  }
}

function checkCount(asked: string, count: number, least: number): void {
  if (!Number.isInteger(count) || count < least)
    throw new ArgumentError({
      asked: `${asked}: ${count}`,
      found: "not a count",
      hint: `this machine runs ${availableParallelism()} threads at once`,
    });
}

/** Bytes of the machine, or of the container where that has fewer. */
function machineMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
