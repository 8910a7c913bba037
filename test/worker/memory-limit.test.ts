import { ArgumentError } from "@hyperslab/core/errors";
import { availableMemory, parseBytes } from "@hyperslab/worker/memory-limit";
import { describe, expect, it } from "vitest";

describe("amounts of memory", () => {
  it("are read as people write them", () => {
    const amounts = ["1024", "4GiB", "500 MB", "1.5 kib", "2tb", "7b"].map(parseBytes);
    expect(amounts).toEqual([1024, 2 ** 32, 5e8, 1536, 2e12, 7]);
    for (const text of ["", "much", "4 elephants", "-1", "GiB"])
      expect(() => parseBytes(text)).toThrow(ArgumentError);
    expect(availableMemory()).toBeGreaterThan(2 ** 20);
  });
});
