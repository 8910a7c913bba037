/**
 * Owns everything of a scheduler that touches the world: the port, its sockets, timers, the page's files.
 * Turns messages into events, gives them to the reactor, and carries out what comes back.
 */
import { readFile } from "node:fs/promises";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { join } from "node:path";
import { ProtocolError } from "@hyperslab/core/errors";
import { unreachable } from "@hyperslab/core/unreachable";
import { PAGE_FILES, pageFolder } from "@hyperslab/dashboard/page";
import { hearHello, welcome } from "@hyperslab/protocol/handshake";
import { acceptChannels, listenOn, urlHost } from "@hyperslab/protocol/listen";
import type {
  ClientMessage,
  Hello,
  Message,
  ToClientMessage,
  ToWorkerMessage,
  WorkerMessage,
} from "@hyperslab/protocol/messages";
import { outlineFromBytes } from "@hyperslab/protocol/program-bytes";
import { FROM_CLIENT, FROM_WORKER } from "@hyperslab/protocol/shapes";
import { CLOSE, type Channel, type Heartbeat, flushChannels } from "@hyperslab/protocol/socket";
import type { ClusterStatus } from "@hyperslab/protocol/status";
import { hasToken, newToken } from "@hyperslab/protocol/token";
import type { WebSocket } from "ws";
import type { SchedulerEvent, SchedulerInstruction } from "./events.js";
import { explain, story } from "./explain.js";
import { metricsText } from "./metrics.js";
import { place } from "./place.js";
import { react } from "./reactor.js";
import { newState } from "./state.js";
import { clusterStatus } from "./status.js";
import {
  type ResultPayload,
  clientEvent,
  clientMessage,
  joinedEvent,
  relayedMessage,
  workerEvent,
  workerMessage,
} from "./wire.js";

export interface SchedulerOptions {
  /** Address to listen on; this machine alone (127.0.0.1) if not said. */
  readonly host?: string;
  /** 0, or nothing, for any free port. */
  readonly port?: number;
  /** What every connection must bring; a random one if not said. */
  readonly token?: string;
  readonly heartbeat?: Heartbeat;
}

/** A scheduler that runs in this process. */
export interface Scheduler {
  /** `ws://host:port`, for workers and clients. */
  readonly url: string;
  /** The page, with the token in it. */
  readonly dashboardUrl: string;
  readonly token: string;
  status(): ClusterStatus;
  close(): Promise<void>;
}

/** Milliseconds between two pictures for the dashboard. */
const FEED_EVERY = 250;
/** A page that takes no more than this is left out until it has. */
const FEED_BUFFER = 2 ** 20;

/** Milliseconds since 1970, with fractions: a thousand tasks may end within one. */
const now = (): number => performance.timeOrigin + performance.now();

type WorkerChannel = Channel<WorkerMessage, ToWorkerMessage>;
type ClientChannel = Channel<ClientMessage, ToClientMessage>;

/** Starts a scheduler. @throws ClusterError where the address can't be listened on */
export async function startScheduler(options: SchedulerOptions = {}): Promise<Scheduler> {
  const { host = "127.0.0.1", port = 0, token = newToken() } = options;
  const core = new SchedulerServer(token);
  const http = createServer((request, response) => void core.onRequest(request, response));
  acceptChannels(http, {
    token,
    who: "a peer",
    ...(options.heartbeat ? { heartbeat: options.heartbeat } : {}),
    onChannel: (channel) => void core.onChannel(channel),
    others: { "/feed": (ws) => core.onFeed(ws) },
  });
  const bound = await listenOn(http, host, port);
  const address = `${urlHost(host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host)}:${bound}`;
  return {
    url: `ws://${address}`,
    dashboardUrl: `http://${address}/?token=${encodeURIComponent(token)}`,
    token,
    status: () => core.status(),
    close: () => core.close(http),
  };
}

/** The bytes of a job's plan, as the client sent them: the outline, then the program of every stage. */
interface JobBytes {
  readonly outline: Uint8Array;
  readonly programs: readonly Uint8Array[];
}

