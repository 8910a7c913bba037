/**
 * Owns the places of a Zarr array's chunks, and their description in the words of Zarr v2, whichever version and
 * whether or not shards hold them. Decodes no chunk.
 */
import type { ShardLayout } from "@hyperslab/codecs/chunk-pipeline";
import { type CodecSpec } from "@hyperslab/codecs/codec";
import { codecsOf, fromV3 } from "@hyperslab/codecs/configuration";
import { blockCoords, blockCounts, blockTotal } from "@hyperslab/core/chunk-grid";
import { asDtype } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import type { Shape } from "@hyperslab/core/shape";
import { type Json, isJsonObject } from "../exact-json.js";
import type { Attribute, ChunkLocation, StoredChunks } from "../source.js";
import { type ReadableStore, type StoreKey, checkCancelled } from "../store.js";
import { fillAttribute, writeFillValue } from "./zarr-fill-value.js";
import { type ZarrArray, chunkKey, describeZarr, storedChunkShape, storedGrid } from "./zarr-metadata.js";
import { pipelineOf } from "./zarr-pipeline.js";

type Configuration = Readonly<Record<string, Attribute>>;

/** How chunks become elements, in numcodecs' words. */
interface Coding {
  readonly dtype: string;
  readonly order: "C" | "F";
  readonly filters: readonly Configuration[];
  readonly compressor: Configuration | null;
}

/**
 * The chunks of a Zarr array; of shards, the chunks within them.
 * @param path of the array in the store
 * @throws FormatError for what v2 has no words for: irregular grids, records, codecs around shards
 */
export function zarrStoredChunks(array: ZarrArray, path: string, store: ReadableStore): StoredChunks {
  const place = `${store.label}${path}`;
  const refuse = (reason: string): never => {
    throw new FormatError({
      path: place,
      format: "a manifest",
      reason,
      hint: "convert the store, or leave the array out",
    });
  };
  const { encoding, innerRank = 0 } = array;
  const rank = array.shape.length - innerRank;
  if (array.field !== undefined) refuse("its elements are records, and it is one field of them");
  const chunks = (array.innerChunks ?? array.chunks).slice(0, rank);
  const lengths = chunks.map((chunk) =>
    typeof chunk === "number" ? chunk : refuse("its chunks are of irregular lengths"),
  );
  const coding = encoding.version === 2 ? codingOfV2(encoding, refuse) : codingOfV3(encoding, rank, refuse);
  return {
    shape: array.shape.slice(0, rank),
    dims: array.dims.slice(0, rank),
    chunks: lengths,
    ...coding,
    fillValue: fillValueOf(array),
    locate: (options) => locate(array, path as StoreKey, rank, store, options?.signal),
  };
}

/** What v2 readers mask is what v3 readers find among the attributes; a fill value of 0 they have anyway. */
function fillValueOf(array: ZarrArray): Attribute {
  const dtype = asDtype(array.dtype);
  const kind = dtype === "string" ? "object" : "plain";
  if (array.encoding.version === 2) return writeFillValue(array.fill, dtype, kind, 2);
  const { _FillValue: said } = describeZarr(array).attributes;
  if (said !== undefined) return typeof said === "number" && !Number.isFinite(said) ? String(said) : said;
  const plain = fillAttribute(array.fill, dtype);
  const isZero = plain === 0 || plain === 0n || plain === false || plain === "";
  return isZero ? null : writeFillValue(array.fill, dtype, kind, 2);
}

function codingOfV2(
  { dtype, order, filters, compressor }: Extract<ZarrArray["encoding"], { version: 2 }>,
  refuse: (reason: string) => never,
): Coding {
  if (typeof dtype !== "string") return refuse("its elements are records");
  return {
    dtype,
    order,
    filters: filters as readonly Configuration[],
    compressor: compressor as Configuration | null,
  };
}

function codingOfV3(
  { dataType, codecs }: Extract<ZarrArray["encoding"], { version: 3 }>,
  rank: number,
  refuse: (reason: string) => never,
): Coding {
  let specs = codecs.map(fromV3);
  const shard = specs.find(({ name }) => name === "sharding_indexed");
  if (shard) {
    if (specs.length > 1) return refuse("there are codecs around its shards");
    specs = codecsOf(shard, "codecs");
    if (specs.some(({ name }) => name === "sharding_indexed")) return refuse("its shards hold shards");
  }
  let order: "C" | "F" = "C";
  let littleEndian = true;
  const filters: Configuration[] = [];
  for (const spec of specs) {
    if (spec.name === "transpose") order = orderOf(spec, rank, filters.length > 0, refuse);
    else if (spec.name === "bytes" || spec.name === "endian")
      littleEndian = spec.configuration["endian"] !== "big";
    else filters.push(configurationOf(spec));
  }
  const last = filters.at(-1);
  const compressor = last && COMPRESSORS.has(String(last["id"])) ? last : null;
  return {
    dtype: numpyName(dataType, littleEndian, refuse),
    order,
    filters: compressor ? filters.slice(0, -1) : filters,
    compressor,
  };
}

/** What v2 has a place of its own for, at the end. */
const COMPRESSORS = new Set(["blosc", "zstd", "lz4", "gzip", "zlib", "bz2", "lzma"]);

