/**
 * Owns the connections to other workers: dialled when a block is first wanted from there, kept
 * while the other is in the cluster. What is done with the blocks: not known here.
 */
import type { FieldHead } from "@hyperslab/protocol/block-parts";
import type { PeerAddress, PeerMessage } from "@hyperslab/protocol/messages";
import { sayHello } from "@hyperslab/protocol/handshake";
import { PEER } from "@hyperslab/protocol/shapes";
import { type Channel, dial } from "@hyperslab/protocol/socket";

export interface PeerHandlers {
  onBlock(
    peer: number,
    job: number,
    block: number,
    heads: readonly FieldHead[],
    parts: readonly Uint8Array[],
  ): void;
  onMissing(peer: number, job: number, block: number): void;
  onLost(peer: number, reason: string): void;
}

export class Peers {
  readonly #name: string;
  readonly #token: string;
  readonly #handlers: PeerHandlers;
  readonly #channels = new Map<number, Promise<Channel<PeerMessage, PeerMessage>>>();
  #closed = false;

  constructor(name: string, token: string, handlers: PeerHandlers) {
    this.#name = name;
    this.#token = token;
    this.#handlers = handlers;
  }

  /** Asks a worker for a block. The answer comes to the handlers: the block, missing, or the peer lost. */
  get(peer: PeerAddress, job: number, block: number): void {
    const id = peer.worker;
    let channel = this.#channels.get(id);
    if (!channel) {
      channel = this.#dial(peer);
      this.#channels.set(id, channel);
      channel.catch((error: unknown) =>
        this.#lose(id, error instanceof Error ? error.message : String(error)),
      );
    }
    channel.then(
      (open) => {
        if (open.closed) this.#handlers.onLost(id, "the connection was lost");
        else open.send({ type: "get", job, block });
      },
      () => undefined,
    );
  }

  async #dial(peer: PeerAddress): Promise<Channel<PeerMessage, PeerMessage>> {
    const channel = await dial<PeerMessage, PeerMessage>(peer.address, `worker ${peer.name}`, {
      token: this.#token,
    });
    await sayHello(channel as never, { kind: "peer", name: this.#name });
    if (this.#closed) channel.close();
    channel.listen(PEER, {
      onMessage: (message, parts) => {
        if (message.type === "block")
          this.#handlers.onBlock(peer.worker, message.job, message.block, message.heads, parts);
        else if (message.type === "missing")
          this.#handlers.onMissing(peer.worker, message.job, message.block);
      },
      onClose: (reason) => this.#lose(peer.worker, reason.message),
    });
    return channel;
  }

  #lose(id: number, reason: string): void {
    if (!this.#channels.delete(id) || this.#closed) return;
    this.#handlers.onLost(id, reason);
  }

  /** Ends the connections to workers that left. */
  drop(ids: readonly number[]): void {
    for (const id of ids) {
      const channel = this.#channels.get(id);
      this.#channels.delete(id);
      channel?.then((open) => open.terminate()).catch(() => undefined);
    }
  }

  close(): void {
    this.#closed = true;
    this.drop([...this.#channels.keys()]);
  }
}
