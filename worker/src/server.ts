/**
 * Owns everything of a worker that touches the world: the connection to its scheduler, the port for
 * its peers, the compute threads, the timers. Turns what happens there into events, gives them to the
 * reactor, and carries out what comes back.
 */
import { createServer } from "node:http";
import { CancelledError, MemoryError, toWire } from "@hyperslab/core/errors";
import { unreachable } from "@hyperslab/core/unreachable";
import { ThreadPool } from "@hyperslab/executor/thread-pool";
import { MAX_BLOCK, blockFromParts, blockToParts, fieldBytes } from "@hyperslab/protocol/block-parts";
import { hearHello, sayHello, welcome } from "@hyperslab/protocol/handshake";
import { acceptChannels, listenOn, urlHost } from "@hyperslab/protocol/listen";
import type { Message, PeerMessage, ToWorkerMessage, WorkerMessage } from "@hyperslab/protocol/messages";
import { PEER, TO_WORKER } from "@hyperslab/protocol/shapes";
import { CLOSE, type Channel, type Heartbeat, dial } from "@hyperslab/protocol/socket";
import type { WorkerEvent, WorkerInstruction } from "./events.js";
import { Peers } from "./peers.js";
import { react } from "./reactor.js";
import { keyOf, newState } from "./state.js";
import { schedulerEvent } from "./wire.js";

export interface WorkerOptions {
  /** Of the scheduler: `ws://host:port`. */
  readonly url: string;
  readonly token: string;
  readonly name: string;
  readonly threads: number;
  /** Bytes for blocks and working memory. */
  readonly memory: number;
  readonly heartbeat?: Heartbeat;
}

/** A worker that runs in this process. */
export interface RunningWorker {
  /** Where peers dial it. */
  readonly address: string;
  /** Resolves with the reason once the scheduler is gone, or retired the worker. */
  readonly ended: Promise<WorkerEnd>;
  close(): Promise<void>;
}

export interface WorkerEnd {
  readonly reason: string;
  /** The scheduler wanted it so: there is nothing to come back to. */
  readonly retired: boolean;
}

/** Milliseconds between two measurements for the scheduler. */
const STATS_EVERY = 1_000;
/** Threads that are started before there is work. */
const MAX_WARM = 4;
/** Results wait while so many bytes are on their way to the scheduler. */
const RESULT_BUFFER = 2 ** 23;

/** Connects to a scheduler and works for it. @throws ClusterError, ProtocolError where it can't */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { url, token, name, threads, memory, heartbeat } = options;
  const beat = heartbeat ? { heartbeat } : {};
  const channel = await dial<ToWorkerMessage, WorkerMessage>(url, "scheduler", { token, ...beat });
  const http = createServer((_request, response) => response.writeHead(404).end());
  // where the scheduler is reached, peers are
  const port = await listenOn(http, channel.localAddress, 0);
  const address = `ws://${urlHost(channel.localAddress)}:${port}`;
  const server = new WorkerServer(options, channel);
  acceptChannels(http, { token, who: "a peer", ...beat, onChannel: (peer) => void server.onPeer(peer) });
  const close = async (): Promise<void> => {
    channel.close(CLOSE.goingAway, "the worker is closing");
    http.close();
    await server.close();
  };
  try {
    await sayHello(channel as never, { kind: "worker", name, address, threads, memory, pid: process.pid });
  } catch (error) {
    await close();
    throw error;
  }
  return { address, ended: server.serve(), close };
}

class WorkerServer {
  readonly #state;
  readonly #channel: Channel<ToWorkerMessage, WorkerMessage>;
  readonly #pool: ThreadPool;
  readonly #peers: Peers;
  /** Runs under way, by key. */
  readonly #runs = new Map<number, AbortController>();
  /** Peers that ask this worker, by a number of ours. */
  readonly #askers = new Map<number, Channel<PeerMessage, PeerMessage>>();
  #nextAsker = 1;
  /** Program names given to the pool, by job. */
  readonly #programs = new Map<number, string[]>();
  #results: Promise<void> = Promise.resolve();
  #stats: NodeJS.Timeout | null = null;

