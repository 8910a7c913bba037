/**
 * Owns the fetching side of the data plane: connections to workers, dialled when a block is first wanted from there,
 * and what was asked for on each. A transfer that was cut goes on where it stopped, on a new connection. What is done
 * with the blocks: not known here.
 */
import { Assembly, checkPiece } from "./block-bytes.js";
import { sayHello } from "./handshake.js";
import type { PeerAddress, PeerMessage } from "./messages.js";
import { packRuns, unpackRuns } from "./number-lists.js";
import { PEER } from "./shapes.js";
import { SharedFileReader } from "./shared-file.js";
import { CLOSE, type Channel, dial } from "./socket.js";

export interface FetchHandlers {
  /** Small blocks, one after another in `bytes`. */
  onSmall(peer: number, job: number, blocks: Int32Array, bytes: Uint8Array): void;
  onBlock(peer: number, job: number, block: number, bytes: Uint8Array): void;
  onMissing(peer: number, job: number, blocks: Int32Array): void;
  /** Nothing that was asked for there will come. */
  onLost(peer: number, reason: string): void;
}

/** Damaged pieces after which a worker counts as lost. */
const MAX_FAULTS = 3;

type PeerChannel = Channel<PeerMessage, PeerMessage>;

interface Peer {
  readonly address: PeerAddress;
  channel: Promise<PeerChannel>;
  /** Blocks asked for and not here, by job. */
  readonly asked: Map<number, Set<number>>;
  readonly assemblies: Map<number, Assembly>;
  /** Something has come since it was dialled: when it is cut, it is worth another try. */
  alive: boolean;
  /** Pieces that came damaged. */
  faults: number;
  /** Through which large blocks come, where both are on one machine. */
  file: SharedFileReader | null;
  /** What is read from it: one piece after another. */
  reading: Promise<void>;
}

export class BlockFetcher {
  readonly #name: string;
  readonly #token: string;
  readonly #handlers: FetchHandlers;
  readonly #memory: ((bytes: number) => ArrayBufferLike) | undefined;
  readonly #peers = new Map<number, Peer>();
  #closed = false;

  /** @param name for the other side @param memory what large blocks are put together in; plain memory if not said */
  constructor(
    name: string,
    token: string,
    handlers: FetchHandlers,
    memory?: (bytes: number) => ArrayBufferLike,
  ) {
    this.#memory = memory;
    this.#name = name;
    this.#token = token;
    this.#handlers = handlers;
  }

  /** Asks a worker for blocks. The answers come to the handlers: each block, missing, or the worker lost. */
  get(address: PeerAddress, job: number, blocks: ArrayLike<number>): void {
    const peer = this.#peerAt(address);
    const asked = peer.asked.get(job) ?? new Set();
    peer.asked.set(job, asked);
    for (let i = 0; i < blocks.length; i++) asked.add(blocks[i]);
    peer.channel.then(
      (channel) => channel.send({ type: "get", job, blocks: packRuns(blocks), from: 0 }),
      () => undefined,
    );
  }

  /** Nobody wants the blocks of a job any more. */
  forget(job: number): void {
    for (const peer of this.#peers.values()) {
      peer.asked.delete(job);
      peer.assemblies.delete(job);
    }
  }

  /** Ends the connections to workers that left. */
  drop(ids: readonly number[]): void {
    for (const id of ids) {
      const peer = this.#peers.get(id);
      this.#peers.delete(id);
      peer?.channel.then((channel) => channel.terminate()).catch(() => undefined);
      void peer?.file?.close();
    }
  }

  close(): void {
    this.#closed = true;
    this.drop([...this.#peers.keys()]);
  }

  #peerAt(address: PeerAddress): Peer {
    const known = this.#peers.get(address.worker);
    if (known) return known;
    const peer: Peer = {
      address,
      channel: this.#dial(address),
      asked: new Map(),
      assemblies: new Map(),
      alive: false,
      faults: 0,
      file: null,
      reading: Promise.resolve(),
    };
    this.#peers.set(address.worker, peer);
    this.#watch(peer);
    return peer;
  }

  #watch(peer: Peer): void {
    peer.channel.then(
      (channel) =>
        channel.listen(PEER, {
          onMessage: (message, parts) => this.#onMessage(peer, message, parts),
          onClose: (reason) => this.#onCut(peer, reason.message),
        }),
      (error: unknown) => this.#lose(peer, error instanceof Error ? error.message : String(error)),
    );
  }

