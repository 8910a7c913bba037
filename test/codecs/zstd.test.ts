/** Our own encoder of zstd at all its levels, and Node's where the running one has it (or a stand-in has). */
import { describe, expect, it } from "vitest";
import { zstdCompressor, zstdEncodesThere } from "@hyperslab/codecs/zstd-encode";
import { zstdDecode } from "@hyperslab/codecs/zstd";
import { KINDS, randomOf, sample } from "./samples.js";

const OLD_NODE = { constants: {} };
const LEVELS = [-7, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/** Around the borders of blocks, of the forms of heads, and of the settings for short and long inputs. */
const LENGTHS = [
  0, 1, 2, 7, 8, 31, 63, 64, 255, 256, 1023, 1024, 4096, 65_791, 65_792, 131_071, 131_072, 131_073, 262_145,
  400_000,
];

/** Values whose bytes stand in planes: long runs beside noise. */
function planes(length: number): Uint8Array {
  const bytes = sample("smooth", length, 5);
  const out = new Uint8Array(length);
  const count = length >> 2;
  for (let i = 0; i < count; i++) for (let k = 0; k < 4; k++) out[k * count + i] = bytes[4 * i + k];
  return out;
}

describe("our zstd encoder", () => {
  it.each(LEVELS)("level %i: what it writes decodes", (level) => {
    const compress = zstdCompressor(level, level % 2 === 0, OLD_NODE);
    for (const length of LENGTHS)
      for (const raw of [...KINDS.map((kind) => sample(kind, length, level + 20)), planes(length)]) {
        const frame = compress(raw) as Uint8Array;
        expect(frame.length).toBeLessThanOrEqual(length + 22 + (length >> 14));
        expect(Buffer.compare(zstdDecode("zstd", frame, length), raw), `${length}`).toBe(0);
        expect(Buffer.compare(zstdDecode("zstd", frame, null), raw), `${length}`).toBe(0);
      }
  });

  it("random mixtures of repeats, runs and noise decode", () => {
    const random = randomOf(17);
    for (let run = 0; run < 400; run++) {
      const raw = new Uint8Array(random() % 40_000);
      for (let at = 0; at < raw.length;) {
        const length = 1 + (random() % (1 << (random() % 11)));
        const from = random() % (at + 1);
        const distance = 1 + (random() % 20);
        for (let i = 0; i < length && at < raw.length; i++, at++)
          switch (length % 4) {
            case 0:
              raw[at] = random();
              break;
            case 1:
              raw[at] = raw[from + i];
              break;
            case 2:
              raw[at] = at >= distance ? raw[at - distance] : 7;
              break;
            case 3:
              raw[at] = random() & random() & 15;
          }
      }
      const level = LEVELS[random() % LEVELS.length];
      const frame = zstdCompressor(level, false, OLD_NODE)(raw) as Uint8Array;
      expect(Buffer.compare(zstdDecode("zstd", frame, raw.length), raw), `run ${run}, level ${level}`).toBe(
        0,
      );
    }
  });

  it("gets shorter with the level, and stays within what the format promises", () => {
    const raw = sample("smooth", 600_000);
    const lengths = [1, 3, 5, 9].map(
      (level) => (zstdCompressor(level, false, OLD_NODE)(raw) as Uint8Array).length,
    );
    expect(lengths[0]).toBeLessThan(raw.length / 2);
    for (let i = 1; i < lengths.length; i++) expect(lengths[i]).toBeLessThanOrEqual(lengths[i - 1]);
  });
});

describe("Node's own zstd", () => {
  const calls: { length: number; options: unknown }[] = [];
  const newNode = {
    constants: { ZSTD_c_compressionLevel: 100, ZSTD_c_checksumFlag: 201 },
    zstdCompressSync(bytes: Uint8Array, options: unknown): Uint8Array {
      calls.push({ length: bytes.length, options });
      return Uint8Array.of(1, 2, 3);
    },
  };

  it("is asked where it is there, with level, checksum and length", () => {
    expect(zstdCompressor(7, true, newNode)(new Uint8Array(99))).toEqual(Uint8Array.of(1, 2, 3));
    expect(calls).toEqual([{ length: 99, options: { params: { 100: 7, 201: 1 }, pledgedSrcSize: 99 } }]);
    expect(zstdEncodesThere(3, newNode)).toBe(false);
  });

  it("isn't missed: ours up to level 10, the package above", () => {
    expect(zstdEncodesThere(10, OLD_NODE)).toBe(true);
    expect(zstdEncodesThere(11, OLD_NODE)).toBe(false);
  });

  it("highest levels come from the package", async () => {
    const raw = sample("text", 5000);
    const frame = await zstdCompressor(19, true, OLD_NODE)(raw);
    expect(Buffer.compare(zstdDecode("zstd", frame, raw.length), raw)).toBe(0);
  });
});
