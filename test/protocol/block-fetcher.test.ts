/** The data plane over real sockets: whole blocks, pieces, cuts, and the short way through a file. */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { crcOf } from "@hyperslab/protocol/block-bytes";
import { BlockFetcher } from "@hyperslab/protocol/block-fetcher";
import { hearHello, welcome } from "@hyperslab/protocol/handshake";
import { acceptChannels, listenOn } from "@hyperslab/protocol/listen";
import type { PeerMessage } from "@hyperslab/protocol/messages";
import { packRuns, unpackRuns } from "@hyperslab/protocol/number-lists";
import { PEER } from "@hyperslab/protocol/shapes";
import { SharedFileReader, SharedFileWriter } from "@hyperslab/protocol/shared-file";
import type { Channel } from "@hyperslab/protocol/socket";
import { afterEach, describe, expect, it } from "vitest";

type PeerChannel = Channel<PeerMessage, PeerMessage>;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A holder of blocks that does what `answer` says. */
async function holder(
  answer: (channel: PeerChannel, message: PeerMessage, connection: number) => void,
): Promise<string> {
  const server = createServer();
  let connections = 0;
  acceptChannels(server, {
    token: "t",
    who: "an asker",
    onChannel: (stranger) => {
      const number = ++connections;
      ends.push(() => stranger.terminate());
      void hearHello(stranger, ["peer"]).then((hello) => {
        welcome(stranger, hello, 1);
        const channel = stranger as unknown as PeerChannel;
        channel.listen(PEER, {
          onMessage: (message) => answer(channel, message, number),
          onClose: () => undefined,
        });
      });
    },
  });
  const port = await listenOn(server, "127.0.0.1", 0);
  ends.push(() => server.close());
  return `ws://127.0.0.1:${port}`;
}

function fetcher() {
  const heard: string[] = [];
  let wake: () => void = () => undefined;
  const tell = (line: string): void => {
    heard.push(line);
    wake();
  };
  const one = new BlockFetcher("test", "t", {
    onSmall: (peer, job, blocks, bytes) => tell(`small ${peer} ${job} ${blocks.join()} ${bytes.join()}`),
    onBlock: (peer, job, block, bytes) =>
      tell(`block ${peer} ${job} ${block} ${bytes.length} ${bytes.at(-1)}`),
    onMissing: (peer, job, blocks) => tell(`missing ${peer} ${job} ${blocks.join()}`),
    onLost: (peer) => tell(`lost ${peer}`),
  });
  ends.push(() => one.close());
  const until = async (count: number): Promise<string[]> => {
    while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return heard;
  };
  return { one, until };
}

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

/** Sends a part of block 3. */
function sendPiece(channel: PeerChannel, job: number, all: Uint8Array, at: number, end?: number): void {
  const parts = [all.subarray(at, end)];
  channel.send({ type: "piece", job, block: 3, at, total: all.length, crc: crcOf(parts) }, parts);
}

