/**
 * Owns the blosc codec: blocks of shuffled, compressed bytes behind a header (Blosc 1). The container is read
 * and checked here; streams and shuffles are done in WebAssembly, block by block, so that a block stays in cache.
 */
import { copyBytes } from "@hyperslab/core/copy-bytes";
import { type BloscHeader, HEADER_BYTES, readHeader, streamsOf } from "./blosc-header.js";
import { BLOSC_HEAD_BYTES, bloscParts } from "./blosc-parts.js";
import { bloscEncoder } from "./blosc-encode.js";
import type { Codec, CodecInput, CodecSpec } from "./codec.js";
import { damaged, deliver, outputFor } from "./output.js";
import { type Spans, spanCursor } from "./spans.js";
import { decodeStream } from "./stream.js";
import { memoryFor, type WasmMemory } from "./wasm-memory.js";

export function bloscCodec(spec: CodecSpec, input: CodecInput): Codec {
  return {
    name: spec.name,
    inWasm: true,
    parts: { headBytes: BLOSC_HEAD_BYTES, find: (head, wanted) => bloscParts(spec.name, head, wanted) },
    decode: (bytes, size, out, wanted) => bloscDecode(spec.name, bytes, size, out, wanted),
    encode: bloscEncoder(spec, input),
  };
}

/** Decodes one Blosc chunk, or those of its blocks that hold bytes that are `wanted`. @throws CodecError */
export function bloscDecode(
  codec: string,
  bytes: Uint8Array,
  size: number | null,
  out?: Uint8Array,
  wanted?: Spans,
): Uint8Array {
  const header = readHeader(codec, bytes);
  const { decodedBytes, blockBytes, copied } = header;
  if (copied) return deliver(codec, bytes.subarray(HEADER_BYTES), size, out);
  const target = outputFor(codec, decodedBytes, size, out);
  if (decodedBytes === 0) return target;
  // a stream, what comes out of the streams, the bytes between bit and byte shuffle, the finished block
  const wasm = memoryFor(target, 3 * blockBytes + worstLength(blockBytes), bytes);
  const inside = wasm.addressOf(target);
  const blocks: BlockScratch = {
    source: wasm.addressOf(bytes),
    stream: wasm.scratch(worstLength(blockBytes)),
    planes: wasm.scratch(blockBytes),
    joined: wasm.scratch(header.shuffle === "bitshuffle" ? blockBytes : 0),
  };
  const finished = inside === null ? wasm.scratch(blockBytes) : 0;
  const isWanted = spanCursor(wanted);
  for (let start = 0, block = 0; start < decodedBytes; start += blockBytes, block++) {
    const length = Math.min(blockBytes, decodedBytes - start);
    if (!isWanted(start, start + length)) continue;
    if (inside !== null) {
      decodeBlock(codec, header, wasm, bytes, block, blocks, inside + start, length);
    } else {
      decodeBlock(codec, header, wasm, bytes, block, blocks, finished, length);
      copyBytes(wasm.bytes.subarray(finished, finished + length), target.subarray(start, start + length));
    }
  }
  return target;
}

/** What a stream may grow to that doesn't compress: Snappy's bound, the worst of all. */
const worstLength = (length: number): number => 72 + length + Math.floor(length / 6);

/** Addresses of scratch. */
interface BlockScratch {
  /** Of the whole chunk, where it lies in the memory already. */
  readonly source: number | null;
  readonly stream: number;
  readonly planes: number;
  readonly joined: number;
}

function decodeBlock(
  codec: string,
  header: BloscHeader,
  wasm: WasmMemory,
  bytes: Uint8Array,
  block: number,
  { source, stream, planes, joined }: BlockScratch,
  target: number,
  length: number,
): void {
  const { shuffle, typeSize, format } = header;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const streams = streamsOf(header, length);
  const streamLength = Math.floor(length / streams);
  if (streamLength * streams !== length)
    throw damaged(codec, `block ${block} of ${length} bytes doesn't split into ${streams} streams`);
  const count = Math.floor(length / typeSize);
  const bits = shuffle === "bitshuffle" && count > 0 && count % 8 === 0;
  const shuffled = shuffle === "shuffle" || bits;
  let to = shuffled ? planes : target;
  let at = view.getUint32(HEADER_BYTES + 4 * block, true);
  for (let i = 0; i < streams; i++, to += streamLength) {
    if (at < HEADER_BYTES || at + 4 > bytes.length)
      throw damaged(codec, `block ${block} lies at byte ${at} of ${bytes.length}`);
    const stored = view.getUint32(at, true);
    at += 4;
    if (stored > bytes.length - at)
      throw damaged(codec, `a stream of block ${block} has ${stored} bytes of ${bytes.length - at} left`);
    if (stored > worstLength(streamLength))
      throw damaged(codec, `a stream of block ${block} is much longer than what it holds`);
    const from = source === null ? wasm.placeAt(bytes.subarray(at, at + stored), stream) : source + at;
    at += stored;
    if (stored === streamLength) wasm.kernels.copy(to, from, stored);
    else decodeStream(format, codec, wasm, from, stored, to, streamLength);
  }
  if (!shuffled) return;
  const { kernels } = wasm;
  if (!bits) return kernels.unshuffle(typeSize, planes, target, length);
  // bytes after the last whole element are stored as they are
  const whole = count * typeSize;
  if (whole < length) wasm.bytes.copyWithin(target + whole, planes + whole, planes + length);
  kernels.joinBits(typeSize, planes, typeSize === 1 ? target : joined, count);
  if (typeSize > 1) kernels.unshuffle(typeSize, joined, target, whole);
}

/** What a Blosc chunk says of itself, for people and tests. @throws CodecError */
export function bloscInfo(bytes: Uint8Array): BloscHeader {
  return readHeader("blosc", bytes);
}
