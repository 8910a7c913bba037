/**
 * Owns the reading of TIFF files as directories of tags, and the decompression of their tiles: the one file that knows
 * the package `geotiff`. What the tags mean is others' affair, and so are predictors and byte order.
 */
import { isMainThread } from "node:worker_threads";
import { codecOf } from "@hyperslab/codecs/registry";
import { CodecError, FormatError, StorageError, isHyperslabError } from "@hyperslab/core/errors";
import type * as Package from "geotiff";
import type { GeoTIFF, ImageFileDirectory } from "geotiff";
import type { GetOptions, ReadableStore, StoreKey } from "../store.js";
import { withCoalescing } from "../stores/coalesce.js";
import { formatError } from "./geotiff-error.js";
import { countDirectories } from "./tiff-chain.js";
import { checkJpeg, decodeLzw, decodePackBits } from "./tiff-codecs.js";

/** Tags are read in blocks of so many bytes; those of one file are close together. */
const BLOCK = 16 * 1024;
/** Blocks that are kept. */
const MOST_BLOCKS = 64;
/** Arrays of tile offsets up to this length are read whole. */
const MOST_OFFSETS = 2 ** 16;
/** Compressions that our own codecs undo. */
const OWN: Readonly<Record<number, string>> = { 8: "zlib", 32946: "zlib", 50000: "zstd" };
/** Those that only TIFF has. */
const TIFFS: Readonly<Record<number, (bytes: Uint8Array, size: number) => Uint8Array>> = {
  5: decodeLzw,
  32773: decodePackBits,
};
/** Those that the package undoes; of its LZW, damaged data never end. */
const THEIRS: Readonly<Record<number, string>> = { 7: "JPEG", 34887: "LERC" };
const JPEG = 7;
const NAMES: Readonly<Record<number, string>> = {
  5: "LZW",
  32773: "PackBits",
  2: "CCITT RLE",
  3: "CCITT fax 3",
  4: "CCITT fax 4",
  6: "old JPEG",
  34712: "JPEG 2000",
  34925: "LZMA",
  50001: "WebP",
  50002: "JPEG XL",
};

/** A number, a text, or a list of numbers: what a tag holds. */
export type TagValue = string | number | bigint | ArrayLike<number | bigint> | undefined;

/** One image of a file. */
export interface Directory {
  /** Its number in the file. */
  readonly index: number;
  tag(name: string): Promise<TagValue>;
  /** The GeoKeys by their names. */
  geoKeys(): Readonly<Record<string, unknown>>;
}

/** A TIFF file that is open. */
export class GeotiffFile {
  readonly path: string;
  readonly key: StoreKey;
  readonly bytes: number;
  readonly littleEndian: boolean;
  readonly #count: number;
  readonly #tiff: GeoTIFF;
  readonly #store: ReadableStore;
  readonly #places: Map<string, Promise<ArrayLike<number | bigint>>> = new Map();
  readonly #decoders: Map<number, Promise<(bytes: ArrayBuffer) => Promise<ArrayBufferLike>>> = new Map();

  private constructor(store: ReadableStore, key: StoreKey, bytes: number, count: number, tiff: GeoTIFF) {
    this.#count = count;
    this.#store = withCoalescing(store);
    this.key = key;
    this.path = `${store.label}${key}`;
    this.bytes = bytes;
    this.#tiff = tiff;
    this.littleEndian = tiff.littleEndian;
  }

  /** @throws StorageError, FormatError */
  static async open(store: ReadableStore, key: StoreKey, options?: GetOptions): Promise<GeotiffFile> {
    const path = `${store.label}${key}`;
    const size = await store.sizeOf(key, options);
    if (size === undefined)
      throw new StorageError({ path, reason: "no such file, or its size is not known" });
    const source = blocksOf(store, key, size);
    const count = await countDirectories(path, size, async (offset, length) => {
      const [bytes] = await source.fetch([{ offset, length }]);
      return bytes;
    });
    return asFormatError(path, async () => {
      // only who opens such a file pays for the package
      const { GeoTIFF: Tiff } = await loadPackage();
      type Source = Parameters<typeof Tiff.fromSource>[0];
      return new GeotiffFile(store, key, size, count, await Tiff.fromSource(source as Source));
    });
  }

