/**
 * Owns the bitshuffle codec, in the form of the HDF5 filter 32008: blocks of bit planes, as they are or each
 * compressed. (Blosc's bitshuffle is the same transposition within Blosc's own blocks: `blosc.ts`.)
 */
import { CodecError } from "@hyperslab/core/errors";
import type { Codec, CodecInput, CodecSpec } from "./codec.js";
import { choiceOf, integerOf } from "./configuration.js";
import { damaged, outputFor } from "./output.js";
import { decodeStream } from "./stream.js";
import { memoryFor, type WasmMemory } from "./wasm-memory.js";
import { ZSTD_MAX_LEVEL, zstdEncodeAt, zstdRoom } from "./zstd-encode.js";

const COMPRESSORS = ["none", "lz4", "zstd"] as const;
type Compressor = (typeof COMPRESSORS)[number];
/** Of compressed chunks: the decoded length in eight bytes and a block's in four, both big-endian. */
const HEADER_BYTES = 12;
const MAX_BLOCK = 2 ** 27;

interface Settings {
  readonly codec: string;
  readonly compressor: Compressor;
  readonly size: number;
  /** Elements in a block, a multiple of eight. */
  readonly block: number;
  /** Of zstd. */
  readonly level: number;
}

/** Configuration: `elementsize` (bytes), `blocksize` (elements; 0: about 8 KiB), `cname` (none, lz4, zstd), `level` (of zstd). */
export function bitshuffleCodec(spec: CodecSpec, input: CodecInput): Codec {
  const size = integerOf(spec, "elementsize", input.itemSize, 1, 1 << 16);
  const asked = integerOf(spec, "blocksize", 0, 0, MAX_BLOCK);
  if (asked % 8)
    throw new CodecError({
      codec: spec.name,
      reason: `blocks of ${asked} elements`,
      hint: "use a multiple of 8",
    });
  const settings: Settings = {
    codec: spec.name,
    compressor: choiceOf(spec, "cname", COMPRESSORS, "none"),
    size,
    level: integerOf(spec, "level", 3, 1, ZSTD_MAX_LEVEL),
    block: asked || Math.max(128, Math.floor(8192 / size / 8) * 8),
  };
  const codec: Codec = {
    name: spec.name,
    decode: (bytes, expected, out) => decode(settings, bytes, expected, out),
    encode: (bytes) => encode(settings, bytes),
  };
  return settings.compressor === "none" ? { ...codec, encodedSize: (bytes) => bytes } : codec;
}

function decode(
  settings: Settings,
  bytes: Uint8Array,
  expected: number | null,
  out?: Uint8Array,
): Uint8Array {
  const { codec, compressor, size } = settings;
  let { block } = settings;
  let length = bytes.length;
  let at = 0;
  if (compressor !== "none") {
    if (bytes.length < HEADER_BYTES) throw damaged(codec, `${bytes.length} bytes can't hold a header of 12`);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const told = view.getBigUint64(0);
    block = view.getUint32(8) / size;
    at = HEADER_BYTES;
    if (told > BigInt(bytes.length) * 255n) throw damaged(codec, `claims to hold ${told} bytes`);
    if (block % 8 || block === 0 || block > MAX_BLOCK) throw damaged(codec, `blocks of ${block} elements`);
    length = Number(told);
  }
  const target = outputFor(codec, length, expected, out);
  const count = Math.floor(length / size);
  const room = Math.min(block, count) * size;
  const wasm = memoryFor(target, 4 * room + bytes.length, bytes);
  const source = wasm.place(bytes);
  const [planes, joined, finished] = [wasm.scratch(room), wasm.scratch(room), wasm.scratch(room)];
  const inside = wasm.addressOf(target);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let done = 0;
  for (let left = count - (count % 8); left > 0;) {
    const elements = Math.min(block, left);
    const each = elements * size;
    let from = source + at;
    if (compressor === "none") at += each;
    else {
      if (at + 4 > bytes.length) throw damaged(codec, "ends too early");
      const stored = view.getUint32(at);
      at += 4;
      if (stored > bytes.length - at) throw damaged(codec, `a block of ${stored} bytes at byte ${at}`);
      decodeStream(compressor, codec, wasm, source + at, stored, planes, each);
      from = planes;
      at += stored;
    }
    const to = inside === null ? finished : inside + done;
    join(wasm, size, elements, from, joined, to);
    if (inside === null) target.set(wasm.bytes.subarray(to, to + each), done);
    done += each;
    left -= elements;
  }
  // fewer than eight elements, and bytes of no element, stand as they are
  if (bytes.length - at !== length - done)
    throw damaged(codec, `${bytes.length - at} bytes after the last block where ${length - done} belong`);
  target.set(bytes.subarray(at), done);
  return target;
}

function join(
  wasm: WasmMemory,
  size: number,
  elements: number,
  from: number,
  scratch: number,
  to: number,
): void {
  if (size === 1) return wasm.kernels.joinBits(1, from, to, elements);
  wasm.kernels.joinBits(size, from, scratch, elements);
  wasm.kernels.unshuffle(size, scratch, to, elements * size);
}

function encode(settings: Settings, bytes: Uint8Array): Uint8Array {
  const { compressor, size, block } = settings;
  const count = Math.floor(bytes.length / size);
  const room = Math.min(block, count) * size;
  const wasm = memoryFor(undefined, 0);
  const [plain, planes, split] = [room, room, room].map((each) => wasm.scratch(each));
  const compress = compressor === "none" ? null : blockEncoder(wasm, settings, room);
  const pieces: Uint8Array[] = [];
  if (compress !== null) {
    const head = new Uint8Array(HEADER_BYTES);
    new DataView(head.buffer).setBigUint64(0, BigInt(bytes.length));
    new DataView(head.buffer).setUint32(8, block * size);
    pieces.push(head);
  }
  let at = 0;
  for (let left = count - (count % 8); left > 0;) {
    const elements = Math.min(block, left);
    const each = elements * size;
    wasm.bytes.set(bytes.subarray(at, at + each), plain);
    if (size > 1) wasm.kernels.shuffle(size, plain, planes, each);
    wasm.kernels.splitBits(size, size > 1 ? planes : plain, split, elements);
    if (compress === null) pieces.push(wasm.bytes.slice(split, split + each));
    else {
      const stored = compress(split, each);
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, stored.length);
      pieces.push(length, stored);
    }
    at += each;
    left -= elements;
  }
  pieces.push(bytes.subarray(at));
  return new Uint8Array(Buffer.concat(pieces));
}

/** Compresses blocks of up to `room` bytes that lie in scratch. */
function blockEncoder(
  wasm: WasmMemory,
  { compressor, level }: Settings,
  room: number,
): (source: number, length: number) => Uint8Array {
  if (compressor === "zstd") {
    const scratch = zstdRoom(wasm, level, room);
    return (source, length) => zstdEncodeAt(wasm, scratch, source, length);
  }
  const bound = room + Math.ceil(room / 255) + 16;
  const target = wasm.scratch(bound);
  return (source, length) => {
    const written = wasm.kernels.lz4Encode(source, length, target, bound, 1);
    return wasm.bytes.slice(target, target + written);
  };
}
