/** What the module exports. */
import { placeWorkspace } from "./workspace";
import { placeZstd } from "./zstd-tables";
export { blosclzDecode } from "./blosclz";
export { lz4Decode, lz4DecodeAfter, lz4Encode } from "./lz4";
export { shuffle, unshuffle } from "./shuffle";
export { joinBits, splitBits } from "./bitshuffle";
export { snappyDecode } from "./snappy";
export { zstdDecode } from "./zstd";

/** Puts the workspace at `base`. @returns its length in bytes */
export function init(base: usize): usize {
  const length = placeWorkspace(base);
  placeZstd();
  return length;
}
