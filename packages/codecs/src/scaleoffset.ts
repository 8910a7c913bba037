/**
 * Owns HDF5's scale-offset filter (6), reading only: integers less their least one, or floats scaled to such integers, in
 * as few bits as all of them fit into.
 */
import { CodecError } from "@hyperslab/core/errors";
import { NATIVE_LITTLE, swapBytes } from "./byte-order.js";
import type { Codec, CodecSpec } from "./codec.js";
import { clientData } from "./configuration.js";
import { damaged, outputFor, readOnly, sizeError } from "./output.js";
import { memoryFor } from "./wasm-memory.js";

/** Bits of a number in four bytes, the length of the least one in one, the least one in up to sixteen. */
const HEADER_BYTES = 21;
const KIND = { floatDecimal: 0, integer: 2 } as const;

interface Settings {
  readonly codec: string;
  readonly isFloat: boolean;
  /** Decimal digits after the point that were kept of floats. */
  readonly digits: number;
  readonly count: number;
  readonly size: number;
  readonly littleEndian: boolean;
  /** Bits of what stands for elements that were never written; null where nothing does. */
  readonly fill: bigint | null;
}

/** Configuration: `values`, HDF5's client data. @throws CodecError for a kind of scaling that HDF5 itself doesn't have */
export function scaleOffsetCodec(spec: CodecSpec): Codec {
  const settings = settingsOf(spec);
  return {
    name: spec.name,
    decode: (bytes, size, out) => scaleOffsetDecode(settings, bytes, size, out),
    encode: readOnly(spec.name),
  };
}

function settingsOf(spec: CodecSpec): Settings {
  const [kind, factor, count, dtypeClass, size, , order, hasFill, low = 0, high = 0] = clientData(spec, 8);
  const isFloat = dtypeClass === 1;
  const isKnown = kind === (isFloat ? KIND.floatDecimal : KIND.integer);
  if (!isKnown || dtypeClass > 1 || ![1, 2, 4, 8].includes(size) || (isFloat && size < 4) || order > 1)
    throw new CodecError({
      codec: spec.name,
      reason: `scaling ${kind} of elements of class ${dtypeClass} with ${size} bytes`,
      hint: "integers, and floats scaled by powers of ten, are read",
    });
  const bits = BigInt(low) | (BigInt(high) << 32n);
  return {
    codec: spec.name,
    isFloat,
    digits: factor | 0,
    count,
    size,
    littleEndian: order === 0,
    fill: hasFill === 1 ? BigInt.asUintN(8 * size, bits) : null,
  };
}

function scaleOffsetDecode(
  { codec, isFloat, digits, count, size, littleEndian, fill }: Settings,
  bytes: Uint8Array,
  expected: number | null,
  out?: Uint8Array,
): Uint8Array {
  const length = count * size;
  if (expected !== null && length !== expected) throw sizeError(codec, length, expected);
  if (bytes.length < HEADER_BYTES) throw damaged(codec, `${bytes.length} bytes can't hold a header of 21`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(0, true);
  const leastBytes = Math.min(8, bytes[4]);
  let least = 0n;
  for (let i = leastBytes - 1; i >= 0; i--) least = (least << 8n) | BigInt(bytes[5 + i]);
  if (width > 8 * size) throw damaged(codec, `numbers of ${width} bits in elements of ${size} bytes`);
  const stored = Math.ceil((width * count) / 8);
  if (stored > bytes.length - HEADER_BYTES)
    throw damaged(codec, `${count} numbers of ${width} bits in ${bytes.length - HEADER_BYTES} bytes`);
  const target = outputFor(codec, length, expected, out);
  const wasm = memoryFor(target, bytes.length + length);
  const { kernels } = wasm;
  const source = wasm.place(bytes) + HEADER_BYTES;
  const to = wasm.addressOf(target) ?? wasm.scratch(length);
  // numbers of the full width were stored as they are
  if (width === 8 * size) kernels.copy(to, source, length);
  else {
    if (width === 0) wasm.bytes.fill(0, to, to + length);
    else kernels.unpackFields(source, width, 0, to, size, count);
    const hasFill = fill === null ? 0 : 1;
    if (isFloat)
      kernels.scaleFloats(to, size, count, width, 10 ** digits, floatOf(least, size), hasFill, fill ?? 0n);
    else kernels.offsetIntegers(to, size, count, width, least, hasFill, fill ?? 0n);
  }
  wasm.take(to, target);
  if (littleEndian !== NATIVE_LITTLE) swapBytes(target, size);
  return target;
}

function floatOf(bits: bigint, size: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits, true);
  return size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}
