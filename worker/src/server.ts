/**
 * Owns everything of a worker that touches the world: the connection to its scheduler, the port for
 * whoever fetches blocks, the timers. Turns what happens there into events, gives them to the
 * reactor, and carries out what comes back.
 */
import { createServer } from "node:http";
import { unreachable } from "@hyperslab/core/unreachable";
import { blockFromBytes, fieldBytes } from "@hyperslab/protocol/block-bytes";
import { BlockFetcher } from "@hyperslab/protocol/block-fetcher";
import { hearHello, sayHello, welcome } from "@hyperslab/protocol/handshake";
import { acceptChannels, listenOn, urlHost } from "@hyperslab/protocol/listen";
import type {
  Hello,
  Message,
  PeerMessage,
  ToWorkerMessage,
  WorkerMessage,
} from "@hyperslab/protocol/messages";
import { unpackRuns } from "@hyperslab/protocol/number-lists";
import { PEER, TO_WORKER } from "@hyperslab/protocol/shapes";
import { SharedFileWriter } from "@hyperslab/protocol/shared-file";
import { CLOSE, type Channel, type Heartbeat, dial } from "@hyperslab/protocol/socket";
import { BlockSender } from "./block-sender.js";
import type { Receiver, WorkerEvent, WorkerInstruction } from "./events.js";
import { react } from "./reactor.js";
import { TASK, newState, sizeOfTask } from "./state.js";
import { WorkerThreads } from "./threads.js";
import { reportMessage, schedulerEvent } from "./wire.js";
import { stageOfTask } from "@hyperslab/core/task-graph";

export interface WorkerOptions {
  /** Of the scheduler: `ws://host:port`. */
  readonly url: string;
  readonly token: string;
  readonly name: string;
  readonly threads: number;
  /** Bytes for blocks and working memory. */
  readonly memory: number;
  readonly heartbeat?: Heartbeat;
  /** Folders with modules whose exported functions clients may call; none if not said. */
  readonly allowModules?: readonly string[];
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

/** Milliseconds that a task runs before the scheduler is told. */
const STARTED_AFTER = 5;
/** Milliseconds that a file offered for large blocks has a name. */
const OFFERED = 5_000;
/** Milliseconds between two measurements for the scheduler. */
const STATS_EVERY = 1_000;

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

type Started = Extract<WorkerInstruction, { kind: "ReportStarted" }>;

class WorkerServer {
  readonly #state;
  readonly #channel: Channel<ToWorkerMessage, WorkerMessage>;
  readonly #threads: WorkerThreads;
  readonly #fetcher: BlockFetcher;
  readonly #results: BlockSender;
  /** Whoever fetches blocks of this worker, by a number of ours. */
  readonly #askers = new Map<number, BlockSender>();
  readonly #open = new Set<Channel<PeerMessage, PeerMessage>>();
  #nextAsker = 1;
  #stats: NodeJS.Timeout | null = null;
  /** Tasks that were started lately, and not told of. */
  readonly #started: Started[] = [];
  #startedTimer: NodeJS.Timeout | null = null;

  constructor(
    { threads, memory, name, token, allowModules = [] }: WorkerOptions,
    channel: Channel<ToWorkerMessage, WorkerMessage>,
  ) {
    this.#state = newState(threads, memory);
    this.#channel = channel;
    this.#threads = new WorkerThreads(this.#state, (event) => this.#handle(event), allowModules);
    const tellMissing = (job: number, blocks: Uint8Array): void =>
      channel.send({ type: "no-result", job, blocks });
    this.#results = new BlockSender(channel, tellMissing, this.#threads.memory);
    this.#fetcher = new BlockFetcher(
      name,
      token,
      {
        onSmall: (peer, job, blocks, bytes) =>
          this.#handle({ kind: "SmallFetched", peer, job, blocks, bytes }),
        onBlock: (peer, job, block, bytes) => this.#onBlock(peer, job, block, bytes),
        onMissing: (peer, job, blocks) => this.#handle({ kind: "FetchMissed", peer, job, blocks }),
        onLost: (peer, reason) => this.#handle({ kind: "PeerLost", peer, reason }),
      },
      (bytes) => new SharedArrayBuffer(bytes),
    );
  }

