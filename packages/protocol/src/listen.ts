/**
 * Owns the answering side of the wire: takes WebSockets of an HTTP server in, token first.
 * What is said on them: not known here.
 */
import { type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ClusterError } from "@hyperslab/core/errors";
import { type WebSocket, WebSocketServer } from "ws";
import type { Message } from "./messages.js";
import { Channel, type Heartbeat, SOCKET_OPTIONS, WIRE_PATH } from "./socket.js";
import { hasToken } from "./token.js";

export interface ListenOptions {
  readonly token: string;
  /** Who dials, for error messages. */
  readonly who: string;
  readonly heartbeat?: Heartbeat;
  onChannel(channel: Channel<Message, Message>): void;
  /** Further WebSockets, by path: plain ones, without channels. */
  readonly others?: Readonly<Record<string, (ws: WebSocket) => void>>;
}

/** Takes channels in at `/wire`; requests without the token end with 401 before they become WebSockets. */
export function acceptChannels(server: Server, options: ListenOptions): void {
  const sockets = new WebSocketServer({ noServer: true, ...SOCKET_OPTIONS });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const other = options.others?.[pathname];
    if (pathname !== WIRE_PATH && !other) return turnAway(socket, "404 Not Found", "no such path");
    if (!hasToken(request, options.token))
      return turnAway(socket, "401 Unauthorized", "the token is missing or wrong");
    sockets.handleUpgrade(request, socket, head, (ws) => {
      if (other) return other(ws);
      const who = `${options.who} at ${socket.remoteAddress}:${socket.remotePort}`;
      options.onChannel(new Channel(ws, socket, who, options.heartbeat));
    });
  });
}

function turnAway(socket: Socket, status: string, text: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${text}\n`);
}

/** Listens, and gives the port. @throws ClusterError where the address is taken or not there */
export function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const hint = cause.code === "EADDRINUSE" ? "choose another port, or 0 for any" : undefined;
      reject(
        new ClusterError({ who: `${host}:${port}`, reason: cause.message, ...(hint ? { hint } : {}), cause }),
      );
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** An IP address as a URL has it. */
export function urlHost(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  return plain.includes(":") ? `[${plain}]` : plain;
}
