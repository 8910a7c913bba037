import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import { describe, expect, it } from "vitest";

describe("binary16", () => {
  it("goes there and back for all 65,536 bit patterns", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = fromFloat16(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(fromFloat16(toFloat16(value)))).toBe(true);
      else if (toFloat16(value) !== bits) expect.fail(`bits ${bits} came back as ${toFloat16(value)}`);
    }
  });
  it.each([
    [1, 0x3c00],
    [-0, 0x8000],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [-1e9, 0xfc00],
    // ties go to the even neighbour
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 ** -25, 0],
    [3 * 2 ** -25, 2],
    [2 ** -14 - 2 ** -26, 0x0400],
  ])("rounds %d as NumPy does", (value, bits) => {
    expect(toFloat16(value)).toBe(bits);
  });
});
