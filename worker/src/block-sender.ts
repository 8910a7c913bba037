/**
 * Owns the sending side of the data plane: blocks go to one receiver in the order in which they were asked for,
 * small ones together, large ones in pieces, no faster than they are taken.
 */
import { blockToBytes, crcOf, cutBytes, totalOf } from "@hyperslab/protocol/block-bytes";
import type { PeerMessage } from "@hyperslab/protocol/messages";
import { packRuns } from "@hyperslab/protocol/number-lists";
import { FILE_PIECE, type SharedFileWriter } from "@hyperslab/protocol/shared-file";
import type { BlockMemory } from "./block-memory.js";
import type { Payload } from "./events.js";

/** The next piece waits while so many bytes are on their way. */
const BUFFERED = 2 ** 23;

/** Blocks from so many bytes on pass through a file, where the receiver is on the same machine. */
const IN_FILE = 2 ** 18;

type Data = Extract<PeerMessage, { type: "blocks" | "piece" }>;
type FilePiece = Extract<PeerMessage, { type: "file-piece" }>;

/** A connection that takes data: to whoever fetches, or to the scheduler. */
export interface DataChannel {
  send(message: Data, parts?: readonly Uint8Array[]): void;
  drained(below: number): Promise<void>;
  readonly closed: boolean;
}

export class BlockSender {
  readonly #channel: DataChannel;
  readonly #memory: BlockMemory;
  readonly #tellMissing: (job: number, blocks: Uint8Array) => void;
  /** Large blocks that wait for their turn. */
  readonly #waiting: { job: number; block: number; payload: Payload; from: number }[] = [];
  #sending = false;
  #file: { readonly writer: SharedFileWriter; readonly tell: (piece: FilePiece) => void } | null = null;

  /** @param tellMissing tells the receiver of blocks that are not here */
  constructor(
    channel: DataChannel,
    tellMissing: (job: number, blocks: Uint8Array) => void,
    memory: BlockMemory,
  ) {
    this.#memory = memory;
    this.#channel = channel;
    this.#tellMissing = tellMissing;
  }

  /** From now on large blocks pass through a file. @param tell tells the receiver where a piece stands */
  useFile(writer: SharedFileWriter, tell: (piece: FilePiece) => void): void {
    this.#file = { writer, tell };
  }

  /** Blocks that stand one after another in `bytes`. */
  sendSmall(job: number, blocks: readonly number[], bytes: Uint8Array): void {
    this.#channel.send({ type: "blocks", job, blocks: packRuns(blocks) }, [bytes]);
  }

  /** A block with memory of its own. @param from bytes that the receiver has already */
  sendBlock(job: number, block: number, payload: Payload, from: number): void {
    this.#memory.hold(payload);
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
      if (this.#file && total >= IN_FILE) {
        const { writer, tell } = this.#file;
        for (const { at, parts } of cutBytes(bytes, from, FILE_PIECE)) {
          const length = totalOf(parts);
          const slot = await writer.write(parts);
          if (slot === null || this.#channel.closed) return;
          tell({ type: "file-piece", job, block, at, total, slot, length });
        }
        this.#memory.release(payload);
        continue;
      }
      for (const { at, parts } of cutBytes(bytes, from)) {
        await this.#channel.drained(BUFFERED);
        if (this.#channel.closed) return;
        this.#channel.send({ type: "piece", job, block, at, total, crc: crcOf(parts) }, parts);
      }
      void this.#channel.drained(1).then(() => this.#memory.release(payload));
    }
    this.#sending = false;
  }
}
