/** Published check values: those of the ASCII digits 1 … 9, and of nothing. */
import { describe, expect, it } from "vitest";
import { adler32, crc32, crc32c, fletcher32 } from "@hyperslab/codecs/checksum";
import { xxh32 } from "@hyperslab/codecs/lz4-frame";
import { sample } from "./samples.js";

const DIGITS = new TextEncoder().encode("123456789");
const NOTHING = new Uint8Array(0);

describe("checksums", () => {
  it("of the digits", () => {
    expect(crc32c(DIGITS)).toBe(0xe3069283);
    expect(crc32(DIGITS)).toBe(0xcbf43926);
    expect(adler32(DIGITS)).toBe(0x091e01de);
    expect(xxh32(DIGITS)).toBe(0x937bad67);
  });
  it("of nothing", () => {
    expect([crc32c(NOTHING), crc32(NOTHING), adler32(NOTHING), fletcher32(NOTHING)]).toEqual([0, 0, 1, 0]);
    expect(xxh32(NOTHING)).toBe(0x02cc5d05);
  });
  it("of a piece in the middle of a buffer", () => {
    const bytes = sample("noise", 100_000);
    for (const sum of [crc32c, crc32, adler32, fletcher32])
      expect(sum(bytes.subarray(17, 99_990))).toBe(sum(bytes.slice(17, 99_990)));
  });
});
