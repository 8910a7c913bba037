/** Owns the writing of Blosc 1 chunks: block lengths, splits and levels as C-Blosc chooses them. */
import { deflateSync } from "node:zlib";
import { CodecError } from "@hyperslab/core/errors";
import {
  type BloscHeader,
  HEADER_BYTES,
  type Shuffle,
  type StreamFormat,
  streamsOf,
  writeHeader,
} from "./blosc-header.js";
import type { CodecInput, CodecSpec } from "./codec.js";
import { choiceOf, integerOf } from "./configuration.js";
import { memoryFor, type WasmMemory } from "./wasm-memory.js";
import { zstdCompressor, zstdEncodeAt, zstdEncodesThere, type ZstdRoom, zstdRoom } from "./zstd-encode.js";

/** What a stream is compressed with; the chunk itself says which it was, so a reader never asks the configuration. */
const COMPRESSORS = ["blosclz", "lz4", "lz4hc", "zlib", "zstd", "snappy"] as const;
type Compressor = (typeof COMPRESSORS)[number];

/** BloscLZ and Snappy are read, but never written: LZ4 is better at all they do, and every Blosc reads it. */
const WRITTEN_AS: Readonly<Record<Compressor, StreamFormat>> = {
  blosclz: "lz4",
  snappy: "lz4",
  lz4: "lz4",
  lz4hc: "lz4",
  zlib: "zlib",
  zstd: "zstd",
};

const SHUFFLES: readonly Shuffle[] = ["noshuffle", "shuffle", "bitshuffle"];
const L1 = 32 << 10;
/** Less isn't worth a try. */
const MIN_BYTES = 128;
const MAX_TYPE_SIZE = 255;
const MAX_BYTES = 2 ** 31 - 1 - HEADER_BYTES;

interface Settings {
  readonly codec: string;
  readonly compressor: Compressor;
  readonly level: number;
  readonly shuffle: Shuffle;
  readonly typeSize: number;
  readonly blockSize: number;
}

type Encoded = Uint8Array | Promise<Uint8Array>;

/** The encoder that a configuration asks for. @throws CodecError */
export function bloscEncoder(spec: CodecSpec, input: CodecInput): (bytes: Uint8Array) => Encoded {
  const typeSize = integerOf(spec, "typesize", input.itemSize, 1, 2 ** 31);
  const settings: Settings = {
    codec: spec.name,
    compressor: choiceOf(spec, "cname", COMPRESSORS, "lz4"),
    level: integerOf(spec, "clevel", 5, 0, 9),
    typeSize: typeSize > MAX_TYPE_SIZE ? 1 : typeSize,
    shuffle: shuffleOf(spec, typeSize),
    blockSize: integerOf(spec, "blocksize", 0, 0, MAX_BYTES),
  };
  return (bytes) => bloscEncode(settings, bytes);
}

/** v3 writes words, v2 numbers, where −1 leaves the choice to the element's size. */
function shuffleOf(spec: CodecSpec, typeSize: number): Shuffle {
  const value = spec.configuration["shuffle"];
  if (typeof value === "string") return choiceOf(spec, "shuffle", SHUFFLES, "shuffle");
  const number = integerOf(spec, "shuffle", 1, -1, 2);
  return number === -1 ? (typeSize === 1 ? "bitshuffle" : "shuffle") : SHUFFLES[number];
}

function bloscEncode(settings: Settings, bytes: Uint8Array): Encoded {
  const { codec, compressor, level, typeSize } = settings;
  if (bytes.length > MAX_BYTES)
    throw new CodecError({
      codec,
      reason: `${bytes.length} bytes in one chunk`,
      hint: "Blosc holds less than 2 GiB: use smaller chunks",
    });
  const blockBytes = blockLength(settings, bytes.length);
  const header: BloscHeader = {
    format: WRITTEN_AS[compressor],
    shuffle: settings.shuffle === "shuffle" && typeSize === 1 ? "noshuffle" : settings.shuffle,
    copied: false,
    unsplit: !isSplit(settings, blockBytes),
    typeSize,
    decodedBytes: bytes.length,
    blockBytes,
  };
  if (level === 0 || bytes.length < MIN_BYTES) return copied(header, bytes);
  const streams = compressBlocks(settings, header, bytes);
  const late = streams.some((one) => one.some((stream) => stream instanceof Promise));
  if (!late) return assemble(header, bytes, streams as Uint8Array[][]);
  return Promise.all(streams.map((one) => Promise.all(one))).then((here) => assemble(header, bytes, here));
}

/** Whether the bytes of elements are compressed in a stream for each place within the element. */
function isSplit({ compressor, typeSize }: Settings, block: number): boolean {
  return compressor !== "zstd" && typeSize <= 16 && Math.floor(block / typeSize) >= MIN_BYTES;
}

