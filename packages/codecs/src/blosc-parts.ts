/**
 * Owns the question where the blocks of a Blosc chunk lie that hold wanted bytes: so that a store is asked for those
 * alone. Reads the header and the table of starts behind it; knows no streams.
 */
import { HEADER_BYTES, readHeader } from "./blosc-header.js";
import type { StoredParts } from "./codec.js";
import { type Spans, spanCursor } from "./spans.js";

/** Room for the starts of about a thousand blocks. */
export const BLOSC_HEAD_BYTES = 4096;

/**
 * @param head the first bytes of the chunk
 * @param wanted bytes of the decoded chunk
 * @returns null where the head doesn't tell: the chunk is stored uncompressed, or has too many blocks
 * @throws CodecError for a header that can't be
 */
export function bloscParts(codec: string, head: Uint8Array, wanted: Spans): StoredParts | null {
  if (head.length < HEADER_BYTES) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const total = view.getUint32(12, true);
  // the header's checks want to see as many bytes as it promises
  const { copied, decodedBytes, blockBytes } = readHeader(codec, head, total);
  const blocks = decodedBytes === 0 ? 0 : Math.ceil(decodedBytes / blockBytes);
  if (copied || blocks === 0 || HEADER_BYTES + 4 * blocks > head.length) return null;
  const starts = Array.from({ length: blocks }, (_, i) => view.getUint32(HEADER_BYTES + 4 * i, true));
  // blocks stand in the order in which threads have finished them
  const sorted = Float64Array.from([...starts, total]).sort();
  const after = new Map<number, number>();
  for (let i = 0; i + 1 < sorted.length; i++) after.set(sorted[i], sorted[i + 1]);
  const isWanted = spanCursor(wanted);
  const parts: [number, number][] = [];
  starts.forEach((start, i) => {
    const from = i * blockBytes;
    if (!isWanted(from, Math.min(decodedBytes, from + blockBytes))) return;
    const stop = Math.min(total, after.get(start) ?? start);
    if (stop > start) parts.push([start, stop]);
  });
  parts.sort(([a], [b]) => a - b);
  const spans: number[] = [];
  for (const [start, stop] of parts)
    if (spans.at(-1) === start) spans[spans.length - 1] = stop;
    else spans.push(start, stop);
  return { total, spans };
}
