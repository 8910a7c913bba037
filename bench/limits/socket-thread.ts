/** Owns the far end of the socket limits: a WebSocket server that streams, echoes, and hands out tasks. */
import { parentPort } from "node:worker_threads";
import { pack, unpack } from "msgpackr";
import { WebSocketServer } from "ws";

/** What the near end asks for, as the first message of a connection. */
export type SocketWork =
  | { readonly kind: "stream"; readonly messages: number; readonly bytes: number }
  | { readonly kind: "echo" }
  | { readonly kind: "tasks"; readonly tasks: number; readonly batch: number };

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: false,
  maxPayload: 2 ** 30,
});
server.on("listening", () => {
  const address = server.address();
  parentPort?.postMessage(typeof address === "object" && address ? address.port : 0);
});
server.on("connection", (socket) => {
  socket.once("message", (data: Buffer) => {
    const work = unpack(data) as SocketWork;
    switch (work.kind) {
      case "stream": {
        const payload = new Uint8Array(work.bytes);
        for (let i = 0; i < work.messages; i++) socket.send(payload);
        return;
      }
      case "echo":
        socket.on("message", (message) => socket.send(message));
        return;
      case "tasks": {
        let next = 0;
        const send = (): void => {
          if (next >= work.tasks) return socket.close();
          const count = Math.min(work.batch, work.tasks - next);
          socket.send(pack(Array.from({ length: count }, (_, i) => [next + i, 0, next + i])));
          next += count;
        };
        // several batches under way, each followed by the next as soon as it is done
        let done = 0;
        socket.on("message", (message: Buffer) => {
          done += (unpack(message) as number[]).length;
          if (done >= work.tasks) socket.close();
          else send();
        });
        for (let i = 0; i < 8; i++) send();
        return;
      }
    }
  });
});
