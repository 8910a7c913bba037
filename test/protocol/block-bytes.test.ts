import type { Block } from "@hyperslab/core/block";
import { ProtocolError } from "@hyperslab/core/errors";
import {
  Assembly,
  blockFromBytes,
  blockToBytes,
  cutBytes,
  fieldBytes,
  totalOf,
} from "@hyperslab/protocol/block-bytes";
import { describe, expect, it } from "vitest";

const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

describe("blocks on their way", () => {
  const payload: Block[] = [
    { dtype: "float32", shape: [3, 1], data: Float32Array.of(1.5, Number.NaN, 2) },
    { dtype: "string", shape: [3, 1], data: ["é", "", "abc"] },
    { dtype: "int64", shape: [3, 1], data: BigInt64Array.of(-1n, 5n, 7n) },
  ];
  const dtypes = payload.map(({ dtype }) => dtype);

  it("arrive with all their fields, at any offset, one after another", () => {
    const bytes = join([...blockToBytes(payload), ...blockToBytes(payload)]);
    const moved = new Uint8Array(bytes.length + 3);
    moved.set(bytes, 3);
    const first = blockFromBytes(dtypes, [3, 1], moved.subarray(3), 0, "shared");
    expect(first.fields).toEqual(payload);
    expect((first.fields[0].data as Float32Array).buffer).toBeInstanceOf(SharedArrayBuffer);
    const second = blockFromBytes(dtypes, [3, 1], moved.subarray(3), first.end);
    expect(second.fields).toEqual(payload);
    expect(second.end).toBe(bytes.length);
    // without a copy where that is possible
    expect((blockFromBytes(["float32"], [3], bytes).fields[0].data as Float32Array).buffer).toBe(
      bytes.buffer,
    );
    expect(fieldBytes(payload)).toBe(12 + 48 + 24);
  });

  it("have views of their numbers as bytes", () => {
    const data = new Float64Array(4);
    const [only, ...others] = blockToBytes([{ dtype: "float64", shape: [4], data }]);
    expect(only.buffer).toBe(data.buffer);
    expect(others).toEqual([]);
  });

  it("are refused where their sizes are not those of their shapes", () => {
    expect(() => blockFromBytes(["float64"], [2], new Uint8Array(8))).toThrow(ProtocolError);
    expect(() => blockFromBytes(["string"], [2], new Uint8Array(4))).toThrow(ProtocolError);
    const strings = join(blockToBytes([{ dtype: "string", shape: [2], data: ["a", "b"] }]));
    expect(() => blockFromBytes(["string"], [1], strings)).toThrow(ProtocolError);
    expect(() => blockFromBytes(["string"], [2], strings.subarray(0, 9))).toThrow(ProtocolError);
  });

  it("are cut, and put together again; a cut transfer goes on where it stopped", () => {
    const parts = [Uint8Array.of(1, 2, 3, 4, 5), Uint8Array.of(6, 7), Uint8Array.of(8, 9, 10)];
    const total = totalOf(parts);
    for (const from of [0, 3, 6])
      for (const size of [1, 3, 4, 100]) {
        const assembly = new Assembly();
        let whole: Uint8Array | null = null;
        for (const piece of [...cutBytes(parts, 0, 3)].slice(0, from / 3))
          assembly.add(7, piece.at, total, piece.parts);
        expect(assembly.have(7)).toBe(from);
        for (const piece of cutBytes(parts, from, size)) {
          expect(whole).toBeNull();
          expect(totalOf(piece.parts)).toBeLessThanOrEqual(size);
          whole = assembly.add(7, piece.at, total, piece.parts);
        }
        expect(whole).toEqual(join(parts));
        expect(assembly.have(7)).toBe(0);
      }
    expect([...cutBytes([])]).toEqual([{ at: 0, parts: [] }]);
  });

  it("start anew with another holder, and refuse pieces out of place", () => {
    const assembly = new Assembly();
    const bytes = new Uint8Array(4).fill(1);
    assembly.add(1, 0, 8, [bytes]);
    assembly.add(1, 0, 8, [bytes.slice().fill(2)]);
    expect(() => assembly.add(1, 0, 2 ** 40, [bytes])).toThrow(ProtocolError);
    expect(() => assembly.add(2, 4, 8, [bytes])).toThrow(ProtocolError);
    expect([...(assembly.add(1, 4, 8, [bytes]) ?? [])]).toEqual([2, 2, 2, 2, 1, 1, 1, 1]);
  });
});
