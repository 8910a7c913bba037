import { ProtocolError } from "@hyperslab/core/errors";
import { fieldBytes, blockFromParts, blockToParts } from "@hyperslab/protocol/block-parts";
import type { Block } from "@hyperslab/core/block";
import { pack } from "@hyperslab/protocol/frames";
import { describe, expect, it } from "vitest";

describe("blocks on their way", () => {
  it("arrive in shared memory, with all their fields", () => {
    const payload: Block[] = [
      { dtype: "float32", shape: [2, 1], data: Float32Array.of(1.5, Number.NaN) },
      { dtype: "int64", shape: [], data: BigInt64Array.of(-1n) },
      { dtype: "string", shape: [2], data: ["é", ""] },
      { dtype: "float64", shape: [0, 3], data: new Float64Array(0) },
    ];
    const { heads, parts } = blockToParts(payload);
    // as they come from a socket: at any offset
    const moved = parts.map((part) => {
      const buffer = new Uint8Array(part.length + 3);
      buffer.set(part, 3);
      return buffer.subarray(3);
    });
    const back = blockFromParts(JSON.parse(JSON.stringify(heads)) as typeof heads, moved, true);
    expect(back).toEqual(payload);
    expect((back[0].data as Float32Array).buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(blockFromParts(heads, moved)).toEqual(payload);
    // without a copy where that is possible
    expect((blockFromParts(heads, parts)[0].data as Float32Array).buffer).toBe(
      (payload[0].data as Float32Array).buffer,
    );
    expect(fieldBytes(payload)).toBe(8 + 8 + 32);
  });

  it("are refused where their sizes are not those of their shapes", () => {
    const head = { dtype: "float64" as const, shape: [2] };
    expect(() => blockFromParts([head], [new Uint8Array(8)])).toThrow(ProtocolError);
    expect(() => blockFromParts([head], [])).toThrow(ProtocolError);
    const strings = { dtype: "string" as const, shape: [1] };
    for (const value of [["a", "b"], [1], "a"])
      expect(() => blockFromParts([strings], [pack(value)])).toThrow(ProtocolError);
  });
});
