/** The numcodecs package reads what we write, and we read what it writes. */
import Blosc from "numcodecs/blosc";
import LZ4 from "numcodecs/lz4";
import Zstd from "numcodecs/zstd";
import { describe, expect, it } from "vitest";
import { codecOf } from "@hyperslab/codecs/registry";
import { KINDS, sample } from "./samples.js";

const LENGTHS = [100, 5000, 300_000];

describe.each(KINDS)("numcodecs and %s", (kind) => {
  it.each(LENGTHS)("%d bytes", async (length) => {
    const raw = sample(kind, length);
    for (const cname of ["lz4", "lz4hc", "zlib", "zstd", "blosclz", "snappy"])
      for (const shuffle of [0, 1, 2]) {
        const theirs = Blosc.fromConfig({ id: "blosc", cname, shuffle, clevel: 5 });
        for (const itemSize of [1, 2, 4, 8, 11]) {
          const codec = codecOf(
            { name: "blosc", configuration: { cname, shuffle } },
            { itemSize, littleEndian: true },
          );
          const decoded = await theirs.decode(await codec.encode(raw));
          expect(Buffer.compare(decoded, raw), `${cname} ${shuffle} ${itemSize}`).toBe(0);
        }
        const codec = codecOf({ name: "blosc", configuration: {} });
        expect(Buffer.compare(await codec.decode(await theirs.encode(raw), length), raw)).toBe(0);
      }
    for (const [name, theirs] of [
      ["lz4", LZ4.fromConfig({ id: "lz4" })],
      ["zstd", Zstd.fromConfig({ id: "zstd", level: 5 })],
    ] as const) {
      const codec = codecOf({ name, configuration: {} });
      expect(Buffer.compare(await theirs.decode(await codec.encode(raw)), raw)).toBe(0);
      expect(Buffer.compare(await codec.decode(await theirs.encode(raw), length), raw)).toBe(0);
    }
  });
});
