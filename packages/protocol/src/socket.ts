/**
 * Owns channels: typed messages over one WebSocket, with batching, backpressure and heartbeat.
 * The one file of the wire that knows the `ws` package. Knows no job, task or state.
 */
import type { Socket } from "node:net";
import { ClusterError, ProtocolError, isHyperslabError } from "@hyperslab/core/errors";
import { WebSocket } from "ws";
import { MAX_FRAME, type Packet, decodeFrame, encodeFrame } from "./frames.js";
import type { Greeting, Message } from "./messages.js";
import { GREETING, type Shapes, checkMessage } from "./shapes.js";

/** Where binary channels live on a server; the rest of its paths are HTTP. */
export const WIRE_PATH = "/wire";

/** Close codes beyond RFC 6455's. */
interface CloseCodes {
  /** All done. */
  readonly done: 1000;
  /** The side that closes is ending. */
  readonly goingAway: 1001;
  /** A message could not be understood. */
  readonly badMessage: 4400;
  /** Nothing was heard for too long. */
  readonly silent: 4408;
  /** The hello was refused; a `refused` message came before. */
  readonly refused: 4426;
}
export const CLOSE: CloseCodes = {
  done: 1000,
  goingAway: 1001,
  badMessage: 4400,
  silent: 4408,
  refused: 4426,
};

/** Settings of `ws` that both sides need: no compression of data that is compressed already, and a cap. */
export const SOCKET_OPTIONS: { readonly perMessageDeflate: false; readonly maxPayload: number } = {
  perMessageDeflate: false,
  maxPayload: MAX_FRAME,
};

export interface Heartbeat {
  /** Milliseconds between pings. */
  readonly every: number;
  /** Milliseconds without a byte from the other side after which it counts as gone. */
  readonly patience: number;
}
const HEARTBEAT: Heartbeat = { every: 5_000, patience: 30_000 };

/** Channels with something to send at the end of this turn of the event loop. */
const waiting = new Set<Channel<Message, Message>>();
let turn: NodeJS.Immediate | null = null;
/** Milliseconds that a message may wait for another one to travel with. */
const LATER = 2;

/** Sends what all channels of this process have queued, now: who knows that nothing will follow need not wait. */
export function flushChannels(): void {
  if (turn) clearImmediate(turn);
  turn = null;
  for (const channel of waiting) channel.flush();
  waiting.clear();
}

/** Parts of so many bytes go at once: they would only wait in memory. */
const FLUSH = 2 ** 18;

export interface ChannelHandlers<In> {
  /** A throw closes the channel, as for a message that makes no sense. */
  onMessage(message: In, parts: readonly Uint8Array[]): void;
  /** Comes once, at the end, whoever closed. */
  onClose(reason: ClusterError): void;
}

/** One end of a connection that sends `Out` and hears `In`. */
export class Channel<In extends Message, Out extends Message> {
  /** For people: who is at the other end. */
  readonly who: string;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  #shapes: Shapes<In> | null = null;
  #handlers: ChannelHandlers<In> | null = null;
  /** Messages that came before anyone listened. */
  #early: { message: unknown; parts: readonly Uint8Array[] }[] = [];
  #outbox: Packet[] = [];
  /** Bytes of parts in the outbox. */
  #outboxBytes = 0;
  #later: NodeJS.Timeout | null = null;
  #drains: { below: number; resolve: () => void }[] = [];
  #closed: ClusterError | null = null;
  #code = 0;
  #heart: NodeJS.Timeout;
  #heard = 0;
  #heardAt: number = performance.now();

