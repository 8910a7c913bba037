/** Owns the contract of byte codecs: what is stored ↔ what was stored. Knows no arrays and no files. */

import type { Spans } from "./spans.js";

/** A codec as Zarr names it: v2's `id` or v3's `name`, and its configuration. JSON-safe. */
export interface CodecSpec {
  readonly name: string;
  readonly configuration: Readonly<Record<string, unknown>>;
}

/** What a codec is told of the bytes that `encode` will get, and that `decode` has to yield. */
export interface CodecInput {
  /** Bytes of one element; 1 where the bytes are no elements any more. */
  readonly itemSize: number;
  /** Byte order of an element. */
  readonly littleEndian: boolean;
}

/** Where wanted parts lie in stored bytes. */
export interface StoredParts {
  /** Length of all stored bytes. */
  readonly total: number;
  /** Which of them `decode` looks at, besides the head. */
  readonly spans: Spans;
}

/** How to decode parts of stored bytes: the others may hold anything, but have to be there. */
export interface PartReading {
  /** The first so many bytes tell where the parts lie. */
  readonly headBytes: number;
  /** @param wanted of the decoded bytes; null where all stored bytes are needed. @throws CodecError */
  find(head: Uint8Array, wanted: Spans): StoredParts | null;
}

/**
 * Bytes in, bytes out. Synchronous wherever it can be: a compute thread decodes straight on.
 * Any truncated, damaged or lying input ends in a CodecError: never a crash, a hang, an
 * allocation beyond `size`, or silent garbage where the format lets us know.
 */
export interface Codec {
  readonly name: string;
  /**
   * @param size decoded length in bytes where the caller knows it (null where only the bytes tell); a result
   *   of another length is a CodecError
   * @param out where to write, exactly `size` bytes; the result is then `out` itself. Without it the result
   *   may be a view of `bytes`
   * @param wanted the bytes of the result that will be looked at; others may hold anything
   */
  decode(
    bytes: Uint8Array,
    size: number | null,
    out?: Uint8Array,
    wanted?: Spans,
  ): Uint8Array | Promise<Uint8Array>;
  /** The result may be a view of `bytes`. */
  encode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * Length of what `encode` makes of `size` bytes, where that doesn't depend on their values (checksums,
   * filters). Absent for compressors. @throws CodecError for a size that can't be
   */
  encodedSize?(size: number): number;
  /** How parts of what was encoded are decoded on their own; absent where they can't be. */
  readonly parts?: PartReading;
  /** True for one that reads bytes where they are if they lie in attached memory (`wasm-memory.ts`). */
  readonly inWasm?: boolean;
  /** True for one that takes something off: without `out`, `decode` yields a view of `bytes`, and copies nothing. */
  readonly isView?: boolean;
  /** Bytes of one element of what `encode` yields, where that isn't the input's: filters that change the dtype. */
  readonly encodedItemSize?: number;
}
