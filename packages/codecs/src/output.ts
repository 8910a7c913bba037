/**
 * Owns how a codec hands over what it decoded: the promised length is checked, the caller's memory is filled.
 * Knows no format.
 */
import { copyBytes } from "@hyperslab/core/copy-bytes";
import { CodecError } from "@hyperslab/core/errors";

/**
 * The most that a codec decodes when nobody told it the size: 256 MiB. Bytes that claim more are damaged or
 * hostile far more often than honest.
 */
export const MAX_UNTOLD_SIZE: number = 2 ** 28;

/** `decoded` itself, or copied into `out`, after its length was checked. @throws CodecError */
export function deliver(
  codec: string,
  decoded: Uint8Array,
  size: number | null,
  out?: Uint8Array,
): Uint8Array {
  if (size !== null && decoded.length !== size) throw sizeError(codec, decoded.length, size);
  if (out === undefined || out === decoded) return decoded;
  // what was read into its place is there already
  if (out.buffer !== decoded.buffer || out.byteOffset !== decoded.byteOffset) copyBytes(decoded, out);
  return out;
}

/** Where to decode `length` bytes to: `out`, or new memory. The length comes from the bytes, so it is checked. */
export function outputFor(
  codec: string,
  length: number,
  size: number | null,
  out?: Uint8Array,
): Uint8Array<ArrayBufferLike> {
  if (size !== null && length !== size) throw sizeError(codec, length, size);
  if (size === null && length > MAX_UNTOLD_SIZE)
    throw new CodecError({
      codec,
      reason: `claims to hold ${length} bytes, more than the ${MAX_UNTOLD_SIZE} that are believed without a known size`,
      hint: "the chunk is damaged, or should be written in smaller chunks",
    });
  return out ?? new Uint8Array(length);
}

export function sizeError(codec: string, found: number, expected: number): CodecError {
  return new CodecError({
    codec,
    reason: `holds ${found} bytes where the chunk has ${expected}`,
    hint: "the chunk is damaged, or its metadata describe another shape or dtype",
  });
}

/** What every decoder says of bytes that end too early or make no sense. */
export function damaged(codec: string, reason: string, cause?: unknown): CodecError {
  return new CodecError({
    codec,
    reason,
    hint: "the chunk is damaged: copy or write it again",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** `encode` of a codec that is only read. */
export function readOnly(codec: string): () => never {
  return () => {
    throw new CodecError({ codec, reason: "is read, but not written", hint: "write with zstd instead" });
  };
}
