import { ProtocolError } from "@hyperslab/core/errors";
import { packRepeats, packRuns, unpackRepeats, unpackRuns } from "@hyperslab/protocol/number-lists";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("lists of numbers", () => {
  it("come back in their order", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(2 ** 31 - 1), fc.nat(3)), { maxLength: 50 }), (numbers) => {
        expect([...unpackRuns(packRuns(numbers))]).toEqual(numbers);
        expect([...unpackRepeats(packRepeats(numbers))]).toEqual(numbers);
      }),
    );
  });

  it("cost 8 bytes where they are neighbours, or equal", () => {
    const neighbours = Array.from({ length: 5000 }, (_, i) => i + 7);
    expect(packRuns(neighbours)).toEqual(new Uint8Array(Int32Array.of(7, 5000).buffer));
    expect(packRepeats(neighbours.map(() => 8)).length).toBe(8);
  });

  it("are refused where they are none, before any memory is taken", () => {
    const pairs = (...numbers: number[]) => new Uint8Array(Int32Array.from(numbers).buffer);
    for (const bytes of [new Uint8Array(7), pairs(1), pairs(0, -1), pairs(0, 2 ** 30), pairs(5, 0)])
      expect(() => unpackRuns(bytes)).toThrow(ProtocolError);
  });
});
