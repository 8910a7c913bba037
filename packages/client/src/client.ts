/**
 * Owns the connection of a program to a scheduler: the handshake, the runs on it, and its end.
 * What a run is: `run.ts`.
 */
import { ClusterError } from "@hyperslab/core/errors";
import type { Executor } from "@hyperslab/core/executor";
import { sayHello } from "@hyperslab/protocol/handshake";
import type { ClientMessage, ToClientMessage } from "@hyperslab/protocol/messages";
import { TO_CLIENT } from "@hyperslab/protocol/shapes";
import { type Channel, type Heartbeat, dial } from "@hyperslab/protocol/socket";
import type { ClusterStatus } from "@hyperslab/protocol/status";
import { TOKEN_VARIABLE } from "@hyperslab/protocol/token";
import { type RunListener, runPlan } from "./run.js";

export interface ConnectOptions {
  /** The scheduler's token; the environment's `HYPERSLAB_TOKEN` if not said. */
  readonly token?: string;
  readonly signal?: AbortSignal;
  /** For people who watch the cluster: who asks. */
  readonly name?: string;
  readonly heartbeat?: Heartbeat;
  /** Bytes of results that may be under way to this client; 64 MiB if not said. */
  readonly window?: number;
}

const WINDOW = 2 ** 26;

/**
 * Connects to a scheduler.
 * @param url `ws://host:port`, or the `http` address of its dashboard, with its token
 * @throws ClusterError where it can't be reached or refuses the token; ProtocolError for another version
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Client> {
  const { signal, heartbeat, name = `node-${process.pid}`, window = WINDOW } = options;
  const token = options.token ?? tokenOf(url) ?? process.env[TOKEN_VARIABLE] ?? "";
  const channel = await dial<ToClientMessage, ClientMessage>(url, "scheduler", {
    token,
    ...(signal ? { signal } : {}),
    ...(heartbeat ? { heartbeat } : {}),
  });
  await sayHello(channel as never, { kind: "client", name });
  return new Client(channel, window);
}

function tokenOf(url: string): string | undefined {
  return URL.canParse(url) ? (new URL(url).searchParams.get("token") ?? undefined) : undefined;
}

/** A connection to a scheduler. It does not keep the process alive while nothing runs. */
export class Client {
  readonly #channel: Channel<ToClientMessage, ClientMessage>;
  readonly #window: number;
  readonly #runs = new Map<number, RunListener>();
  readonly #asked = new Map<
    number,
    { resolve: (status: ClusterStatus) => void; reject: (error: Error) => void }
  >();
  #nextRef = 1;
  #ended: ClusterError | null = null;

  constructor(channel: Channel<ToClientMessage, ClientMessage>, window: number = WINDOW) {
    this.#channel = channel;
    this.#window = window;
    channel.hold(false);
    channel.listen(TO_CLIENT, {
      onMessage: (message, parts) => this.#onMessage(message, parts),
      onClose: (reason) => this.#onClose(reason),
    });
  }

  /** Runs plans on the cluster: the same contract as the local executors. */
  executor(): Executor {
    return {
      name: "cluster",
      run: (plan, options = {}) =>
        runPlan(plan, options, {
          window: this.#window,
          ended: () => this.#ended,
          open: (listener) => this.#open(listener),
          send: (message, parts) => this.#channel.send(message, parts),
          close: (ref) => this.#forget(ref),
        }),
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(listener: RunListener): number {
    const ref = this.#nextRef++;
    this.#runs.set(ref, listener);
    this.#hold();
    return ref;
  }

  #forget(ref: number): void {
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
    for (const run of this.#runs.values()) run.onLost(reason);
    for (const { reject } of this.#asked.values()) reject(reason);
    this.#asked.clear();
  }
}
