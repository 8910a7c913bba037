/** Channels, handshakes and tokens over real sockets. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ClusterError, ProtocolError } from "@hyperslab/core/errors";
import { crcOf } from "@hyperslab/protocol/block-bytes";
import { hearHello, refuse, sayHello, welcome } from "@hyperslab/protocol/handshake";
import { acceptChannels, listenOn, urlHost } from "@hyperslab/protocol/listen";
import { type Message, type PeerMessage, type Role, VERSION } from "@hyperslab/protocol/messages";
import { packRuns, unpackRuns } from "@hyperslab/protocol/number-lists";
import { PEER } from "@hyperslab/protocol/shapes";
import { type Channel, dial, wireUrl } from "@hyperslab/protocol/socket";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

type PeerChannel = Channel<PeerMessage, PeerMessage>;
const PEER_ROLE: Role = { kind: "peer", name: "test" };
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listen(
  onChannel: (channel: Channel<Message, Message>) => void,
  heartbeat = { every: 5000, patience: 30_000 },
): Promise<string> {
  const server = createServer();
  acceptChannels(server, { token: "secret", who: "a dialer", heartbeat, onChannel });
  const port = await listenOn(server, "127.0.0.1", 0);
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `ws://127.0.0.1:${port}`;
}

/** A server that welcomes peers and answers what `answer` says. */
function echo(
  answer: (channel: PeerChannel, message: PeerMessage, parts: readonly Uint8Array[]) => void,
): Promise<string> {
  return listen((channel) => {
    ends.push(() => channel.terminate());
    void hearHello(channel, ["peer"]).then(
      (hello) => {
        welcome(channel, hello, 7);
        (channel as unknown as PeerChannel).listen(PEER, {
          onMessage: (message, parts) => answer(channel as unknown as PeerChannel, message, parts),
          onClose: () => undefined,
        });
      },
      () => undefined,
    );
  });
}