  /** @param ws an open WebSocket @param socket the connection under it */
  constructor(ws: WebSocket, socket: Socket, who: string, heartbeat: Heartbeat = HEARTBEAT) {
    this.who = who;
    this.#ws = ws;
    this.#socket = socket;
    this.localAddress = socket.localAddress ?? "127.0.0.1";
    this.remoteAddress = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? "?"}`;
    socket.setNoDelay(true);
    // a part that was sent as a fragment of its own is not copied here
    ws.binaryType = "fragments";
    ws.on("message", (data: Buffer[] | Buffer, isBinary: boolean) => this.#onData(data, isBinary));
    ws.on("error", (error) => this.#end(`the connection failed: ${error.message}`, error));
    ws.on("close", (code, reason) => {
      this.#code ||= code;
      this.#end(closeText(code, reason.toString()));
    });
    this.#heart = setInterval(() => this.#beat(heartbeat), heartbeat.every);
    this.#heart.unref();
  }

  /** Starts to listen; what came before is handed over at once. */
  listen(shapes: Shapes<In>, handlers: ChannelHandlers<In>): void {
    this.#shapes = shapes;
    this.#handlers = handlers;
    const early = this.#early;
    this.#early = [];
    for (const { message, parts } of early) this.#deliver(message, parts);
    if (this.#closed) handlers.onClose(this.#closed);
  }

  /** The first message, which must be a greeting; at most so many milliseconds from now. @throws ClusterError */
  greeting(patience: number): Promise<Greeting> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new ClusterError({ who: this.who, reason: `no greeting within ${patience} ms` }));
        this.close(CLOSE.silent, "no greeting");
      }, patience);
      this.#handlers = {
        onMessage: (message) => {
          clearTimeout(timer);
          this.#handlers = null;
          resolve(checkMessage(GREETING, message));
        },
        onClose: (reason) => {
          clearTimeout(timer);
          reject(reason);
        },
      };
      const first = this.#early.shift();
      if (first) this.#deliver(first.message, first.parts);
      else if (this.#closed) this.#handlers.onClose(this.#closed);
    });
  }

  /**
   * Queues a message. Those of one turn of the event loop travel together. Parts must not change before
   * the channel has drained. After the end of the channel this does nothing: `onClose` tells.
   * @throws ProtocolError where the parts are larger than a frame may be
   */
  send(message: Out | Greeting, parts: readonly Uint8Array[] = []): void {
    if (this.#closed) return;
    this.#outbox.push({ message, parts });
    for (const part of parts) this.#outboxBytes += part.length;
    if (this.#outboxBytes > FLUSH) return this.flush();
    waiting.add(this as never);
    turn ??= setImmediate(flushChannels);
  }

  /** Queues a message that nobody waits for: it travels with the next one, or by itself a little later. */
  sendLater(message: Out): void {
    if (this.#closed) return;
    this.#outbox.push({ message, parts: [] });
    this.#later ??= setTimeout(() => this.flush(), LATER);
  }

  /** Sends what is queued now. */
  flush(): void {
    if (this.#later) clearTimeout(this.#later);
    this.#later = null;
    const packets = this.#outbox;
    if (packets.length === 0 || this.#ws.readyState !== WebSocket.OPEN) return;
    this.#outbox = [];
    this.#outboxBytes = 0;
    const pieces = encodeFrame(packets);
    const last = pieces.length - 1;
    if (last > 0) this.#socket.cork();
    pieces.forEach((piece, i) => {
      this.#ws.send(piece, { binary: true, fin: i === last }, i === last ? () => this.#onDrain() : undefined);
    });
    if (last > 0) this.#socket.uncork();
  }

  /** Bytes that wait for the other side to take them. */
  get buffered(): number {
    return this.#ws.bufferedAmount;
  }

  /** Waits until fewer than `below` bytes are buffered, or the channel has ended. */
  drained(below: number): Promise<void> {
    if (this.#closed || this.buffered < below) return Promise.resolve();
    return new Promise((resolve) => this.#drains.push({ below, resolve }));
  }

  get closed(): boolean {
    return this.#closed !== null;
  }

  /** The code with which the channel was closed ({@link CLOSE}); 0 while it is open, 1006 where it was lost. */
  get closeCode(): number {
    return this.#code;
  }

  /** Sends what is queued, and ends. */
  close(code: CloseCodes[keyof CloseCodes] = CLOSE.done, reason = ""): void {
    this.flush();
    // the reason of a close frame has at most 123 bytes
    this.#ws.close(code, reason.slice(0, 100));
    const timer = setTimeout(() => this.#ws.terminate(), 1_000);
    timer.unref();
  }

  /** Ends at once, without a farewell. */
  terminate(): void {
    this.#ws.terminate();
  }

  /** Whether the channel keeps the process alive. */
  hold(held: boolean): void {
    if (held) this.#socket.ref();
    else this.#socket.unref();
  }

  #onData(data: Buffer[] | Buffer, isBinary: boolean): void {
    if (this.#closed) return;
    try {
      if (!isBinary) throw new ProtocolError({ asked: "read a frame", found: "text" });
      for (const { message, parts } of decodeFrame(data)) this.#deliver(message, parts);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #deliver(message: unknown, parts: readonly Uint8Array[]): void {
    if (!this.#handlers) {
      this.#early.push({ message, parts });
      return;
    }
    try {
      const checked = this.#shapes ? checkMessage(this.#shapes, message) : (message as In);
      this.#handlers.onMessage(checked, parts);
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.close(CLOSE.badMessage, text);
    this.#end(text, error);
  }

  #beat({ patience }: Heartbeat): void {
    const now = performance.now();
    if (this.#socket.bytesRead !== this.#heard) {
      this.#heard = this.#socket.bytesRead;
      this.#heardAt = now;
    } else if (now - this.#heardAt > patience) {
      this.#end(`nothing heard for ${Math.round((now - this.#heardAt) / 1000)} s`);
      this.#ws.terminate();
      return;
    }
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping();
  }

  #onDrain(): void {
    const { buffered } = this;
    const still = this.#drains.filter(({ below }) => buffered >= below);
    if (still.length === this.#drains.length) return;
    const free = this.#drains.filter(({ below }) => buffered < below);
    this.#drains = still;
    for (const { resolve } of free) resolve();
  }

  #end(reason: string, cause?: unknown): void {
    if (this.#closed) return;
    this.#closed = new ClusterError({ who: this.who, reason, ...(cause === undefined ? {} : { cause }) });
    clearInterval(this.#heart);
    if (this.#later) clearTimeout(this.#later);
    for (const { resolve } of this.#drains) resolve();
    this.#drains = [];
    this.#outbox = [];
    this.#handlers?.onClose(this.#closed);
  }
}

function closeText(code: number, reason: string): string {
  const text = code === 1006 ? "the connection was lost" : `the connection was closed (${code})`;
  return reason ? `${text}: ${reason}` : text;
}

export interface DialOptions {
  readonly token: string;
  readonly signal?: AbortSignal;
  readonly heartbeat?: Heartbeat;
  /** Milliseconds until the other side must have answered; 10,000 if not said. */
  readonly patience?: number;
}

/** The address of the wire on a server: `http` and `ws` mean the same here. @throws ClusterError */
export function wireUrl(url: string): URL {
  try {
    const parsed = new URL(url.replace(/^http/, "ws"));
    if (!/^wss?:$/.test(parsed.protocol)) throw new TypeError(`protocol ${parsed.protocol}`);
    return new URL(WIRE_PATH, parsed);
  } catch (cause) {
    throw new ClusterError({
      who: `"${url}"`,
      reason: "not an address",
      hint: "write ws://host:port",
      cause,
    });
  }
}

/** Connects to a scheduler or a worker. The handshake is still to come (`handshake.ts`). @throws ClusterError */
export function dial<In extends Message, Out extends Message>(
  url: string,
  who: string,
  { token, signal, heartbeat, patience = 10_000 }: DialOptions,
): Promise<Channel<In, Out>> {
  return new Promise((resolve, reject) => {
    const target = wireUrl(url);
    const name = `${who} at ${target.host}`;
    const fail = (reason: string, hint?: string, cause?: unknown): void => {
      signal?.removeEventListener("abort", onAbort);
      reject(
        isHyperslabError(cause)
          ? cause
          : new ClusterError({ who: name, reason, ...(hint ? { hint } : {}), cause }),
      );
      ws.terminate();
    };
    const onAbort = (): void => fail("the call was cancelled", undefined, signal?.reason);
    const ws = new WebSocket(target, {
      ...SOCKET_OPTIONS,
      handshakeTimeout: patience,
      headers: { authorization: `Bearer ${token}` },
      // masks protect proxies from scripts in browsers; a mask of zeros is legal, and five times as fast
      generateMask: (mask: Buffer) => void mask.fill(0),
    });
    ws.on("error", (error) => fail(`can't be reached: ${error.message}`, "is it running?", error));
    ws.on("unexpected-response", (_request, response) => {
      if (response.statusCode === 401)
        fail("the token was refused", "use the token that the scheduler was started with");
      else fail(`answered ${response.statusCode}`, "is this a Hyperslab address?");
    });
    let socket: Socket | null = null;
    ws.on("upgrade", (response) => {
      socket = response.socket;
    });
    ws.on("open", () => {
      signal?.removeEventListener("abort", onAbort);
      if (!socket) return fail("the connection has no socket");
      ws.removeAllListeners("error");
      resolve(new Channel(ws, socket, name, heartbeat));
    });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
