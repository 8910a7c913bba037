import { ArgumentError, ProtocolError } from "@hyperslab/core/errors";
import { payloadBytes, payloadFrom, payloadParts } from "@hyperslab/worker/blocks";
import type { Payload } from "@hyperslab/worker/events";
import { availableMemory, parseBytes } from "@hyperslab/worker/memory-limit";
import { describe, expect, it } from "vitest";

describe("blocks on their way", () => {
  it("arrive in shared memory, with all their fields", () => {
    const payload: Payload = [
      { dtype: "float32", shape: [2, 1], data: Float32Array.of(1.5, Number.NaN) },
      { dtype: "int64", shape: [], data: BigInt64Array.of(-1n) },
      { dtype: "string", shape: [2], data: ["é", ""] },
      { dtype: "float64", shape: [0, 3], data: new Float64Array(0) },
    ];
    const { heads, parts } = payloadParts(payload);
    // as they come from a socket: at any offset
    const moved = parts.map((part) => {
      const buffer = new Uint8Array(part.length + 3);
      buffer.set(part, 3);
      return buffer.subarray(3);
    });
    const back = payloadFrom(JSON.parse(JSON.stringify(heads)) as typeof heads, moved);
    expect(back).toEqual(payload);
    expect((back[0].data as Float32Array).buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(payloadBytes(payload)).toBe(8 + 8 + 32);
  });

  it("are refused where their sizes are not those of their shapes", () => {
    const head = { dtype: "float64" as const, shape: [2] };
    expect(() => payloadFrom([head], [new Uint8Array(8)])).toThrow(ProtocolError);
    expect(() => payloadFrom([head], [])).toThrow(ProtocolError);
  });
});

describe("amounts of memory", () => {
  it("are read as people write them", () => {
    const amounts = ["1024", "4GiB", "500 MB", "1.5 kib", "2tb", "7b"].map(parseBytes);
    expect(amounts).toEqual([1024, 2 ** 32, 5e8, 1536, 2e12, 7]);
    for (const text of ["", "much", "4 elephants", "-1", "GiB"])
      expect(() => parseBytes(text)).toThrow(ArgumentError);
    expect(availableMemory()).toBeGreaterThan(2 ** 20);
  });
});