describe("a channel", () => {
  it("carries messages in order, and parts in shared memory without changing a byte", async () => {
    const url = await echo((channel, message) => {
      if (message.type !== "get") return;
      const [block] = unpackRuns(message.blocks);
      const shared = new Float64Array(new SharedArrayBuffer(8 * 100_000)).fill(block);
      const { length } = shared;
      const parts = [new Uint8Array(shared.buffer)];
      channel.send({ type: "piece", job: 1, block, at: 0, total: 8 * length, crc: crcOf(parts) }, parts);
      channel.send({ type: "missing", job: 1, blocks: message.blocks });
    });
    const channel = await dial<PeerMessage, PeerMessage>(url, "peer", { token: "secret" });
    expect(await sayHello(channel as never, PEER_ROLE)).toMatchObject({
      type: "welcome",
      id: 7,
      version: VERSION,
    });
    const heard: string[] = [];
    await new Promise<void>((resolve) => {
      channel.listen(PEER, {
        onMessage: (message, parts) => {
          if (message.type !== "piece" && message.type !== "missing") return;
          const block = message.type === "piece" ? message.block : unpackRuns(message.blocks)[0];
          heard.push(`${message.type} ${block}`);
          if (parts.length > 0) expect(new Float64Array(parts[0].slice().buffer)[99_999]).toBe(block);
          if (heard.length === 40) resolve();
        },
        onClose: () => resolve(),
      });
      for (let block = 0; block < 20; block++)
        channel.send({ type: "get", job: 1, blocks: packRuns([block]), from: 0 });
    });
    expect(heard).toEqual(Array.from({ length: 20 }, (_, i) => [`piece ${i}`, `missing ${i}`]).flat());
    await channel.drained(1);
    channel.close();
  });

  it("hands messages over that came before anybody listened", async () => {
    const url = await listen((channel) => {
      void hearHello(channel, ["peer"]).then((hello) => {
        welcome(channel, hello, 1);
        channel.send({ type: "missing", job: 1, blocks: packRuns([2]) });
      });
    });
    const channel = await dial<PeerMessage, PeerMessage>(url, "peer", { token: "secret" });
    await sayHello(channel as never, PEER_ROLE);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const message = await new Promise((resolve) =>
      channel.listen(PEER, { onMessage: resolve, onClose: resolve }),
    );
    expect(message).toMatchObject({ type: "missing", job: 1 });
    channel.close();
  });

  it("ends with a reason where a message makes no sense", async () => {
    const url = await echo((channel) => channel.send({ type: "welcome", version: 1, features: [], id: 1 }));
    const channel = await dial<PeerMessage, PeerMessage>(url, "peer", { token: "secret" });
    await sayHello(channel as never, PEER_ROLE);
    const reason = await new Promise<ClusterError>((resolve) => {
      channel.listen(PEER, { onMessage: () => undefined, onClose: resolve });
      channel.send({ type: "get", job: 1, blocks: packRuns([1]), from: 0 });
    });
    expect(reason.message).toMatch(/read a message: "welcome"; known here are get, blocks, piece, missing/);
    channel.send({ type: "get", job: 1, blocks: packRuns([1]), from: 0 });
    expect(channel.closed).toBe(true);
  });

  it("notices a peer that falls silent", async () => {
    // the other side's process is alive, but answers nothing, not even a ping
    const silent = new WebSocketServer({ host: "127.0.0.1", port: 0, autoPong: false });
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const channel = await dial<PeerMessage, PeerMessage>(`ws://127.0.0.1:${port}`, "peer", {
      token: "secret",
      heartbeat: { every: 10, patience: 30 },
    });
    const reason = await new Promise<ClusterError>((resolve) =>
      channel.listen(PEER, { onMessage: () => undefined, onClose: resolve }),
    );
    expect(reason.message).toMatch(/nothing heard for/);
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe("the way in", () => {
  it("is closed without the token", async () => {
    let came = 0;
    const url = await listen(() => came++);
    const error: unknown = await dial(url, "scheduler", { token: "wrong" }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ClusterError);
    expect((error as Error).message).toMatch(/the token was refused; use the token/);
    const status = await new Promise((resolve) => {
      const ws = new WebSocket(wireUrl(url));
      ws.on("unexpected-response", (_, response) => resolve(response.statusCode));
      ws.on("error", () => undefined);
    });
    expect(status).toBe(401);
    expect(came).toBe(0);
  });

  it("is closed on other paths", async () => {
    const url = await listen(() => undefined);
    const answer = await new Promise((resolve) => {
      const ws = new WebSocket(`${url}/elsewhere?token=secret`);
      ws.on("unexpected-response", (_, response) => resolve(response.statusCode));
      ws.on("error", () => undefined);
    });
    expect(answer).toBe(404);
  });

  it("refuses another version, protocol or role, and says why", async () => {
    const url = await echo(() => undefined);
    const ask = async (hello: object): Promise<unknown> => {
      const channel = await dial(url, "peer", { token: "secret" });
      channel.send({
        type: "hello",
        protocol: "hyperslab",
        version: VERSION,
        features: [],
        role: PEER_ROLE,
        ...hello,
      } as never);
      const answer = await channel.greeting(2000);
      channel.close();
      return answer;
    };
    expect(await ask({})).toMatchObject({ type: "welcome" });
    const refusal = (text: RegExp): unknown => ({
      type: "refused",
      error: { tag: "ProtocolError", message: expect.stringMatching(text) as string },
    });
    expect(await ask({ version: 0 })).toMatchObject(
      refusal(/version 0 .* speaks 3; .* the dialing one is older/) as object,
    );
    expect(await ask({ version: 9 })).toMatchObject(refusal(/the answering one is older/) as object);
    expect(await ask({ protocol: "dask" })).toMatchObject(refusal(/protocol "dask"/) as object);
    expect(await ask({ role: { kind: "client", name: "x" } })).toMatchObject(
      refusal(/a client; expected here: peer/) as object,
    );
  });

  it("tells the dialer why it was refused, as the error it is", async () => {
    const url = await listen((channel) => {
      void channel.greeting(1000).then(() => refuse(channel, new ProtocolError({ asked: "a", found: "b" })));
    });
    const channel = await dial(url, "peer", { token: "secret" });
    await expect(sayHello(channel, PEER_ROLE)).rejects.toThrow(ProtocolError);
  });

  it("has an end for those who don't greet, and those that talk nonsense", async () => {
    const greeted: unknown[] = [];
    const url = await listen((channel) => {
      channel.greeting(30).catch((error: unknown) => greeted.push(error));
    });
    const silent = await dial(url, "peer", { token: "secret" });
    await new Promise<void>((resolve) =>
      silent.listen(PEER as never, { onMessage: () => undefined, onClose: () => resolve() }),
    );
    expect(String(greeted[0])).toMatch(/no greeting within 30 ms/);
    const foreign = new WebSocket(wireUrl(url), { headers: { authorization: "Bearer secret" } });
    const code = await new Promise((resolve) => {
      foreign.on("open", () => foreign.send("GET / HTTP/1.1"));
      foreign.on("close", resolve);
    });
    expect(code).toBe(4400);
  });

  it("says what is wrong with an address", async () => {
    await expect(dial("ws://127.0.0.1:1", "scheduler", { token: "" })).rejects.toThrow(
      /can't be reached.*is it running/,
    );
    expect(() => wireUrl("ftp://x")).toThrow(ClusterError);
    expect(() => wireUrl("nonsense")).toThrow(/write ws:\/\/host:port/);
    expect(String(wireUrl("http://h:1/?token=x"))).toBe("ws://h:1/wire");
    expect([urlHost("::1"), urlHost("::ffff:10.0.0.1"), urlHost("10.0.0.1")]).toEqual([
      "[::1]",
      "10.0.0.1",
      "10.0.0.1",
    ]);
  });

  it("is left at once when the caller aborts", async () => {
    const url = await listen(() => undefined);
    await expect(dial(url, "scheduler", { token: "secret", signal: AbortSignal.abort() })).rejects.toThrow(
      /cancelled/,
    );
  });
});