  constructor(
    { threads, memory, name, token }: WorkerOptions,
    channel: Channel<ToWorkerMessage, WorkerMessage>,
  ) {
    this.#state = newState(threads, memory);
    this.#channel = channel;
    // more slots than one: tasks that wait for a network share a thread
    this.#pool = new ThreadPool({ threads, slots: 4 });
    this.#peers = new Peers(name, token, {
      onBlock: (peer, job, block, heads, parts) => {
        const payload = blockFromParts(heads, parts, true);
        this.#handle({ kind: "FetchFinished", peer, job, block, bytes: fieldBytes(payload), payload });
      },
      onMissing: (peer, job, block) => this.#handle({ kind: "FetchMissed", peer, job, block }),
      onLost: (peer, reason) => this.#handle({ kind: "PeerLost", peer, reason }),
    });
  }

  /** Listens to the scheduler; resolves at the end. */
  serve(): Promise<WorkerEnd> {
    this.#stats = setInterval(() => this.#sendStats(), STATS_EVERY);
    this.#sendStats();
    this.#warmUp();
    return new Promise((resolve) => {
      this.#channel.listen(TO_WORKER, {
        onMessage: (message, parts) => {
          if (message.type === "retire") resolve({ reason: message.reason, retired: true });
          else {
            this.#handle(schedulerEvent(message, parts));
            if (message.type === "peers") this.#peers.drop(message.left);
          }
        },
        onClose: (reason) => resolve({ reason: reason.message, retired: false }),
      });
    });
  }

  /** Starts some threads before the first task comes: it would wait for them to load. */
  #warmUp(): void {
    const fields = ["bool"] as const;
    const program = {
      sources: [],
      targets: [],
      literals: [{ dtype: "bool", shape: [], data: Uint8Array.of(1) }],
      steps: [{ kind: "literal", literal: 0, shape: [], fields }],
    } as const;
    const programId = "warm up";
    this.#pool.define(programId, [{ name: programId, grid: [], fields, program, inputGrids: [] }]);
    const count = Math.min(this.#pool.threads, MAX_WARM);
    const runs = Array.from({ length: count }, () =>
      this.#pool.run({ programId, stage: 0, block: 0, inputs: [] }),
    );
    void Promise.allSettled(runs).then(() => this.#pool.forget(programId));
  }

  /** A worker that wants blocks of this one. */
  async onPeer(stranger: Channel<Message, Message>): Promise<void> {
    const hello = await hearHello(stranger, ["peer"]).catch(() => null);
    if (!hello) return;
    const asker = this.#nextAsker++;
    welcome(stranger, hello, asker);
    const channel = stranger as unknown as Channel<PeerMessage, PeerMessage>;
    this.#askers.set(asker, channel);
    channel.listen(PEER, {
      onMessage: (message) => {
        if (message.type === "get")
          this.#handle({ kind: "BlockAsked", asker, job: message.job, block: message.block });
      },
      onClose: () => this.#askers.delete(asker),
    });
  }

  #handle(event: WorkerEvent): void {
    for (const instruction of react(this.#state, event)) this.#carryOut(instruction);
  }

  #carryOut(instruction: WorkerInstruction): void {
    switch (instruction.kind) {
      case "RegisterStage": {
        const { job, stage, outline, program } = instruction;
        const { name, where, grid, fields, inputs } = outline.stages[stage];
        const inputGrids = inputs.map((input) => outline.stages[input.stage].grid);
        const task = { name, ...(where === undefined ? {} : { where }), grid, fields, program, inputGrids };
        const id = programId(job, stage);
        this.#pool.define(id, [task]);
        const names = this.#programs.get(job);
        if (names) names.push(id);
        else this.#programs.set(job, [id]);
        return;
      }
      case "UnregisterJob":
        for (const id of this.#programs.get(instruction.job) ?? []) this.#pool.forget(id);
        this.#programs.delete(instruction.job);
        return;
      case "StartRun":
        void this.#run(instruction);
        return;
      case "StopRun":
        this.#runs
          .get(keyOf(instruction.job, instruction.task))
          ?.abort(new CancelledError({ what: "a task of a job that is over" }));
        return;
      case "FetchBlock":
        return this.#peers.get(instruction.peer, instruction.job, instruction.block);
      case "Report":
        return this.#channel.send(instruction.message);
      case "SendResult":
        return this.#sendResult(instruction);
      case "AnswerPeer": {
        const { asker, job, block, payload } = instruction;
        const channel = this.#askers.get(asker);
        if (!payload) return channel?.send({ type: "missing", job, block });
        const { heads, parts } = blockToParts(payload);
        return channel?.send({ type: "block", job, block, heads }, parts);
      }
      default:
        return unreachable(instruction);
    }
  }

  async #run({
    job,
    task,
    stage,
    block,
    inputs,
  }: Extract<WorkerInstruction, { kind: "StartRun" }>): Promise<void> {
    const key = keyOf(job, task);
    const controller = new AbortController();
    this.#runs.set(key, controller);
    let ends: WorkerEvent;
    try {
      const work = { programId: programId(job, stage), stage: 0, block, inputs };
      const { fields } = await this.#pool.run(work, { signal: controller.signal });
      const bytes = fieldBytes(fields);
      if (bytes > MAX_BLOCK)
        throw new MemoryError({
          what: "to send a block to another process",
          needed: bytes,
          available: MAX_BLOCK,
          hint: "cut the array into smaller chunks",
        });
      ends = { kind: "RunFinished", job, task, bytes, payload: fields };
    } catch (error) {
      ends = { kind: "RunFailed", job, task, error: toWire(error) };
    }
    this.#runs.delete(key);
    this.#handle(ends);
  }

  /** Results go one after the other, as fast as the scheduler takes them. */
  #sendResult({ job, block, payload }: Extract<WorkerInstruction, { kind: "SendResult" }>): void {
    this.#results = this.#results.then(async () => {
      await this.#channel.drained(RESULT_BUFFER);
      const { heads, parts } = blockToParts(payload);
      this.#channel.send({ type: "result", job, block, bytes: fieldBytes(payload), heads }, parts);
    });
  }

  #sendStats(): void {
    const { stored, running } = this.#state;
    this.#channel.send({ type: "stats", stored, running, rss: process.memoryUsage.rss() });
  }

  async close(): Promise<void> {
    if (this.#stats) clearInterval(this.#stats);
    for (const channel of this.#askers.values()) channel.terminate();
    this.#peers.close();
    await this.#pool.close();
  }
}

function programId(job: number, stage: number): string {
  return `${job}/${stage}`;
}