/** The length that C-Blosc 1.21 chooses. */
function blockLength(settings: Settings, length: number): number {
  const { compressor, level, typeSize, blockSize } = settings;
  if (length < typeSize) return 1;
  const thorough = compressor === "zlib" || compressor === "zstd" || compressor === "lz4hc";
  let block = length;
  if (blockSize) block = Math.max(MIN_BYTES, blockSize);
  else if (length >= L1) {
    const factors = [1 / 4, 1 / 2, 1, 2, 4, 4, 8, 8, 8, thorough ? 16 : 8];
    block = L1 * (thorough ? 2 : 1) * factors[level];
    if (isSplit(settings, block)) block = Math.min(1 << 20, Math.max(1 << 16, block * typeSize));
  }
  block = Math.min(block, length);
  return block > typeSize ? Math.floor(block / typeSize) * typeSize : block;
}

function copied(header: BloscHeader, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER_BYTES + bytes.length);
  writeHeader({ ...header, copied: true }, out);
  out.set(bytes, HEADER_BYTES);
  return out;
}

/** The streams of all blocks; one that didn't become shorter stands as it was. */
function compressBlocks(settings: Settings, header: BloscHeader, bytes: Uint8Array): Encoded[][] {
  const { blockBytes } = header;
  const wasm = memoryFor(undefined, 0);
  const scratch = [0, 1, 2].map(() => wasm.scratch(blockBytes));
  const zstd =
    settings.compressor === "zstd" && zstdEncodesThere(zstdLevel(settings))
      ? zstdRoom(wasm, zstdLevel(settings), blockBytes)
      : null;
  const blocks: Encoded[][] = [];
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const length = Math.min(blockBytes, bytes.length - start);
    wasm.bytes.set(bytes.subarray(start, start + length), scratch[0]);
    const planes = shuffleBlock(header, wasm, scratch, length);
    const target = scratch.find((address) => address !== planes) ?? 0;
    const streams = streamsOf(header, length);
    const each = length / streams;
    blocks.push(
      Array.from({ length: streams }, (_, i) =>
        compressStream(settings, wasm, planes + i * each, each, target, zstd),
      ),
    );
  }
  return blocks;
}

/** @returns where the shuffled block lies: one of the three scratches, the first of which holds it unshuffled */
function shuffleBlock(
  { shuffle, typeSize }: BloscHeader,
  { kernels, bytes }: WasmMemory,
  [plain, planes, split]: number[],
  length: number,
): number {
  const count = Math.floor(length / typeSize);
  if (shuffle === "noshuffle" || (shuffle === "bitshuffle" && count % 8 !== 0)) return plain;
  if (shuffle === "shuffle") {
    kernels.shuffle(typeSize, plain, planes, length);
    return planes;
  }
  const whole = count * typeSize;
  if (typeSize > 1) kernels.shuffle(typeSize, plain, planes, whole);
  kernels.splitBits(typeSize, typeSize > 1 ? planes : plain, split, count);
  bytes.copyWithin(split + whole, plain + whole, plain + length);
  return split;
}

/** C-Blosc's levels 1 … 9 are zstd's 1, 3, 5 … 15, and 22. */
const zstdLevel = ({ level }: Settings): number => (level < 9 ? level * 2 - 1 : 22);

function compressStream(
  settings: Settings,
  wasm: WasmMemory,
  source: number,
  length: number,
  target: number,
  zstd: ZstdRoom | null,
): Encoded {
  const { compressor, level } = settings;
  const plain = (): Uint8Array => new Uint8Array(wasm.bytes.subarray(source, source + length));
  const shorter = (encoded: Uint8Array, input: Uint8Array): Uint8Array =>
    encoded.length < length ? encoded : input;
  switch (WRITTEN_AS[compressor]) {
    case "zlib": {
      const input = plain();
      return shorter(deflateSync(input, { level }), input);
    }
    case "zstd": {
      if (zstd !== null) {
        const encoded = zstdEncodeAt(wasm, zstd, source, length);
        return encoded.length < length ? encoded : plain();
      }
      const input = plain();
      const encoded = zstdCompressor(zstdLevel(settings), false)(input);
      return encoded instanceof Promise
        ? encoded.then((late) => shorter(late, input))
        : shorter(encoded, input);
    }
    default: {
      const { lz4Encode, lz4EncodeThorough } = wasm.kernels;
      // the acceleration and the depths of search that the levels stand for in C-Blosc and liblz4
      const written =
        compressor === "lz4hc"
          ? lz4EncodeThorough(source, length, target, length - 1, 1 << Math.min(9, level + 1))
          : lz4Encode(source, length, target, length - 1, 10 - level);
      return written > 0 ? wasm.bytes.slice(target, target + written) : plain();
    }
  }
}

function assemble(header: BloscHeader, bytes: Uint8Array, blocks: readonly Uint8Array[][]): Uint8Array {
  const table = HEADER_BYTES + 4 * blocks.length;
  let total = table;
  for (const block of blocks) for (const stream of block) total += 4 + stream.length;
  if (total >= bytes.length + HEADER_BYTES) return copied(header, bytes);
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  let at = table;
  blocks.forEach((block, i) => {
    view.setUint32(HEADER_BYTES + 4 * i, at, true);
    for (const stream of block) {
      view.setUint32(at, stream.length, true);
      out.set(stream, at + 4);
      at += 4 + stream.length;
    }
  });
  writeHeader(header, out);
  return out;
}
