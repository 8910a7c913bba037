import { bloscInfo } from "@hyperslab/codecs/blosc";
import { codecOf } from "@hyperslab/codecs/registry";
import { scaleSpans, spanCursor } from "@hyperslab/codecs/spans";
import { describe, expect, it } from "vitest";

describe("parts of a chunk", () => {
  it("are told to a codec whose blocks stand on their own, which leaves the others alone", async () => {
    const input = { itemSize: 4, littleEndian: true };
    for (const shuffle of ["noshuffle", "shuffle", "bitshuffle"]) {
      const configuration = { cname: "lz4", clevel: 5, shuffle, typesize: 4, blocksize: 4096 };
      const codec = codecOf({ name: "blosc", configuration }, input);
      const data = Int32Array.from({ length: 100_000 }, (_, i) => 1 + ((i >> 3) % 5000));
      const bytes = new Uint8Array(data.buffer);
      const stored = await codec.encode(bytes);
      const { blockBytes: block } = bloscInfo(stored);
      expect(bytes.length).toBeGreaterThan(5 * block);
      const out = new Uint8Array(bytes.length);
      const wanted = [block + 8, block + 12, 3 * block + 20, 4 * block + 24];
      await codec.decode(stored, bytes.length, out, wanted);
      const part = (from: number, to: number): Uint8Array[] =>
        [out, bytes].map((one) => one.subarray(from * block, to * block));
      for (const [got, expected] of [part(1, 2), part(3, 5)]) expect(got).toEqual(expected);
      for (const [left] of [part(0, 1), part(2, 3), part(5, 6)])
        expect(left.every((byte) => byte === 0)).toBe(true);
    }
  });

  it("are asked for in ascending order", () => {
    const wanted = spanCursor([2, 4, 9, 10]);
    const asked = [0, 2, 4, 6, 8, 10].map((start) => wanted(start, start + 2));
    expect(asked).toEqual([false, true, false, false, true, false]);
    expect(spanCursor(undefined)(0, 1)).toBe(true);
    expect(scaleSpans([1, 2], 4)).toEqual([4, 8]);
  });
});
