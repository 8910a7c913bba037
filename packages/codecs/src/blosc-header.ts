/** Owns the header of Blosc 1 chunks: sixteen bytes that are believed only after they were checked. */
import { CodecError } from "@hyperslab/core/errors";
import { damaged } from "./output.js";

export const HEADER_BYTES = 16;
/** More than any real chunk; what `compressBound` adds to the bytes is the header alone. */
const MAX_BYTES = 2 ** 31 - 1 - HEADER_BYTES;
/** Elements of up to this many bytes may be split into streams… */
const MAX_SPLITS = 16;
/** …where each stream has at least this many. */
const MIN_STREAM = 128;

const FORMATS = ["blosclz", "lz4", "snappy", "zlib", "zstd"] as const;
export type StreamFormat = (typeof FORMATS)[number];
export type Shuffle = "noshuffle" | "shuffle" | "bitshuffle";

export interface BloscHeader {
  readonly format: StreamFormat;
  readonly shuffle: Shuffle;
  /** The bytes follow as they are. */
  readonly copied: boolean;
  /** Blocks are one stream each, never one for each byte of an element. */
  readonly unsplit: boolean;
  readonly typeSize: number;
  readonly decodedBytes: number;
  readonly blockBytes: number;
}

const FLAG = { shuffle: 1, copied: 2, bitshuffle: 4, unsplit: 16 } as const;

/** @param length of the whole chunk, where `bytes` are only its first */
export function readHeader(codec: string, bytes: Uint8Array, length: number = bytes.length): BloscHeader {
  if (bytes.length < HEADER_BYTES) throw damaged(codec, `${bytes.length} bytes can't hold a header of 16`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const version = bytes[0];
  const flags = bytes[2];
  if (version < 1 || version > 2)
    throw new CodecError({
      codec,
      reason: `version ${version} of the format`,
      hint: version > 2 ? "Blosc 2 frames aren't read: write the chunk with Blosc 1" : "the chunk is damaged",
    });
  const format = FORMATS[flags >> 5];
  const decodedBytes = view.getUint32(4, true);
  const blockBytes = view.getUint32(8, true);
  const storedBytes = view.getUint32(12, true);
  const typeSize = bytes[3];
  if (storedBytes !== length)
    throw damaged(codec, `the header says ${storedBytes} bytes, there are ${length}`);
  if (decodedBytes > MAX_BYTES) throw damaged(codec, `claims to hold ${decodedBytes} bytes`);
  const copied = (flags & FLAG.copied) !== 0;
  if (copied && storedBytes - HEADER_BYTES !== decodedBytes)
    throw damaged(codec, `${storedBytes - HEADER_BYTES} plain bytes where the header says ${decodedBytes}`);
  if (!copied && decodedBytes > 0) {
    if (format === undefined) throw damaged(codec, `compressor number ${flags >> 5}`);
    if (typeSize === 0) throw damaged(codec, "elements of 0 bytes");
    if (blockBytes === 0 || blockBytes > decodedBytes)
      throw damaged(codec, `blocks of ${blockBytes} bytes of ${decodedBytes}`);
    const table = 4 * Math.ceil(decodedBytes / blockBytes);
    if (HEADER_BYTES + table > storedBytes)
      throw damaged(codec, `${storedBytes} bytes can't hold the starts of ${table / 4} blocks`);
  }
  return {
    format: format ?? "blosclz",
    shuffle:
      flags & FLAG.bitshuffle ? "bitshuffle" : flags & FLAG.shuffle && typeSize > 1 ? "shuffle" : "noshuffle",
    copied,
    unsplit: (flags & FLAG.unsplit) !== 0,
    typeSize,
    decodedBytes,
    blockBytes,
  };
}

/** Streams in a block of `length` bytes; the last, shorter block is never split. */
export function streamsOf(header: BloscHeader, length: number): number {
  const { unsplit, typeSize, blockBytes } = header;
  const split =
    !unsplit &&
    length === blockBytes &&
    typeSize <= MAX_SPLITS &&
    Math.floor(length / typeSize) >= MIN_STREAM;
  return split ? typeSize : 1;
}

/** Writes the header into the first sixteen bytes. */
export function writeHeader(header: BloscHeader, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  bytes[0] = 2;
  bytes[1] = 1;
  bytes[2] =
    (FORMATS.indexOf(header.format) << 5) |
    (header.shuffle === "shuffle" ? FLAG.shuffle : header.shuffle === "bitshuffle" ? FLAG.bitshuffle : 0) |
    (header.copied ? FLAG.copied : 0) |
    (header.unsplit ? FLAG.unsplit : 0);
  bytes[3] = header.typeSize;
  view.setUint32(4, header.decodedBytes, true);
  view.setUint32(8, header.blockBytes, true);
  view.setUint32(12, bytes.length, true);
}
