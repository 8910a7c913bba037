/**
 * Owns blocks on their way: from a task's output to the parts of a message, and from parts back to
 * blocks in SharedArrayBuffers, where every compute thread reads them without a copy.
 */
import { type Block, type BlockHead, blockBytes, toParts } from "@hyperslab/core/block";
import { viewOf } from "@hyperslab/core/dtype";
import { ProtocolError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { Payload } from "./events.js";

/** Bytes that the fields of an output occupy. */
export function payloadBytes(payload: Payload): number {
  let bytes = 0;
  for (const field of payload) bytes += blockBytes(field);
  return bytes;
}

/** Heads and bytes of an output, one of each for every field. The bytes are views, not copies. */
export function payloadParts(payload: Payload): { heads: BlockHead[]; parts: Uint8Array[] } {
  const both = payload.map(toParts);
  return { heads: both.map(({ head }) => head), parts: both.map(({ bytes }) => bytes) };
}

/** The output that {@link payloadParts} took apart, in shared memory. @throws ProtocolError where sizes differ */
export function payloadFrom(heads: readonly BlockHead[], parts: readonly Uint8Array[]): Payload {
  if (heads.length !== parts.length)
    throw new ProtocolError({
      asked: "read a block",
      found: `${parts.length} parts for ${heads.length} fields`,
    });
  return heads.map((head, i): Block => {
    const { dtype, shape } = head;
    if (dtype === "string") return { dtype, shape, data: head.strings ?? [] };
    const shared = new SharedArrayBuffer(parts[i].length);
    new Uint8Array(shared).set(parts[i]);
    const data = viewOf(dtype, shared);
    if (data.length !== sizeOf(shape))
      throw new ProtocolError({
        asked: `read a block of ${dtype} (${shape.join(", ")})`,
        found: `${parts[i].length} bytes`,
      });
    return { dtype, shape, data };
  });
}
