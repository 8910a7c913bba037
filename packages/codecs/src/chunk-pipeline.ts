/** Owns the contract between chunks and storage: bytes ↔ elements, whole or shard by shard. Knows no codec. */
import type { BlockData, Dtype } from "@hyperslab/core/dtype";
import type { Shape } from "@hyperslab/core/shape";
import type { PartReading } from "./codec.js";
import type { Spans } from "./spans.js";

/** Bytes ↔ elements of the chunks of one array. Elements are C-ordered, of the chunk's full shape. */
export interface ChunkPipeline {
  readonly dtype: Dtype;
  readonly shape: Shape;
  /**
   * @param bytes the stored chunk, whole
   * @param chunk its name, for errors
   * @param out where to write: storage of `dtype` for the whole chunk; the result is then `out` itself. Without
   *   it the result may be a view of `bytes`: leave both as they are
   * @param wanted the elements (of the chunk, in C order) that will be looked at; others may hold anything
   * @throws CodecError for anything that isn't a chunk of this array
   */
  decode(bytes: Uint8Array, chunk: string, out?: BlockData, wanted?: Spans): BlockData | Promise<BlockData>;
  /** The result may be a view of `data`. @throws CodecError */
  encode(data: BlockData, chunk: string): Uint8Array | Promise<Uint8Array>;
  /**
   * Where stored bytes are best put before `decode` is called: in the place of the elements (`out`) themselves, which
   * are all that is stored; in attached memory (`wasm-memory.ts`); or in memory of this thread alone.
   */
  readonly bestIn: "out" | "attached" | "plain";
  /** How parts of a chunk's elements are read on their own, where `wanted` is given; null where they can't be. */
  readonly parts: PartReading | null;
  /** The chunk is a shard: inner chunks can be read on their own; null where it isn't. */
  readonly shard: ShardLayout | null;
}

/** Where an inner chunk lies in its shard, in bytes. */
export interface InnerRange {
  readonly offset: number;
  readonly length: number;
}

/** The decoded index of one shard. */
export interface ShardIndex {
  /** Where inner chunk number `inner` (C order) lies; null where it was never written: all fill value. */
  range(inner: number): InnerRange | null;
}

/** How shards are laid out: enough to read one inner chunk with two range requests. */
export interface ShardLayout {
  /** Decodes and encodes one inner chunk. */
  readonly inner: ChunkPipeline;
  /** Inner chunks along each axis. */
  readonly counts: readonly number[];
  /** Inner chunks in a shard. */
  readonly total: number;
  /** The index is the first or the last `indexBytes` bytes of a shard. */
  readonly indexLocation: "start" | "end";
  readonly indexBytes: number;
  /** @param bytes just the index. @throws CodecError */
  decodeIndex(bytes: Uint8Array, chunk: string): ShardIndex | Promise<ShardIndex>;
}