  /** Listens to the scheduler; resolves at the end. */
  serve(): Promise<WorkerEnd> {
    this.#stats = setInterval(() => this.#sendStats(), STATS_EVERY);
    this.#sendStats();
    void this.#threads.warmUp();
    return new Promise((resolve) => {
      this.#channel.listen(TO_WORKER, {
        onMessage: (message, parts) => {
          if (message.type === "retire") resolve({ reason: message.reason, retired: true });
          else {
            this.#handle(schedulerEvent(message, parts));
            if (message.type === "peers") this.#fetcher.drop(message.left);
            else if (message.type === "forget-job") this.#fetcher.forget(message.job);
          }
        },
        onClose: (reason) => resolve({ reason: reason.message, retired: false }),
      });
    });
  }

  /** A worker or client that wants blocks of this one. */
  async onPeer(stranger: Channel<Message, Message>): Promise<void> {
    const hello = await hearHello(stranger, ["peer"]).catch(() => null);
    if (!hello) return;
    const asker = this.#nextAsker++;
    welcome(stranger, hello, asker);
    const channel = stranger as unknown as Channel<PeerMessage, PeerMessage>;
    const tellMissing = (job: number, blocks: Uint8Array): void =>
      channel.send({ type: "missing", job, blocks });
    const sender = new BlockSender(channel, tellMissing, this.#threads.memory);
    this.#askers.set(asker, sender);
    this.#open.add(channel);
    const file = this.#offerFile(channel, hello);
    channel.listen(PEER, {
      onMessage: (message) => {
        if (message.type === "get") {
          const { job, from } = message;
          this.#handle({ kind: "BlocksAsked", asker, job, blocks: unpackRuns(message.blocks), from });
        } else if (message.type === "accept-file") void this.#useFile(file, sender, channel);
        else if (message.type === "free-slot") void file.then((writer) => writer?.free(message.slot));
      },
      onClose: () => {
        this.#askers.delete(asker);
        this.#open.delete(channel);
        void file.then((writer) => writer?.close());
      },
    });
  }

  /** Offers the short way to whoever may be on this machine. */
  async #offerFile(
    channel: Channel<PeerMessage, PeerMessage>,
    hello: Hello,
  ): Promise<SharedFileWriter | null> {
    if (!hello.features.includes("shared-file")) return null;
    const writer = await SharedFileWriter.create();
    if (writer) channel.send({ type: "offer-file", path: writer.path, check: writer.check });
    // the other side opens it at once, or never
    if (writer) setTimeout(() => void writer.hide(), OFFERED).unref();
    return writer;
  }

  async #useFile(
    file: Promise<SharedFileWriter | null>,
    sender: BlockSender,
    channel: Channel<PeerMessage, PeerMessage>,
  ): Promise<void> {
    const writer = await file;
    if (!writer) return;
    await writer.hide();
    sender.useFile(writer, (piece) => channel.send(piece));
  }

  /** A block with memory of its own has come; all threads will read it. */
  #onBlock(peer: number, job: number, block: number, bytes: Uint8Array): void {
    const known = this.#state.jobs.get(job);
    if (!known) return;
    const { fields } = known.outline.stages[stageOfTask(known, block)];
    // pieces were put together in shared memory; a block in one piece was not
    const copy = bytes.buffer instanceof SharedArrayBuffer ? null : "shared";
    const payload = blockFromBytes(fields, sizeOfTask(known, block).shape, bytes, 0, copy).fields;
    this.#handle({ kind: "FetchFinished", peer, job, block, bytes: fieldBytes(payload), payload });
  }

  #handle(event: WorkerEvent): void {
    for (const instruction of react(this.#state, event)) this.#carryOut(instruction);
  }

  #senderTo(to: Receiver): BlockSender | undefined {
    return to === null ? this.#results : this.#askers.get(to);
  }

  #carryOut(instruction: WorkerInstruction): void {
    switch (instruction.kind) {
      case "RegisterStage":
        return this.#threads.register(instruction);
      case "UnregisterJob":
        return this.#threads.unregister(instruction.job);
      case "StartRun":
        void this.#threads.run(instruction);
        return;
      case "StartBatch":
        void this.#threads.runBatch(instruction);
        return;
      case "StopRun":
        return this.#threads.stop(instruction.run);
      case "FetchBlocks":
        return this.#fetcher.get(instruction.peer, instruction.job, instruction.blocks);
      case "ReportStarted":
        return this.#reportLater(instruction);
      case "ReportFinished":
      case "ReportFailed":
      case "ReportFetched":
      case "ReportReturned":
        return this.#channel.send(reportMessage(instruction));
      case "SendSmall": {
        const { to, job, blocks, places, bytes } = instruction;
        return this.#senderTo(to)?.sendSmall(job, blocks, this.#threads.gather(places, bytes));
      }
      case "SendBlock": {
        const { to, job, block, payload, from } = instruction;
        return this.#senderTo(to)?.sendBlock(job, block, payload, from);
      }
      case "SendMissing":
        return this.#senderTo(instruction.to)?.sendMissing(instruction.job, instruction.blocks);
      case "FreeBlock":
        return this.#threads.memory.free(instruction.payload);
      case "StoreBlock":
        return this.#threads.store(instruction.place, instruction.payload, instruction.bytes);
      case "StoreSmall":
        return this.#threads.scatter(instruction.places, instruction.sizes, instruction.bytes);
      default:
        return unreachable(instruction);
    }
  }

  /** Most tasks have ended before it is worth telling that they run. */
  #reportLater(report: Started): void {
    this.#started.push(report);
    this.#startedTimer ??= setTimeout(() => {
      this.#startedTimer = null;
      for (const { kind, job, tasks } of this.#started.splice(0)) {
        const status = this.#state.jobs.get(job)?.status;
        const running = tasks.filter((task) => status?.[task] === TASK.running);
        if (running.length > 0) this.#channel.send(reportMessage({ kind, job, tasks: running }));
      }
    }, STARTED_AFTER);
  }

  #sendStats(): void {
    const { stored, running } = this.#state;
    this.#channel.send({ type: "stats", stored, running, rss: process.memoryUsage.rss() });
  }

  async close(): Promise<void> {
    if (this.#stats) clearInterval(this.#stats);
    if (this.#startedTimer) clearTimeout(this.#startedTimer);
    for (const channel of this.#open) channel.terminate();
    this.#fetcher.close();
    await this.#threads.close();
  }
}