  async #dial({ address, name }: PeerAddress): Promise<PeerChannel> {
    const channel = await dial<PeerMessage, PeerMessage>(address, `worker ${name}`, { token: this.#token });
    await sayHello(channel as never, { kind: "peer", name: this.#name });
    // who waits for blocks has reasons of its own to live
    channel.hold(false);
    if (this.#closed) channel.close();
    return channel;
  }

  #onMessage(peer: Peer, message: PeerMessage, parts: readonly Uint8Array[]): void {
    const { worker } = peer.address;
    peer.alive = true;
    switch (message.type) {
      case "blocks": {
        const blocks = unpackRuns(message.blocks);
        const asked = peer.asked.get(message.job);
        for (const block of blocks) asked?.delete(block);
        return this.#handlers.onSmall(worker, message.job, blocks, parts[0] ?? new Uint8Array());
      }
      case "piece": {
        const { job, block, at, total } = message;
        // a damaged one ends the connection; the rest is asked for again on a new one, some times
        peer.faults++;
        checkPiece(block, message.crc, parts);
        peer.faults--;
        const bytes = this.#assemblyOf(peer, job).add(block, at, total, parts);
        return bytes ? this.#onWhole(peer, job, block, bytes) : undefined;
      }
      case "offer-file": {
        const { channel } = peer;
        void SharedFileReader.open(message.path, message.check).then(async (file) => {
          if (!file) return;
          const gone = this.#closed || peer.channel !== channel || this.#peers.get(worker) !== peer;
          if (gone) return file.close();
          peer.file = file;
          (await channel).send({ type: "accept-file" });
        });
        return;
      }
      case "file-piece":
        // in order: a piece has its place only once the one before is there
        peer.reading = peer.reading.then(() => this.#readPiece(peer, message));
        return;
      case "missing": {
        const blocks = unpackRuns(message.blocks);
        for (const block of blocks) peer.asked.get(message.job)?.delete(block);
        return this.#handlers.onMissing(worker, message.job, blocks);
      }
      case "get":
      case "accept-file":
      case "free-slot":
    }
  }

  #assemblyOf(peer: Peer, job: number): Assembly {
    const known = peer.assemblies.get(job);
    if (known) return known;
    const assembly = new Assembly(this.#memory);
    peer.assemblies.set(job, assembly);
    return assembly;
  }

  #onWhole(peer: Peer, job: number, block: number, bytes: Uint8Array): void {
    peer.asked.get(job)?.delete(block);
    this.#handlers.onBlock(peer.address.worker, job, block, bytes);
  }

  async #readPiece(peer: Peer, message: Extract<PeerMessage, { type: "file-piece" }>): Promise<void> {
    const { job, block, at, total, slot, length } = message;
    const channel = await peer.channel;
    try {
      if (peer.asked.get(job)?.has(block)) {
        const assembly = this.#assemblyOf(peer, job);
        await peer.file?.read(slot, assembly.reserve(block, at, total, length));
        channel.send({ type: "free-slot", slot });
        const bytes = assembly.commit(block, length);
        if (bytes) this.#onWhole(peer, job, block, bytes);
      } else channel.send({ type: "free-slot", slot });
    } catch (error) {
      // it goes on over the socket, as after any cut
      channel.close(CLOSE.badMessage, error instanceof Error ? error.message : String(error));
    }
  }

  /** A connection was cut: what it owes is asked for again, from where it stopped. */
  #onCut(peer: Peer, reason: string): void {
    if (this.#closed || this.#peers.get(peer.address.worker) !== peer) return;
    const owes = [...peer.asked.values()].some((blocks) => blocks.size > 0);
    if (!peer.alive || !owes || peer.faults > MAX_FAULTS) return this.#lose(peer, reason);
    peer.alive = false;
    void peer.file?.close();
    peer.file = null;
    peer.channel = this.#dial(peer.address);
    this.#watch(peer);
    peer.channel.then(
      (channel) => {
        for (const [job, asked] of peer.asked)
          for (const block of asked) {
            const from = peer.assemblies.get(job)?.have(block) ?? 0;
            channel.send({ type: "get", job, blocks: packRuns([block]), from });
          }
      },
      () => undefined,
    );
  }

  #lose(peer: Peer, reason: string): void {
    const { worker } = peer.address;
    if (this.#closed || this.#peers.get(worker) !== peer) return;
    this.#peers.delete(worker);
    void peer.file?.close();
    this.#handlers.onLost(worker, reason);
  }
}
