/** Owns the measuring of WebSockets on the loopback: what any scheduler and client on them can reach. */
import { Worker } from "node:worker_threads";
import { pack, unpack } from "msgpackr";
import { WebSocket } from "ws";
import type { SocketWork } from "./socket-thread.js";

export class SocketLimits {
  readonly #server: Worker;
  readonly #port: Promise<number>;

  constructor() {
    this.#server = new Worker(new URL("./socket-thread.js", import.meta.url));
    this.#port = new Promise((resolve, reject) => {
      this.#server.once("message", resolve);
      this.#server.once("error", reject);
    });
  }

  /** Seconds to receive `messages` of `bytes` each. */
  stream(messages: number, bytes: number): Promise<number> {
    let left = messages;
    return this.#timed({ kind: "stream", messages, bytes }, (socket) => {
      if (--left === 0) socket.close();
    });
  }

  /** Seconds of `count` round trips of a small message, one after the other. */
  roundTrips(count: number): Promise<number> {
    let left = count;
    const ping = new Uint8Array(32);
    return this.#timed(
      { kind: "echo" },
      (socket) => {
        if (--left === 0) socket.close();
        else socket.send(ping);
      },
      (socket) => socket.send(ping),
    );
  }

  /** Seconds for `tasks` tasks sent in batches and acknowledged in batches, with msgpack. */
  tasks(tasks: number, batch: number): Promise<number> {
    return this.#timed({ kind: "tasks", tasks, batch }, (socket, message) => {
      socket.send(pack((unpack(message) as number[][]).map(([id]) => id)));
    });
  }

  async close(): Promise<void> {
    await this.#server.terminate();
  }

  async #timed(
    work: SocketWork,
    onMessage: (socket: WebSocket, message: Buffer) => void,
    onOpen?: (socket: WebSocket) => void,
  ): Promise<number> {
    const url = `ws://127.0.0.1:${await this.#port}`;
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 30 });
    return new Promise((resolve, reject) => {
      let start = 0;
      socket.on("error", reject);
      socket.on("open", () => {
        start = performance.now();
        socket.send(pack(work));
        onOpen?.(socket);
      });
      socket.on("message", (message: Buffer) => onMessage(socket, message));
      socket.on("close", () => resolve((performance.now() - start) / 1000));
    });
  }
}
