/**
 * Owns the sending side of the data plane: blocks go to one receiver in the order in which they were asked for,
 * small ones together, large ones in pieces, no faster than they are taken.
 */
import { blockToBytes, cutBytes, totalOf } from "@hyperslab/protocol/block-bytes";
import type { PeerMessage } from "@hyperslab/protocol/messages";
import { packRuns } from "@hyperslab/protocol/number-lists";
import type { Payload } from "./events.js";

/** The next piece waits while so many bytes are on their way. */
const BUFFERED = 2 ** 23;

type Data = Extract<PeerMessage, { type: "blocks" | "piece" }>;

/** A connection that takes data: to whoever fetches, or to the scheduler. */
export interface DataChannel {
  send(message: Data, parts?: readonly Uint8Array[]): void;
  drained(below: number): Promise<void>;
  readonly closed: boolean;
}

export class BlockSender {
  readonly #channel: DataChannel;
  readonly #tellMissing: (job: number, blocks: Uint8Array) => void;
  /** Large blocks that wait for their turn. */
  readonly #waiting: { job: number; block: number; payload: Payload; from: number }[] = [];
  #sending = false;

  /** @param tellMissing tells the receiver of blocks that are not here */
  constructor(channel: DataChannel, tellMissing: (job: number, blocks: Uint8Array) => void) {
    this.#channel = channel;
    this.#tellMissing = tellMissing;
  }

  /** Blocks that stand one after another in `bytes`. */
  sendSmall(job: number, blocks: readonly number[], bytes: Uint8Array): void {
    this.#channel.send({ type: "blocks", job, blocks: packRuns(blocks) }, [bytes]);
  }

  /** A block with memory of its own. @param from bytes that the receiver has already */
  sendBlock(job: number, block: number, payload: Payload, from: number): void {
    this.#waiting.push({ job, block, payload, from });
    if (!this.#sending) void this.#sendAll();
  }

  sendMissing(job: number, blocks: readonly number[]): void {
    this.#tellMissing(job, packRuns(blocks));
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { job, block, payload, from } = next;
      const bytes = blockToBytes(payload);
      const total = totalOf(bytes);
      for (const { at, parts } of cutBytes(bytes, from)) {
        await this.#channel.drained(BUFFERED);
        if (this.#channel.closed) return;
        this.#channel.send({ type: "piece", job, block, at, total }, parts);
      }
    }
    this.#sending = false;
  }
}
