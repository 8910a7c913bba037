/**
 * Owns clusters whose workers are SLURM jobs: the scheduler runs here, on the login node or in the
 * user's own job; the workers dial it. Everything ends with this process: the scheduler at once, the
 * workers as soon as they miss it.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, connect } from "@hyperslab/client/client";
import { ArgumentError, CancelledError, ClusterError } from "@hyperslab/core/errors";
import type { Executor } from "@hyperslab/core/executor";
import type { WorkerStatus } from "@hyperslab/protocol/status";
import { newToken, TOKEN_VARIABLE } from "@hyperslab/protocol/token";
import type { LocalProcess } from "./local-process.js";
import { cancelJobs, queuedTasks, submitJob } from "./slurm-commands.js";
import { renderSlurmScript, type SlurmSpec } from "./slurm-script.js";

export interface SlurmClusterSpec extends SlurmSpec {
  /**
   * Address that the compute nodes can dial; 127.0.0.1 where not given, which only reaches this machine. The
   * connection is not encrypted: name an address of a network that you trust.
   */
  readonly host?: string;
  /** Port of the scheduler; any free one where not given. */
  readonly port?: number;
}

/** What there is between `start` and `close`. */
interface Running {
  readonly scheduler: LocalProcess;
  readonly client: Client;
  readonly url: string;
}

const POLL_MS = 200;

/**
 * A cluster on SLURM.
 *
 * ```ts
 * const cluster = Cluster.slurm({ workers: 8, threads: 4, memory: "16G", host: "10.1.0.5", partition: "compute" });
 * console.log(cluster.script());
 * await cluster.start();
 * await cluster.waitForWorkers(2);
 * const mean = await ds.mean("time").compute({ on: cluster.executor });
 * await cluster.close();
 * ```
 */
export class SlurmCluster {
  readonly #spec: SlurmClusterSpec;
  readonly #folder: string;
  readonly #entry: string = fileURLToPath(import.meta.resolve("@hyperslab/worker/main"));
  /** Numbers of the submitted jobs, with how many workers each asked for. */
  readonly #jobs: { readonly id: string; readonly workers: number }[] = [];
  #running: Running | null = null;
  #dashboardUrl = "";

  /** @throws ArgumentError for counts, sizes and times that SLURM would not take */
  constructor(spec: SlurmClusterSpec) {
    this.#spec = spec;
    this.#folder = join(
      resolve(spec.folder ?? "."),
      `.hyperslab-slurm-${process.pid}-${Date.now().toString(36)}`,
    );
    this.script();
  }

  /** The batch script that `start` submits. Before that, PORT stands where the scheduler's port will. */
  script(workers: number = this.#spec.workers): string {
    const url = this.#running?.url ?? `ws://${this.#spec.host ?? "127.0.0.1"}:${this.#spec.port ?? "PORT"}`;
    const tokenFile = join(this.#folder, "token");
    return renderSlurmScript(
      { ...this.#spec, workers },
      { url, entry: this.#entry, tokenFile, logs: this.#folder },
    );
  }

  /** Starts the scheduler and submits the workers; resolves when SLURM has taken them. @throws ClusterError */
  async start(): Promise<this> {
    if (this.#running) throw new ClusterError({ who: "the cluster", reason: "it was started already" });
    const { host = "127.0.0.1", port = 0 } = this.#spec;
    const token = newToken();
    const flags = ["--host", host, "--port", String(port)];
    const processes = await import("./local-process.js");
    const scheduler = new processes.LocalProcess("the scheduler", "@hyperslab/scheduler/main", flags, {
      [TOKEN_VARIABLE]: token,
    });
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(join(this.#folder, "token"), token, { mode: 0o600 });
      const { url, dashboardUrl } = await scheduler.report("ready");
      this.#dashboardUrl = dashboardUrl;
      this.#running = { scheduler, client: await connect(url, { token }), url };
      scheduler.hold(false);
      await this.#submit(this.#spec.workers);
      return this;
    } catch (error) {
      await this.#end(scheduler);
      throw error;
    }
  }

  /** Runs plans on the cluster; they wait until a worker is there. @throws ClusterError before `start` */
  get executor(): Executor {
    return this.client.executor();
  }

  /** Starts jobs on the cluster: `cluster.client.start(…)`. @throws ClusterError before `start` */
  get client(): Client {
    return this.#started().client;
  }

  /** The live page. @throws ClusterError before `start` */
  get dashboardUrl(): string {
    this.#started();
    return this.#dashboardUrl;
  }

  /** The workers that have joined. */
  async workers(): Promise<readonly WorkerStatus[]> {
    return (await this.#started().client.status()).workers;
  }

  /**
   * Waits until at least `count` workers have joined.
   * @throws ClusterError where the jobs ended without: with the end of a job's log. CancelledError by the signal
   */
  async waitForWorkers(
    count: number = this.#spec.workers,
    options: { signal?: AbortSignal } = {},
  ): Promise<void> {
    for (;;) {
      if (options.signal?.aborted)
        throw new CancelledError({ what: "waiting for workers", cause: options.signal.reason });
      const [joined, queued] = await Promise.all([
        this.workers(),
        queuedTasks(this.#jobs.map(({ id }) => id)),
      ]);
      if (joined.length >= count) return;
      if (queued.length + joined.length === 0)
        throw new ClusterError({
          who: `SLURM jobs ${this.#jobs.map(({ id }) => id).join(", ")}`,
          reason: `ended before ${count} workers had joined${await this.#lastWords()}`,
          hint: "try the lines of script() on a compute node",
        });
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  }

  /** Submits more workers, or ends the youngest ones, until `count` are asked for. */
  async scale(count: number): Promise<void> {
    if (!Number.isInteger(count) || count < 0)
      throw new ArgumentError({ asked: `scale to ${count} workers`, found: "not a count" });
    this.#started();
    const asked = this.#jobs.reduce((sum, { workers }) => sum + workers, 0);
    if (count > asked) return this.#submit(count - asked);
    const tasks = this.#jobs.flatMap(({ id, workers }) =>
      Array.from({ length: workers }, (_, i) => `${id}_${i}`),
    );
    await cancelJobs(tasks.slice(count));
    let left = count;
    for (const [i, { id, workers }] of this.#jobs.entries()) {
      this.#jobs[i] = { id, workers: Math.min(workers, left) };
      left -= this.#jobs[i].workers;
    }
  }

  /** Ends the jobs and the scheduler, and removes the token and the logs. */
  async close(): Promise<void> {
    const running = this.#running;
    if (running)
      await running.client.close(new ClusterError({ who: "the cluster", reason: "it was closed" }));
    await this.#end(running?.scheduler);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #submit(workers: number): Promise<void> {
    if (workers > 0) this.#jobs.push({ id: await submitJob(this.script(workers)), workers });
  }

  #started(): Running {
    if (this.#running) return this.#running;
    throw new ClusterError({
      who: "the cluster",
      reason: "it is not started",
      hint: "await cluster.start() first",
    });
  }

  async #end(scheduler: LocalProcess | undefined): Promise<void> {
    this.#running = null;
    const jobs = this.#jobs.splice(0).map(({ id }) => id);
    const ended = await Promise.allSettled([
      cancelJobs(jobs),
      scheduler?.stop(),
      rm(this.#folder, { recursive: true, force: true }),
    ]);
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  }

  async #lastWords(): Promise<string> {
    const [job] = this.#jobs;
    const log = job && (await readFile(join(this.#folder, `${job.id}_0.log`), "utf8").catch(() => ""));
    return log ? `: ${log.trim().split("\n").slice(-5).join("; ")}` : "";
  }
}
