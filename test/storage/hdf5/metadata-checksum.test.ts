import { lookup3 } from "@hyperslab/storage/hdf5/metadata-checksum";
import { describe, expect, it } from "vitest";

describe("lookup3", () => {
  it("gives what its author says", () => {
    expect(lookup3(new Uint8Array(0))).toBe(0xdeadbeef);
    expect(lookup3(new TextEncoder().encode("Four score and seven years ago"))).toBe(0x17770551);
  });
  it("takes as many bytes as it is told", () => {
    const bytes = new TextEncoder().encode("Four score and seven years ago, and more");
    expect(lookup3(bytes, 30)).toBe(0x17770551);
    const seen = new Set(Array.from(bytes, (_, length) => lookup3(bytes, length)));
    expect(seen.size).toBe(bytes.length);
  });
});