describe("a fetcher of blocks", () => {
  it("gets small ones together, large ones in pieces, and hears what is missing", async () => {
    const address = await holder((channel, message) => {
      if (message.type !== "get") return;
      const { job } = message;
      expect([...unpackRuns(message.blocks)]).toEqual([1, 2, 3, 9]);
      channel.send({ type: "blocks", job, blocks: packRuns([1, 2]) }, [Uint8Array.of(7, 8)]);
      sendPiece(channel, job, bytes(300), 0, 200);
      sendPiece(channel, job, bytes(300), 200);
      channel.send({ type: "missing", job, blocks: packRuns([9]) });
    });
    const { one, until } = fetcher();
    one.get({ worker: 5, name: "w", address }, 4, [1, 2, 3, 9]);
    expect(await until(3)).toEqual(["small 5 4 1,2 7,8", `block 5 4 3 300 ${299 % 251}`, "missing 5 4 9"]);
  });

  it("goes on where a transfer was cut, on a new connection", async () => {
    const asked: number[] = [];
    const address = await holder((channel, message, connection) => {
      if (message.type !== "get") return;
      const { job, from } = message;
      asked.push(from);
      const all = bytes(1000);
      if (connection > 1) {
        sendPiece(channel, job, all, from);
        return;
      }
      sendPiece(channel, job, all, 0, 600);
      channel.flush();
      void channel.drained(1).then(() => setTimeout(() => channel.terminate(), 20));
    });
    const { one, until } = fetcher();
    one.get({ worker: 5, name: "w", address }, 4, [3]);
    expect(await until(1)).toEqual([`block 5 4 3 1000 ${999 % 251}`]);
    expect(asked).toEqual([0, 600]);
  });

  it("asks again for a piece that came damaged, and gives a worker up that damages all", async () => {
    const asked: number[] = [];
    const always = { 5: false, 6: true } as Record<number, boolean>;
    const damaging = (peer: number): Promise<string> =>
      holder((channel, message, connection) => {
        if (message.type !== "get") return;
        const { job, from } = message;
        if (peer === 5) asked.push(from);
        if (from === 0) sendPiece(channel, job, bytes(1000), 0, 400);
        if (connection > 1 && !always[peer]) return sendPiece(channel, job, bytes(1000), 400);
        const damaged = bytes(1000).fill(0, 500, 501);
        const crc = crcOf([bytes(1000).subarray(400)]);
        channel.send({ type: "piece", job, block: 3, at: 400, total: 1000, crc }, [damaged.subarray(400)]);
      });
    const { one, until } = fetcher();
    one.get({ worker: 5, name: "w", address: await damaging(5) }, 4, [3]);
    expect(await until(1)).toEqual([`block 5 4 3 1000 ${999 % 251}`]);
    expect(asked).toEqual([0, 400]);
    one.get({ worker: 6, name: "x", address: await damaging(6) }, 4, [3]);
    expect((await until(2))[1]).toBe("lost 6");
  });

  it("says that a worker is lost where it can't be reached, or cuts the connection without a word", async () => {
    const address = await holder((channel) => channel.terminate());
    const { one, until } = fetcher();
    one.get({ worker: 5, name: "w", address }, 4, [3]);
    one.get({ worker: 6, name: "x", address: "ws://127.0.0.1:1" }, 4, [3]);
    expect((await until(2)).toSorted()).toEqual(["lost 5", "lost 6"]);
  });

  it.skipIf(!existsSync("/dev/shm"))(
    "takes large blocks out of a file that both see, and leaves no name of it",
    async () => {
      const writer = await SharedFileWriter.create();
      if (!writer) return;
      ends.push(() => void writer.close());
      const freed: number[] = [];
      const address = await holder((channel, message) => {
        if (message.type === "get")
          channel.send({ type: "offer-file", path: writer.path, check: writer.check });
        if (message.type === "accept-file")
          void (async () => {
            for (const [at, length] of [
              [0, 600],
              [600, 400],
            ]) {
              const slot = await writer.write([bytes(1000).subarray(at, at + length)]);
              channel.send({
                type: "file-piece",
                job: 4,
                block: 3,
                at,
                total: 1000,
                slot: slot ?? 0,
                length,
              });
            }
          })();
        if (message.type === "free-slot") freed.push(message.slot);
      });
      const { one, until } = fetcher();
      one.get({ worker: 5, name: "w", address }, 4, [3]);
      expect(await until(1)).toEqual([`block 5 4 3 1000 ${999 % 251}`]);
      expect(existsSync(writer.path)).toBe(false);
      while (freed.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await SharedFileReader.open("/etc/hostname", writer.check)).toBeNull();
      expect(await SharedFileReader.open("/dev/shm/hyperslab-none/blocks", writer.check)).toBeNull();
    },
  );

  it.skipIf(!existsSync("/dev/shm"))("has no more in a file than it has room for", async () => {
    const writer = await SharedFileWriter.create();
    if (!writer) return;
    ends.push(() => void writer.close());
    const slots: (number | null)[] = [];
    for (let i = 0; i < 4; i++) slots.push(await writer.write([bytes(10)]));
    expect(new Set(slots).size).toBe(4);
    const next = writer.write([bytes(10)]);
    writer.free(slots[2] ?? 0);
    // one that was not taken, and one that is no slot
    writer.free(slots[2] ?? 0);
    writer.free(17);
    expect(await next).toBe(slots[2]);
    const never = writer.write([bytes(10)]);
    await writer.close();
    expect(await never).toBeNull();
  });
});