  /** All images. @throws FormatError */
  async directories(): Promise<Directory[]> {
    return Promise.all(Array.from({ length: this.#count }, (_, index) => this.directory(index)));
  }

  /** @throws FormatError */
  async directory(index: number): Promise<Directory> {
    const ifd = await this.#ifd(index);
    return {
      index,
      tag: (name) => asFormatError(this.path, () => ifd.loadValue(name as never) as Promise<TagValue>),
      geoKeys: () => {
        try {
          return (ifd.parseGeoKeyDirectory() ?? {}) as Readonly<Record<string, unknown>>;
        } catch (cause) {
          throw formatError(this.path, cause instanceof Error ? cause.message : String(cause), cause);
        }
      },
    };
  }

  /**
   * The stored bytes of a tile or strip; undefined for one that was never written.
   * @throws FormatError for a place outside of the file, StorageError
   */
  async stored(
    directory: number,
    isTiled: boolean,
    tile: number,
    options?: GetOptions,
  ): Promise<Uint8Array | undefined> {
    const kind = isTiled ? "Tile" : "Strip";
    const [offset, length] = await Promise.all([
      this.#place(directory, `${kind}Offsets`, tile),
      this.#place(directory, `${kind}ByteCounts`, tile),
    ]);
    if (length === 0 || offset === 0) return undefined;
    if (!Number.isSafeInteger(offset + length) || offset < 8 || offset + length > this.bytes)
      throw new FormatError({
        path: this.path,
        format: "TIFF",
        offset,
        reason: `tile ${tile} has ${length} bytes, but the file ends at byte ${this.bytes}: it is cut off, or damaged`,
      });
    const bytes = await this.#store.getRange(this.key, { offset, length }, options);
    if (bytes) return bytes;
    throw new StorageError({
      path: this.path,
      reason: "the file has gone since it was opened",
      offset,
      length,
    });
  }

  /**
   * The bytes of a tile, decompressed; `size` of them, in the file's byte order, predictors not undone.
   * @throws CodecError
   */
  async decompressed(
    directory: number,
    compression: number,
    bytes: Uint8Array,
    size: number,
    tile: number,
  ): Promise<Uint8Array> {
    if (compression === 1) return bytes;
    const chunk = `${this.key}[${directory}][${tile}]`;
    const name = OWN[compression] ?? THEIRS[compression] ?? NAMES[compression] ?? String(compression);
    try {
      if (compression in TIFFS) return TIFFS[compression](bytes, size);
      if (compression in OWN) {
        // the last strip may be stored in full, and may be cut
        const codec = codecOf({ name: OWN[compression], configuration: {} });
        return await codec.decode(bytes, null);
      }
      if (compression === JPEG) checkJpeg(bytes, size);
      const decode = await this.#decoder(directory, compression);
      const decoded = new Uint8Array(await decode(bytes.slice().buffer));
      if (decoded.length > 4 * size + 65536) throw new Error(`${decoded.length} bytes where it has ${size}`);
      return decoded;
    } catch (cause) {
      const reason = isHyperslabError(cause, "CodecError")
        ? cause.fields.reason
        : cause instanceof Error
          ? cause.message
          : String(cause);
      throw new CodecError({ codec: name, chunk, reason, hint: "the tile is damaged", cause });
    }
  }

  #ifd(index: number): Promise<ImageFileDirectory> {
    return asFormatError(this.path, () => this.#tiff.requestIFD(index));
  }

  /** One number of a list that may be long. */
  async #place(directory: number, tag: string, index: number): Promise<number> {
    const ifd = await this.#ifd(directory);
    return asFormatError(this.path, async () => {
      const name = `${directory} ${tag}`;
      let all = this.#places.get(name);
      const deferred = ifd.deferredArrays.get(tag);
      if (!all && deferred && deferred.length > MOST_OFFSETS)
        return Number(await ifd.loadValueIndexed(tag, index));
      if (!all) {
        all = Promise.resolve(ifd.loadValue(tag as never) as Promise<TagValue>).then(listOf);
        this.#places.set(name, all);
      }
      const value = (await all)[index];
      if (value === undefined) throw new Error(`${tag} has no entry ${index}`);
      return Number(value);
    });
  }

  #decoder(
    directory: number,
    compression: number,
  ): Promise<(bytes: ArrayBuffer) => Promise<ArrayBufferLike>> {
    let decoder = this.#decoders.get(directory);
    if (!decoder) {
      decoder = this.#newDecoder(directory, compression);
      this.#decoders.set(directory, decoder);
    }
    return decoder;
  }

  async #newDecoder(
    directory: number,
    compression: number,
  ): Promise<(bytes: ArrayBuffer) => Promise<ArrayBufferLike>> {
    const { getDecoder } = await loadPackage();
    const ifd = await this.#ifd(directory);
    const load = (tag: string): Promise<unknown> => Promise.resolve(ifd.loadValue(tag as never));
    const decoder = await getDecoder(compression, {
      tileWidth: Number((await load("TileWidth")) ?? (await load("ImageWidth"))),
      tileHeight: Number(
        (await load("TileLength")) ?? (await load("RowsPerStrip")) ?? (await load("ImageLength")),
      ),
      planarConfiguration: Number((await load("PlanarConfiguration")) ?? 1),
      bitsPerSample: ((await load("BitsPerSample")) ?? 1) as number,
      // undone here, where the byte order is known
      predictor: 1,
      JPEGTables: await load("JPEGTables"),
      LercParameters: await load("LercParameters"),
    } as Parameters<typeof getDecoder>[1]);
    return (bytes) => decoder.decode(bytes);
  }
}

