/**
 * Owns blocks on their way: heads that stand in a message, and parts that follow it. Numbers
 * travel as they lie in memory (little-endian, C order); strings as a msgpack list of their own.
 */
import { type Block, blockBytes, fromParts, toParts } from "@hyperslab/core/block";
import { type Dtype, itemSize, viewOf } from "@hyperslab/core/dtype";
import { ProtocolError } from "@hyperslab/core/errors";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import { MAX_FRAME, pack, unpack } from "./frames.js";

/** What a message says of one field of a block; its bytes are the part of the same number. */
export interface FieldHead {
  readonly dtype: Dtype;
  readonly shape: Shape;
}

/** Bytes that the fields of a block occupy in memory. */
export function fieldBytes(fields: readonly Block[]): number {
  let bytes = 0;
  for (const field of fields) bytes += blockBytes(field);
  return bytes;
}

/** A block that is larger can't be sent in one frame. */
export const MAX_BLOCK: number = MAX_FRAME - 2 ** 20;

/** Heads and parts of a block, one of each for every field. Parts of numbers are views, not copies. */
export function blockToParts(fields: readonly Block[]): { heads: FieldHead[]; parts: Uint8Array[] } {
  const heads = fields.map(({ dtype, shape }) => ({ dtype, shape }));
  const parts = fields.map((field) => (Array.isArray(field.data) ? pack(field.data) : toParts(field).bytes));
  return { heads, parts };
}

/**
 * The block that {@link blockToParts} took apart.
 * @param shared copies numbers into SharedArrayBuffers, which all threads read; otherwise they are
 *   views of the parts, where these lie well
 * @throws ProtocolError where sizes are not those of the shapes
 */
export function blockFromParts(
  heads: readonly FieldHead[],
  parts: readonly Uint8Array[],
  shared = false,
): Block[] {
  if (heads.length !== parts.length)
    throw new ProtocolError({
      asked: "read a block",
      found: `${parts.length} parts for ${heads.length} fields`,
    });
  return heads.map(({ dtype, shape }, i): Block => {
    const block =
      dtype === "string" ? stringsFrom(shape, parts[i]) : numbersFrom(dtype, shape, parts[i], shared);
    if (block.data.length !== sizeOf(shape))
      throw new ProtocolError({
        asked: `read a block of ${dtype} (${shape.join(", ")})`,
        found: `${parts[i].length} bytes`,
      });
    return block;
  });
}

function stringsFrom(shape: Shape, part: Uint8Array): Block {
  const data = unpack(part);
  if (!Array.isArray(data) || !data.every((text) => typeof text === "string"))
    throw new ProtocolError({ asked: "read a block of strings", found: "something else" });
  return { dtype: "string", shape, data };
}

function numbersFrom(
  dtype: Exclude<Dtype, "string">,
  shape: Shape,
  part: Uint8Array,
  shared: boolean,
): Block {
  const size = itemSize(dtype);
  if (part.length !== sizeOf(shape) * size)
    throw new ProtocolError({
      asked: `read a block of ${dtype} (${shape.join(", ")})`,
      found: `${part.length} bytes`,
    });
  if (!shared) return fromParts({ dtype, shape: [...shape] }, part);
  const buffer = new SharedArrayBuffer(part.length);
  new Uint8Array(buffer).set(part);
  return { dtype, shape, data: viewOf(dtype, buffer) };
}
