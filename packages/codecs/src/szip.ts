/**
 * Owns HDF5's szip filter (4), reading only: the decoded length in four bytes, then Rice codes as CCSDS 121.0-B has them,
 * of samples that lie in scanlines; samples of four and eight bytes are shuffled to bytes first.
 */
import type { Codec, CodecSpec } from "./codec.js";
import { CodecError } from "@hyperslab/core/errors";
import { clientData } from "./configuration.js";
import { damaged, outputFor, readOnly } from "./output.js";
import { reasonOf } from "./stream.js";
import { memoryFor } from "./wasm-memory.js";

const FLAG = { bigEndian: 16, nearestNeighbour: 32 } as const;
const HEADER_BYTES = 4;

interface Settings {
  readonly codec: string;
  /** Bytes of a pixel. */
  readonly pixelBytes: number;
  /** Bits of what is coded: the pixel, or a byte of it. */
  readonly bits: number;
  /** Pixels are stored plane by plane, a byte each. */
  readonly planes: boolean;
  readonly block: number;
  /** Samples of a scanline as they are, and in whole blocks. */
  readonly line: number;
  readonly paddedLine: number;
  readonly preprocess: boolean;
  readonly bigEndian: boolean;
}

/** Configuration: `values`, HDF5's client data: options, samples of a block, bits of a sample, samples of a scanline. */
export function szipCodec(spec: CodecSpec): Codec {
  const settings = settingsOf(spec);
  return {
    name: spec.name,
    decode: (bytes, size, out) => szipDecode(settings, bytes, size, out),
    encode: readOnly(spec.name),
  };
}

function settingsOf(spec: CodecSpec): Settings {
  const [options, block, pixelBits, line] = clientData(spec, 4);
  const planes = pixelBits === 32 || pixelBits === 64;
  if (block < 2 || block > 64 || block % 2 || pixelBits < 1 || (pixelBits > 32 && !planes) || line < 1)
    throw new CodecError({
      codec: spec.name,
      reason: `blocks of ${block} samples of ${pixelBits} bits in scanlines of ${line}`,
      hint: "the file's filter message is damaged",
    });
  return {
    codec: spec.name,
    pixelBytes: planes ? pixelBits / 8 : pixelBits > 16 ? 4 : pixelBits > 8 ? 2 : 1,
    bits: planes ? 8 : pixelBits,
    planes,
    block,
    line,
    paddedLine: Math.ceil(line / block) * block,
    preprocess: (options & FLAG.nearestNeighbour) !== 0,
    bigEndian: (options & FLAG.bigEndian) !== 0,
  };
}

function szipDecode(
  { codec, pixelBytes, bits, planes, block, line, paddedLine, preprocess, bigEndian }: Settings,
  bytes: Uint8Array,
  size: number | null,
  out?: Uint8Array,
): Uint8Array {
  if (bytes.length < HEADER_BYTES) throw damaged(codec, `${bytes.length} bytes can't hold a length`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const target = outputFor(codec, length, size, out);
  if (length % pixelBytes) throw damaged(codec, `${length} bytes are no whole samples of ${pixelBytes}`);
  const sampleBytes = planes ? 1 : pixelBytes;
  const samples = length / sampleBytes;
  const isPadded = line !== paddedLine;
  const lines = Math.ceil(samples / line);
  const coded = isPadded ? lines * paddedLine : samples;
  // five bits can stand for a segment of 64 blocks of zeros
  if (coded > (bytes.length + 1) * 8 * 64 * block) throw damaged(codec, `claims to hold ${length} bytes`);
  const wasm = memoryFor(target, bytes.length + coded * sampleBytes + 2 * length, bytes);
  const { kernels } = wasm;
  const source = wasm.place(bytes) + HEADER_BYTES;
  const finished = wasm.addressOf(target) ?? wasm.scratch(length);
  const joined = planes ? wasm.scratch(length) : finished;
  const padded = isPadded ? wasm.scratch(coded * sampleBytes) : joined;
  const code = kernels.aecDecode(
    source,
    bytes.length - HEADER_BYTES,
    padded,
    coded,
    bits,
    block,
    paddedLine / block,
    preprocess ? 1 : 0,
    bigEndian ? 1 : 0,
  );
  if (code < 0) throw damaged(codec, `a stream of ${bytes.length - HEADER_BYTES} bytes ${reasonOf(code)}`);
  if (isPadded)
    for (let i = 0; i < lines; i++) {
      const start = i * line * sampleBytes;
      const width = Math.min(line * sampleBytes, length - start);
      kernels.copy(joined + start, padded + i * paddedLine * sampleBytes, width);
    }
  if (planes) kernels.unshuffle(pixelBytes, joined, finished, length);
  wasm.take(finished, target);
  return target;
}
