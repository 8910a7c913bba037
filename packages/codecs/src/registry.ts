/**
 * Owns the table of byte codecs: by the ids of Zarr v2 (numcodecs) and the names of v3. Nothing registers
 * itself: what isn't in the table doesn't exist. Codecs that need the chunk's shape are `pipeline.ts`'s.
 */
import { CodecError } from "@hyperslab/core/errors";
import { astypeCodec, packbitsCodec } from "./astype.js";
import { bitshuffleCodec } from "./bitshuffle.js";
import { bloscCodec } from "./blosc.js";
import { adler32Codec, crc32Codec, crc32cCodec, fletcher32Codec } from "./checksum-codec.js";
import { bzip2Codec } from "./bzip2.js";
import type { Codec, CodecInput, CodecSpec } from "./codec.js";
import { gzipCodec, zlibCodec } from "./deflate.js";
import { deltaCodec } from "./delta.js";
import { hdf5Lz4Codec, lzfCodec } from "./hdf5-blocks.js";
import { lz4Codec } from "./lz4.js";
import { nbitCodec } from "./nbit.js";
import { bitroundCodec, fixedScaleOffsetCodec, quantizeCodec } from "./rounding.js";
import { scaleOffsetCodec } from "./scaleoffset.js";
import { shuffleCodec } from "./shuffle.js";
import { szipCodec } from "./szip.js";
import { zstdCodec } from "./zstd.js";

type Constructor = (spec: CodecSpec, input: CodecInput) => Codec;

/**
 * By numcodecs' ids, which v3 spells `numcodecs.<id>`; some have a plain v3 name as well, the same one. What only HDF5
 * has is named so.
 */
const COMPRESSORS: Readonly<Record<string, Constructor>> = {
  blosc: bloscCodec,
  zstd: zstdCodec,
  lz4: lz4Codec,
  gzip: gzipCodec,
  zlib: zlibCodec,
  bz2: bzip2Codec,
  shuffle: shuffleCodec,
  bitshuffle: bitshuffleCodec,
  crc32c: crc32cCodec,
  crc32: crc32Codec,
  adler32: adler32Codec,
  fletcher32: fletcher32Codec,
  "hdf5.lzf": lzfCodec,
  "hdf5.lz4": hdf5Lz4Codec,
  "hdf5.scaleoffset": scaleOffsetCodec,
  "hdf5.nbit": nbitCodec,
  "hdf5.szip": szipCodec,
};

/** Filters over elements: v3 calls them array → array codecs. */
const FILTERS: Readonly<Record<string, Constructor>> = {
  delta: deltaCodec,
  fixedscaleoffset: fixedScaleOffsetCodec,
  quantize: quantizeCodec,
  bitround: bitroundCodec,
  astype: astypeCodec,
  packbits: packbitsCodec,
};

const BYTES: CodecInput = { itemSize: 1, littleEndian: true };

const bareName = (name: string): string => name.replace(/^numcodecs\./, "");

/** Names that {@link codecOf} knows; v3's `numcodecs.` may stand before each. */
export function codecNames(): string[] {
  return [...Object.keys(COMPRESSORS), ...Object.keys(FILTERS)];
}

/** True for a codec that works on elements, before they become bytes: a v3 array → array codec. */
export function isFilter(name: string): boolean {
  return Object.hasOwn(FILTERS, bareName(name));
}

/**
 * The codec that a spec names.
 * @param input what `encode` will be given, and `decode` yields
 * @throws CodecError for a name that isn't known, naming those that are, and for a bad configuration
 */
export function codecOf(spec: CodecSpec, input: CodecInput = BYTES): Codec {
  const name = bareName(spec.name);
  const constructor = Object.hasOwn(COMPRESSORS, name) ? COMPRESSORS[name] : undefined;
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  const found = constructor ?? filter;
  if (found) return found(spec, input);
  throw new CodecError({
    codec: spec.name.slice(0, 200),
    reason: "no such codec here",
    hint: `known are ${codecNames().join(", ")}`,
  });
}
