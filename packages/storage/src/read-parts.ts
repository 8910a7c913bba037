/**
 * Owns reading only those of a chunk's stored bytes that wanted elements are decoded from. Worth it where a request
 * costs next to nothing: on a disk of this machine. Knows no codec: the pipeline tells where the parts lie.
 */
import type { ChunkPipeline } from "@hyperslab/codecs/chunk-pipeline";
import type { StoredParts } from "@hyperslab/codecs/codec";
import type { Spans } from "@hyperslab/codecs/spans";
import { itemSize } from "@hyperslab/core/dtype";
import { isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { GetOptions, StoreKey } from "./store.js";
import type { ReadContext, StoredBytes } from "./zarr/zarr-chunk.js";

/** Chunks with fewer decoded bytes are read whole. */
const SMALLEST = 2 ** 20;

/** Parts that make up more than this of the chunk are not worth several requests. */
const MOST = 0.6;

/**
 * Reads the parts of a chunk that `wanted` elements need.
 * @returns null where the chunk is better read whole; its bytes are absent where the chunk is
 */
export async function fetchParts(
  context: ReadContext,
  key: StoreKey,
  pipeline: ChunkPipeline,
  wanted: Spans | undefined,
): Promise<StoredBytes | null> {
  const { store, memory, signal } = context;
  const { parts, dtype, shape } = pipeline;
  if (!wanted || !parts || !memory || !store.prompt || sizeOf(shape) * itemSize(dtype) < SMALLEST)
    return null;
  const options: GetOptions = signal ? { signal } : {};
  let head: Uint8Array | undefined;
  let found: StoredParts | null;
  try {
    head = await store.getRange(key, { offset: 0, length: parts.headBytes }, options);
    found = head ? parts.find(head, wanted) : null;
  } catch (error) {
    // shorter than a head, or damaged: reading it whole tells
    if (isHyperslabError(error, "StorageError", "CodecError")) return null;
    throw error;
  }
  if (!head || !found || covered(found.spans) > MOST * found.total) return null;
  const { total, spans } = found;
  // all of the chunk's length, as the decoder expects; what stands between the parts is left over from before
  const bytes = memory.take(total, pipeline.bestIn === "attached");
  const release = (): void => memory.give(bytes);
  try {
    bytes.set(head.subarray(0, Math.min(head.length, total)));
    for (let i = 0; i < spans.length; i += 2) {
      const place = bytes.subarray(spans[i], spans[i + 1]);
      const range = { offset: spans[i], length: place.length };
      const part = await store.getRange(key, range, { ...options, memory: () => place });
      if (part && part !== place) place.set(part);
    }
    return { bytes, release };
  } catch (error) {
    release();
    throw error;
  }
}

function covered(spans: Spans): number {
  let sum = 0;
  for (let i = 0; i < spans.length; i += 2) sum += spans[i + 1] - spans[i];
  return sum;
}
