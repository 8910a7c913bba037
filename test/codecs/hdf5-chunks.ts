/** Chunks that HDF5 and its plugins wrote (fixtures/make-hdf5-chunks.py). */
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import type { Hdf5Filter } from "@hyperslab/codecs/hdf5-filters";

export interface Hdf5Chunk {
  readonly title: string;
  readonly filters: readonly Hdf5Filter[];
  readonly mask: number;
  /** Bytes of an element. */
  readonly size: number;
  readonly stored: Uint8Array;
  readonly raw: Uint8Array;
}

interface Stored extends Omit<Hdf5Chunk, "stored" | "raw"> {
  readonly stored: string;
  readonly raw: string;
}

export function hdf5Chunks(): Hdf5Chunk[] {
  const all = JSON.parse(
    readFileSync(new URL("fixtures/hdf5-chunks.json", import.meta.url), "utf8"),
  ) as Stored[];
  return all.map((chunk) => ({
    ...chunk,
    stored: new Uint8Array(Buffer.from(chunk.stored, "base64")),
    raw: new Uint8Array(inflateSync(Buffer.from(chunk.raw, "base64"))),
  }));
}
