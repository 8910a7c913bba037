import { copyBytes } from "@hyperslab/core/copy-bytes";
import { expect, it } from "vitest";

it.each([0, 1, 100, 12 * 1024 - 1, 12 * 1024, 100_003])("copies %i bytes, and no more", (length) => {
  for (const buffer of [new ArrayBuffer(length + 9), new SharedArrayBuffer(length + 9)]) {
    const from = Uint8Array.from({ length }, (_, i) => i * 7);
    const to = new Uint8Array(buffer).fill(255);
    copyBytes(from, to.subarray(3));
    expect(Buffer.compare(Uint8Array.from(to.subarray(3, length + 3)), from)).toBe(0);
    expect([...to.subarray(0, 3), ...to.subarray(length + 3)]).toEqual(new Array(9).fill(255));
  }
});