let loaded: Promise<typeof Package> | undefined;

/**
 * The package, loaded when the first TIFF file is opened. It loads one that fails on threads which it didn't start,
 * unless there seems to be a `Worker` as in browsers; neither is ever used here.
 */
function loadPackage(): Promise<typeof Package> {
  if (isMainThread || "Worker" in globalThis) return import("geotiff");
  if (!loaded) {
    Object.defineProperty(globalThis, "Worker", { configurable: true, value: class {} });
    loaded = import("geotiff").finally(() => Reflect.deleteProperty(globalThis, "Worker"));
  }
  return loaded;
}

/** True for a compression that can be undone here. @throws CodecError, which names it, for others */
export function checkCompression(compression: number, path: string): void {
  if (compression === 1 || compression in OWN || compression in TIFFS || compression in THEIRS) return;
  throw new CodecError({
    codec: NAMES[compression] ?? `TIFF compression ${compression}`,
    reason: `can't be read (${path})`,
    hint: "rewrite the file with deflate, LZW or zstd (gdal_translate -co COMPRESS=DEFLATE)",
  });
}

/** A tag's numbers, also where it has just one. */
export function listOf(value: TagValue): ArrayLike<number | bigint> {
  if (value === undefined || typeof value === "string") return [];
  return typeof value === "object" ? value : [value];
}

/** What the package throws has no path and no class. */
async function asFormatError<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (isHyperslabError(cause)) throw cause;
    throw formatError(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

interface Slice {
  readonly offset: number;
  readonly length: number;
}

/** What the package takes for a source. */
interface Blocks {
  fetch(slices: readonly Slice[]): Promise<ArrayBuffer[]>;
  fetchSlice(slice: Slice): Promise<Slice & { readonly data: ArrayBuffer }>;
  readonly fileSize: number;
  close(): Promise<void>;
}

/** The file as the package reads it: whole blocks, which are remembered; past the end there is nothing. */
function blocksOf(store: ReadableStore, key: StoreKey, size: number): Blocks {
  const blocks = new Map<number, Promise<Uint8Array>>();
  const block = (index: number): Promise<Uint8Array> => {
    let found = blocks.get(index);
    if (!found) {
      const offset = index * BLOCK;
      found = store.getRange(key, { offset, length: Math.min(BLOCK, size - offset) }).then((bytes) => {
        if (bytes) return bytes;
        throw new StorageError({ path: `${store.label}${key}`, reason: "no such file" });
      });
      found.catch(() => blocks.delete(index));
      blocks.set(index, found);
      for (const oldest of blocks.keys()) {
        if (blocks.size <= MOST_BLOCKS) break;
        blocks.delete(oldest);
      }
    }
    return found;
  };
  const fetchSlice = async (offset: number, length: number): Promise<ArrayBuffer> => {
    const stop = Math.min(size, offset + length);
    if (!(offset >= 0 && stop > offset)) throw new Error(`byte ${offset} is outside of the file's ${size}`);
    const out = new Uint8Array(stop - offset);
    for (let index = Math.floor(offset / BLOCK); index * BLOCK < stop; index++) {
      const bytes = await block(index);
      const from = Math.max(0, offset - index * BLOCK);
      const part = bytes.subarray(from, stop - index * BLOCK);
      out.set(part, index * BLOCK + from - offset);
    }
    return out.buffer;
  };
  return {
    fetch: (slices: readonly Slice[]) =>
      Promise.all(slices.map(({ offset, length }) => fetchSlice(offset, length))),
    fetchSlice: async (slice: Slice) => ({ ...slice, data: await fetchSlice(slice.offset, slice.length) }),
    fileSize: size,
    close: () => Promise.resolve(),
  };
}
