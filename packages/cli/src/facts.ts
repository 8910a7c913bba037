/**
 * Owns the facts of a stored hierarchy: what `hyperslab info` says, before it is text or JSON. Reads metadata, and asks
 * for the lengths of chunks; never for data.
 */
import { blockTotal, maxBlockShape } from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import { isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import { forEachConcurrent } from "@hyperslab/storage/concurrent";
import { openStore } from "@hyperslab/storage/open-store";
import type {
  ArraySource,
  Attribute,
  Attributes,
  StoredChunks,
  StoredGroup,
} from "@hyperslab/storage/source";
import type { StoreKey } from "@hyperslab/storage/store";

/** One dimension of a group. */
export interface DimensionFacts {
  readonly name: string;
  readonly length: number;
  readonly unlimited: boolean;
}

/** One array as it is stored. */
export interface VariableFacts {
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  /** Of what is read at once: the stored chunks, or blocks of what is stored in one piece. */
  readonly chunks: readonly number[];
  readonly chunkCount: number;
  /** Chunks that are stored; absent where they were not counted. */
  readonly storedChunks?: number;
  /** In the order of encoding. */
  readonly codecs: readonly Readonly<Record<string, Attribute>>[];
  readonly shards?: readonly number[];
  readonly fillValue: Attribute;
  /** In memory. */
  readonly bytes: number;
  /** Where it is stored; absent where that was not counted. */
  readonly storedBytes?: number;
  readonly attributes: Attributes;
}

export interface GroupFacts {
  readonly path: string;
  readonly dimensions: readonly DimensionFacts[];
  readonly variables: readonly VariableFacts[];
  /** Arrays that can't be read, and why. */
  readonly leftOut: Readonly<Record<string, string>>;
  readonly attributes: Attributes;
}

export interface FactsOptions {
  /** Arrays with more chunks than this are not counted, where each chunk has to be asked for. */
  readonly mostChunks: number;
  readonly signal?: AbortSignal;
}

/** Questions for lengths that are under way at once. */
const AT_ONCE = 16;

/** The facts of one group. */
export async function factsOf(path: string, group: StoredGroup, options: FactsOptions): Promise<GroupFacts> {
  const variables: VariableFacts[] = [];
  for (const [name, source] of group.arrays) variables.push(await variableFacts(name, source, options));
  return {
    path,
    dimensions: [...group.dims].map(([name, length]) => ({
      name,
      length,
      unlimited: group.unlimited.has(name),
    })),
    variables,
    leftOut: Object.fromEntries([...(group.skipped ?? [])].map(([name, error]) => [name, error.message])),
    attributes: group.attributes,
  };
}

async function variableFacts(
  name: string,
  source: ArraySource,
  options: FactsOptions,
): Promise<VariableFacts> {
  const { dtype, shape, dims, grid, attributes, encoding, storedBytes } = source.describe();
  const stored = describedChunks(source);
  const counted = stored && (await countStored(source, stored, blockTotal(grid), options));
  const shards = encoding["shards"];
  const total = storedBytes ?? counted?.bytes;
  return {
    name,
    dtype,
    dims,
    shape,
    chunks: maxBlockShape(grid),
    chunkCount: blockTotal(grid),
    ...(counted ? { storedChunks: counted.chunks } : {}),
    codecs: codecsOf(encoding, stored),
    ...(Array.isArray(shards) ? { shards: shards as readonly number[] } : {}),
    fillValue: attributes["_FillValue"] ?? encoding["fill_value"] ?? stored?.fillValue ?? null,
    bytes: sizeOf(shape) * itemSize(dtype),
    ...(total === undefined ? {} : { storedBytes: total }),
    attributes,
  };
}

/** How chunks are stored; null where there are no words for it. */
function describedChunks(source: ArraySource): StoredChunks | null {
  try {
    return source.storedChunks?.() ?? null;
  } catch (error) {
    if (isHyperslabError(error, "FormatError")) return null;
    throw error;
  }
}

/** Codecs as the format itself names them, else in numcodecs' words. */
function codecsOf(encoding: Attributes, stored: StoredChunks | null): Readonly<Record<string, Attribute>>[] {
  const own = encoding["codecs"];
  if (Array.isArray(own))
    return own.map((one) =>
      typeof one === "object" && one !== null && !Array.isArray(one) ? one : { name: one },
    );
  return stored ? [...stored.filters, ...(stored.compressor ? [stored.compressor] : [])] : [];
}

/** What the chunks take where they are stored; null for more than may be asked for. */
async function countStored(
  source: ArraySource,
  stored: StoredChunks,
  chunks: number,
  { mostChunks, signal }: FactsOptions,
): Promise<{ chunks: number; bytes: number } | null> {
  if (chunks > mostChunks) return null;
  const options = signal ? { signal } : {};
  const whole: StoreKey[] = [];
  let count = 0;
  let bytes = 0;
  for await (const { key, range, inline } of stored.locate(options)) {
    count++;
    if (inline) bytes += inline.length;
    else if (range) bytes += range.length;
    else whole.push(key as StoreKey);
  }
  const store = openStore(source.ref.store);
  await forEachConcurrent(whole, AT_ONCE, async (key) => {
    bytes += (await store.sizeOf(key, options)) ?? 0;
  });
  return { chunks: count, bytes };
}
