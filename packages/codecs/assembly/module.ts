/** What the module exports. */
import { placeTables } from "./checksum";
import { placeInflate } from "./inflate-tables";
import { placeWorkspace } from "./workspace";
import { placeZstd } from "./zstd-tables";
export { aecDecode } from "./aec";
export { offsetIntegers, scaleFloats, unpackFields } from "./bit-fields";
export { blosclzDecode } from "./blosclz";
export { adler32, crc32, fletcher32 } from "./checksum";
export { copy } from "./copy";
export { lz4Decode, lz4DecodeAfter, lz4Encode } from "./lz4";
export { lz4EncodeThorough } from "./lz4hc";
export { lzfDecode } from "./lzf";
export { shuffle, unshuffle } from "./shuffle";
export { joinBits, splitBits } from "./bitshuffle";
export { snappyDecode } from "./snappy";
export { gzipDecode, zlibDecode } from "./zlib";
export { zstdChecksum, zstdDecode } from "./zstd";
export { zstdEncode, zstdEncodeWork } from "./zstd-encode";

/** Puts the workspace at `base`. @returns its length in bytes */
export function init(base: usize): usize {
  const length = placeWorkspace(base);
  placeZstd();
  placeInflate();
  placeTables();
  return length;
}