class SchedulerServer {
  readonly #state = newState(now());
  readonly #token: string;
  readonly #workers = new Map<number, WorkerChannel>();
  readonly #clients = new Map<number, ClientChannel>();
  readonly #feeds = new Set<WebSocket>();
  /** Connections that have not said who they are. */
  readonly #strangers = new Set<Channel<Message, Message>>();
  readonly #jobs = new Map<number, JobBytes>();
  /** Of the submission that is being handled. */
  #submitted: JobBytes | null = null;
  #nextId = 1;
  #ticking = false;
  #feedTimer: NodeJS.Timeout | null = null;

  constructor(token: string) {
    this.#token = token;
  }

  status(): ClusterStatus {
    return clusterStatus(this.#state, now());
  }

  async onChannel(channel: Channel<Message, Message>): Promise<void> {
    this.#strangers.add(channel);
    const hello = await hearHello(channel, ["client", "worker"]).catch(() => null);
    this.#strangers.delete(channel);
    if (!hello) return;
    const id = this.#nextId++;
    welcome(channel, hello, id);
    if (hello.role.kind === "worker") this.#addWorker(id, hello, channel as never);
    else this.#addClient(id, hello, channel as never);
  }

  #addWorker(id: number, hello: Hello, channel: WorkerChannel): void {
    const joined = joinedEvent(id, now(), hello);
    if (!joined) return;
    this.#workers.set(id, channel);
    this.#handle(joined);
    channel.listen(FROM_WORKER, {
      onMessage: (message, parts) => this.#handle(workerEvent(id, now(), message, parts)),
      onClose: (reason) => {
        this.#workers.delete(id);
        this.#handle({
          kind: "WorkerLost",
          worker: id,
          time: now(),
          reason: reason.fields.reason,
          retired: channel.closeCode === CLOSE.goingAway,
        });
      },
    });
  }

  #addClient(id: number, hello: Hello, channel: ClientChannel): void {
    this.#clients.set(id, channel);
    const { role } = hello;
    const dials = role.kind === "client" && role.dials;
    this.#handle({ kind: "ClientJoined", client: id, time: now(), name: role.name, dials });
    channel.listen(FROM_CLIENT, {
      onMessage: (message, parts) => this.#onClientMessage(id, channel, message, parts),
      onClose: (reason) => {
        this.#clients.delete(id);
        this.#handle({ kind: "ClientLost", client: id, time: now(), reason: reason.fields.reason });
      },
    });
  }

  #onClientMessage(
    client: number,
    channel: ClientChannel,
    message: ClientMessage,
    parts: readonly Uint8Array[],
  ): void {
    const time = now();
    switch (message.type) {
      case "submit": {
        const [outlineBytes, ...programs] = parts;
        const outline = outlineFromBytes(outlineBytes ?? new Uint8Array());
        if (programs.length !== outline.stages.length)
          throw new ProtocolError({
            asked: "submit a plan",
            found: `${programs.length} programs for ${outline.stages.length} stages`,
          });
        this.#submitted = { outline: outlineBytes, programs };
        const { ref, name, window, progress, priority } = message;
        this.#handle({ kind: "JobSubmitted", client, time, ref, name, outline, window, progress, priority });
        this.#submitted = null;
        return;
      }
      case "ask-status":
        return channel.send({ type: "status", ref: message.ref, status: this.status() });
      default:
        return this.#handle(clientEvent(client, time, message));
    }
  }

  #handle(event: SchedulerEvent): void {
    this.#carryOut(react(this.#state, event));
    this.#askPlacing();
  }

  /** Placing waits until the events that came together are all in. */
  #askPlacing(): void {
    if (!this.#state.dirty || this.#ticking) return;
    this.#ticking = true;
    setImmediate(() => {
      this.#ticking = false;
      this.#carryOut(place(this.#state));
      flushChannels();
      // placing may have ended a job, and so made room for another
      this.#askPlacing();
    });
  }

  #carryOut(instructions: readonly SchedulerInstruction[]): void {
    for (const instruction of instructions) {
      switch (instruction.kind) {
        case "KeepJob":
          if (this.#submitted) this.#jobs.set(instruction.job, this.#submitted);
          break;
        case "DropJob":
          this.#jobs.delete(instruction.job);
          break;
        case "SendJob": {
          const { job } = instruction;
          const bytes = this.#jobs.get(job);
          if (bytes) this.#workers.get(instruction.worker)?.send({ type: "job", job }, [bytes.outline]);
          break;
        }
        case "SendPrograms": {
          const { job, stages } = instruction;
          const programs = stages.map((stage) => this.#jobs.get(job)?.programs[stage] ?? new Uint8Array());
          this.#workers.get(instruction.worker)?.send({ type: "programs", job, stages }, programs);
          break;
        }
        case "SendTasks":
        case "ReleaseBlocks":
        case "RequestResults":
        case "SendPeers":
          this.#workers.get(instruction.worker)?.send(workerMessage(instruction));
          break;
        case "ForgetJob":
          this.#workers.get(instruction.worker)?.sendLater(workerMessage(instruction));
          break;
        case "RelayResults": {
          const payload = instruction.payload as ResultPayload;
          this.#clients
            .get(instruction.client)
            ?.send(relayedMessage(instruction.ref, payload), payload.parts);
          break;
        }
        case "TellStarted":
          this.#clients.get(instruction.client)?.sendLater(clientMessage(instruction));
          break;
        case "TellProgress":
        case "TellSpent":
        case "TellPlace":
        case "TellFinished":
        case "TellFailed":
          this.#clients.get(instruction.client)?.send(clientMessage(instruction));
          break;
        default:
          unreachable(instruction);
      }
    }
  }

  async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const answer = (status: number, type: string, body: string | Buffer): void => {
      response.writeHead(status, { "content-type": type, ...HEADERS });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    const text = "text/plain; charset=utf-8";
    if (request.method !== "GET" && request.method !== "HEAD") return answer(405, text, "only GET\n");
    if (pathname === "/health") return answer(200, "application/json", '{"status":"ok"}\n');
    const file = pathname === "/" ? "index.html" : pathname.slice(1);
    if (Object.hasOwn(PAGE_FILES, file)) {
      try {
        return answer(200, PAGE_FILES[file], await readFile(join(pageFolder(), file)));
      } catch {
        return answer(404, text, "the dashboard is not installed\n");
      }
    }
    if (!["/metrics", "/status", "/task"].includes(pathname)) return answer(404, text, "no such page\n");
    if (!hasToken(request, this.#token)) return answer(401, text, "the token is missing or wrong\n");
    if (pathname === "/task") return this.#answerTask(searchParams, answer);
    if (pathname === "/status") return answer(200, "application/json", JSON.stringify(this.status()));
    return answer(200, "text/plain; version=0.0.4; charset=utf-8", metricsText(this.status()));
  }

  /** `/task?job=1&task=5`: why a task is where it is, and how it got there. */
  #answerTask(query: URLSearchParams, answer: (status: number, type: string, body: string) => void): void {
    const job = this.#state.jobs.get(Number(query.get("job")));
    const task = Number(query.get("task") ?? Number.NaN);
    if (!job || !Number.isInteger(task) || task < 0 || task >= job.graph.taskCount)
      return answer(404, "text/plain; charset=utf-8", "no such task of a running job\n");
    const body = { ...explain(this.#state, job, task), story: story(this.#state, job, task) };
    return answer(200, "application/json", JSON.stringify(body));
  }

  /** A dashboard: gets a picture four times a second, as JSON text. */
  onFeed(ws: WebSocket): void {
    this.#feeds.add(ws);
    ws.on("error", () => ws.terminate());
    ws.on("close", () => this.#feeds.delete(ws));
    ws.send(JSON.stringify(this.status()));
    this.#feedTimer ??= setInterval(() => this.#feed(), FEED_EVERY);
  }

  #feed(): void {
    if (this.#feeds.size === 0 && this.#feedTimer) {
      clearInterval(this.#feedTimer);
      this.#feedTimer = null;
      return;
    }
    const picture = JSON.stringify(this.status());
    for (const ws of this.#feeds) if (ws.bufferedAmount < FEED_BUFFER) ws.send(picture);
  }

  async close(http: Server): Promise<void> {
    if (this.#feedTimer) clearInterval(this.#feedTimer);
    for (const worker of this.#workers.values()) {
      worker.send({ type: "retire", reason: "the scheduler is closing" });
      worker.close(CLOSE.goingAway, "the scheduler is closing");
    }
    for (const client of this.#clients.values()) client.close(CLOSE.goingAway, "the scheduler is closing");
    for (const channel of this.#strangers) channel.terminate();
    for (const ws of this.#feeds) ws.terminate();
    await new Promise<void>((resolve) => {
      http.close(() => resolve());
      http.closeIdleConnections();
    });
  }
}

/** The page talks to its own server alone, and nothing is kept. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};
