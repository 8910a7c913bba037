import { bloscDecode, bloscInfo } from "@hyperslab/codecs/blosc";
import { BLOSC_HEAD_BYTES, bloscParts } from "@hyperslab/codecs/blosc-parts";
import { codecOf } from "@hyperslab/codecs/registry";
import { isHyperslabError } from "@hyperslab/core/errors";
import { describe, expect, it } from "vitest";

async function stored(clevel: number): Promise<{ bytes: Uint8Array; data: Uint8Array; block: number }> {
  const configuration = { cname: "lz4", clevel, shuffle: "shuffle", typesize: 4, blocksize: 65536 };
  const codec = codecOf({ name: "blosc", configuration }, { itemSize: 4, littleEndian: true });
  const data = new Uint8Array(Int32Array.from({ length: 500_000 }, (_, i) => (i >> 4) % 5000).buffer);
  const bytes = await codec.encode(data);
  return { bytes, data, block: bloscInfo(bytes).blockBytes };
}

describe("parts of a Blosc chunk", () => {
  it("are all that a decoder needs for the bytes that are wanted", async () => {
    const { bytes, data, block } = await stored(5);
    const wanted = [block + 100, block + 200, 4 * block, 6 * block - 4];
    const found = bloscParts("blosc", bytes.subarray(0, BLOSC_HEAD_BYTES), wanted);
    if (!found) throw new Error("no parts");
    expect(found.total).toBe(bytes.length);
    expect(found.spans).toHaveLength(4);
    const sparse = new Uint8Array(bytes.length).fill(0xaa);
    sparse.set(bytes.subarray(0, BLOSC_HEAD_BYTES));
    for (let i = 0; i < found.spans.length; i += 2)
      sparse.set(bytes.subarray(found.spans[i], found.spans[i + 1]), found.spans[i]);
    const out = bloscDecode("blosc", sparse, data.length, undefined, wanted);
    expect(out.subarray(block, 2 * block)).toEqual(data.subarray(block, 2 * block));
    expect(out.subarray(4 * block, 6 * block)).toEqual(data.subarray(4 * block, 6 * block));
  });

  it("can't be told where the chunk is not compressed, or the head is too short", async () => {
    const { bytes } = await stored(5);
    expect(bloscParts("blosc", bytes.subarray(0, 20), [0, 1])).toBeNull();
    expect(bloscParts("blosc", bytes.subarray(0, 8), [0, 1])).toBeNull();
    const { bytes: plain } = await stored(0);
    expect(bloscParts("blosc", plain.subarray(0, BLOSC_HEAD_BYTES), [0, 1])).toBeNull();
  });

  it("of a damaged header end in an error, whatever stands there", async () => {
    const { bytes } = await stored(5);
    for (let at = 0; at < 16; at++)
      for (const value of [0, 1, 0x7f, 0xff]) {
        const head = bytes.slice(0, BLOSC_HEAD_BYTES);
        head[at] = value;
        try {
          const found = bloscParts("blosc", head, [0, 70_000]);
          for (const [i, span] of (found?.spans ?? []).entries()) {
            expect(span).toBeLessThanOrEqual(found?.total ?? 0);
            if (i > 0) expect(span).toBeGreaterThan(found?.spans[i - 1] ?? 0);
          }
        } catch (error) {
          expect(isHyperslabError(error, "CodecError")).toBe(true);
        }
      }
  });
});
