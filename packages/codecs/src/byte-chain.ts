/** Owns a chain of byte codecs: first to last on encoding, last to first on decoding, with every size checked. */
import { CodecError, isHyperslabError } from "@hyperslab/core/errors";
import type { Codec, PartReading } from "./codec.js";
import { andThen, translateErrors } from "./sequence.js";
import { deliver } from "./output.js";
import type { Spans } from "./spans.js";
import { type Lent, memoryFor } from "./wasm-memory.js";

export interface ByteChain {
  /**
   * @param size of the decoded bytes, where known
   * @param wanted those of the decoded bytes that will be looked at
   */
  decode(
    bytes: Uint8Array,
    size: number | null,
    out?: Uint8Array,
    wanted?: Spans,
  ): Uint8Array | Promise<Uint8Array>;
  encode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** True where stored bytes are decoded where they are if they lie in attached memory (`wasm-memory.ts`). */
  readonly inWasm: boolean;
  /** How parts are decoded on their own; null where they can't be. */
  readonly parts: PartReading | null;
  /** True for a chain of no codec. */
  readonly isEmpty: boolean;
  /** Length of what encode makes of `size` bytes; null where a compressor decides. */
  encodedSize(size: number): number | null;
}

export function byteChain(codecs: readonly Codec[]): ByteChain {
  const sizesFor = (size: number | null): (number | null)[] => {
    const sizes: (number | null)[] = [size];
    codecs.forEach((codec, i) => {
      const before = sizes[i];
      sizes.push(before === null || !codec.encodedSize ? null : codec.encodedSize(before));
    });
    return sizes;
  };
  return {
    inWasm: readsInWasm(codecs),
    parts: codecs.length === 1 ? (codecs[0].parts ?? null) : null,
    isEmpty: codecs.length === 0,
    decode(bytes, size, out, wanted) {
      if (codecs.length === 0) return deliver("bytes", bytes, size, out);
      const sizes = sizesFor(size);
      if (codecs.length === 1) return codecs[0].decode(bytes, size, out, wanted);
      const between = lendBetween(codecs, sizes, bytes, out);
      let at = 0;
      let value: Uint8Array | Promise<Uint8Array> = bytes;
      const run = (): Uint8Array | Promise<Uint8Array> => {
        for (let i = codecs.length - 1; i >= 0; i--)
          value = andThen(value, (from) => {
            if (i === 0) return codecs[i].decode(from, sizes[i], out, wanted);
            const length = scratchOf(codecs[i], sizes[i]);
            const to = between && length > 0 ? between.bytes.subarray(at, at + length) : undefined;
            at += align(length);
            return codecs[i].decode(from, sizes[i], to);
          });
        return value;
      };
      return between ? withLent(between, out, run) : run();
    },
    encode(bytes) {
      let value: Uint8Array | Promise<Uint8Array> = bytes;
      for (const codec of codecs) value = andThen(value, (from) => codec.encode(from));
      return value;
    },
    encodedSize(size) {
      return sizesFor(size)[codecs.length];
    },
  };
}

const align = (length: number): number => Math.ceil(length / MARGIN) * MARGIN + MARGIN;
/** Between two results: fast copies run over. */
const MARGIN = 64;

/** Bytes that a codec before the last one decodes to where it doesn't just hand on a view. */
function scratchOf(codec: Codec, size: number | null): number {
  return codec.isView ? 0 : (size ?? 0);
}

/** One memory for what the codecs leave to each other; null where they leave nothing whose length is known. */
function lendBetween(
  codecs: readonly Codec[],
  sizes: readonly (number | null)[],
  bytes: Uint8Array,
  out: Uint8Array | undefined,
): Lent | null {
  let total = 0;
  let some = false;
  for (let i = 1; i < codecs.length; i++) {
    const length = scratchOf(codecs[i], sizes[i]);
    total += align(length);
    some ||= length > 0;
  }
  return some && codecs.every((codec) => codec.inWasm) ? memoryFor(out, total, bytes).lend(total) : null;
}

/** What `run` yields, once the memory is given back. Without `out` it may lie there: then it is copied. */
function withLent(
  { bytes, giveBack }: Lent,
  out: Uint8Array | undefined,
  run: () => Uint8Array | Promise<Uint8Array>,
): Uint8Array | Promise<Uint8Array> {
  const keep = (value: Uint8Array): Uint8Array =>
    out === undefined && value.buffer === bytes.buffer ? value.slice() : value;
  let value: Uint8Array | Promise<Uint8Array> | undefined;
  try {
    value = run();
    if (!(value instanceof Promise)) return keep(value);
  } finally {
    if (!(value instanceof Promise)) giveBack();
  }
  return value.then(keep).finally(giveBack);
}

/** Checksums and the like hand on a view of what they were given: the compressor before them decides. */
function readsInWasm(codecs: readonly Codec[]): boolean {
  const compressor = codecs.findLastIndex((codec) => !codec.encodedSize);
  return codecs.length > 0 && codecs.slice(Math.max(0, compressor)).every((codec) => codec.inWasm);
}

/** `run()`, with the chunk's name added to the CodecErrors it throws. */
export function withChunk<T>(chunk: string, run: () => T | Promise<T>): T | Promise<T> {
  return translateErrors(run, (error) => {
    if (!isHyperslabError(error, "CodecError") || error.fields.chunk !== undefined) return error;
    const { codec, reason, hint } = error.fields;
    return new CodecError({
      codec,
      reason,
      chunk,
      ...(hint === undefined ? {} : { hint }),
      ...(error.cause === undefined ? {} : { cause: error.cause }),
    });
  });
}