function orderOf(
  { configuration }: CodecSpec,
  rank: number,
  late: boolean,
  refuse: (reason: string) => never,
): "C" | "F" {
  const { order } = configuration;
  if (!late && order === "C") return "C";
  const axes = Array.isArray(order) ? (order as readonly unknown[]) : [];
  const isReversed = order === "F" || axes.every((axis, i) => axis === rank - 1 - i);
  return isReversed && !late ? "F" : refuse("its axes are in an order that is neither C nor F");
}

/** A codec of v3 as numcodecs configures it. */
function configurationOf({ name, configuration }: CodecSpec): Configuration {
  const id = name.replace(/^numcodecs\./, "");
  const own = configuration as Configuration;
  if (id === "blosc") {
    const { typesize: _typesize, shuffle, ...rest } = own;
    const number =
      typeof shuffle === "string" ? ["noshuffle", "shuffle", "bitshuffle"].indexOf(shuffle) : shuffle;
    return { id, ...rest, ...(number === undefined ? {} : { shuffle: number }) };
  }
  return id === "crc32c" ? { id, location: "end", ...own } : { id, ...own };
}

const SIZES: Readonly<Record<string, string>> = {
  bool: "b1",
  int8: "i1",
  int16: "i2",
  int32: "i4",
  int64: "i8",
  uint8: "u1",
  uint16: "u2",
  uint32: "u4",
  uint64: "u8",
  float16: "f2",
  float32: "f4",
  float64: "f8",
  complex64: "c8",
  complex128: "c16",
};

/** NumPy's word for a data type of v3. */
function numpyName(dataType: Json, littleEndian: boolean, refuse: (reason: string) => never): string {
  const order = littleEndian ? "<" : ">";
  const name = isJsonObject(dataType) ? String(dataType["name"]) : String(dataType);
  const given = isJsonObject(dataType) ? dataType["configuration"] : undefined;
  const configuration = isJsonObject(given) ? given : {};
  const bytes = Number(configuration["length_bytes"]);
  const plain = Object.hasOwn(SIZES, name) ? SIZES[name] : undefined;
  if (plain) return `${plain.endsWith("1") ? "|" : order}${plain}`;
  const time = /^numpy\.(date|time)/.exec(name);
  if (time) {
    const factor = Number(configuration["scale_factor"] ?? 1);
    const unit = `${factor === 1 ? "" : factor}${String(configuration["unit"] ?? "generic")}`;
    return `${order}${time[1] === "date" ? "M8" : "m8"}${unit === "generic" ? "" : `[${unit}]`}`;
  }
  switch (name) {
    case "string":
    case "variable_length_utf8":
      return "|O";
    case "fixed_length_utf32":
      return `${order}U${bytes / 4}`;
    case "null_terminated_bytes":
      return `|S${bytes}`;
    case "raw_bytes":
      return `|V${bytes}`;
    default:
      return /^r\d+$/.test(name) ? `|V${Number(name.slice(1)) / 8}` : refuse(`v2 has no dtype for ${name}`);
  }
}

/** All chunks that are there, one by one: where the store can list, without asking for each. */
async function* locate(
  array: ZarrArray,
  path: StoreKey,
  rank: number,
  store: ReadableStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<ChunkLocation, void, undefined> {
  const grid = storedGrid(array);
  const counts = blockCounts(grid);
  const total = array.shape.includes(0) ? 0 : blockTotal(grid);
  const options = signal ? { signal } : {};
  const isThere = presence(store, signal);
  const shardOf = (shape: Shape): ShardLayout | null => pipelineOf(array, shape).shard;
  const shard = array.innerChunks
    ? shardOf(
        storedChunkShape(
          array,
          counts.map(() => 0),
        ),
      )
    : null;
  for (let number = 0; number < total; number++) {
    checkCancelled(signal, `locating the chunks of ${store.label}${path}`);
    const coords = blockCoords(counts, number);
    const key = chunkKey(array, path, coords);
    if (!(await isThere(key))) continue;
    if (!shard) {
      yield { coords: coords.slice(0, rank), key, range: null, filterMask: 0 };
      continue;
    }
    const range =
      shard.indexLocation === "end"
        ? { suffixLength: shard.indexBytes }
        : { offset: 0, length: shard.indexBytes };
    const bytes = await store.getRange(key, range, options);
    const index = bytes && (await shard.decodeIndex(bytes, key));
    for (let inner = 0; index && inner < shard.total; inner++) {
      const found = index.range(inner);
      const within = blockCoords(shard.counts, inner);
      const at = coords.map((coord, axis) => coord * shard.counts[axis] + within[axis]);
      const outside = at.some((coord, axis) => coord * shard.inner.shape[axis] >= array.shape[axis]);
      if (found && !outside) yield { coords: at.slice(0, rank), key, range: found, filterMask: 0 };
    }
  }
}

/** Whether there is a value under a key; a folder is listed once, where that can be done. */
function presence(
  store: ReadableStore,
  signal: AbortSignal | undefined,
): (key: StoreKey) => Promise<boolean> {
  const options = signal ? { signal } : {};
  const listed = new Map<string, Promise<ReadonlySet<string>>>();
  return async (key) => {
    if (!store.list) return (await store.sizeOf(key, options)) !== undefined;
    const end = key.lastIndexOf("/");
    const folder = key.slice(0, end) || "/";
    let names = listed.get(folder);
    if (!names) {
      names = store
        .list(folder as StoreKey, options)
        .then((entries) => new Set(entries.filter(({ kind }) => kind === "value").map(({ name }) => name)));
      listed.set(folder, names);
    }
    return (await names).has(key.slice(end + 1));
  };
}
