import { ProtocolError } from "@hyperslab/core/errors";
import { MAX_HEAD, decodeFrame, encodeFrame } from "@hyperslab/protocol/frames";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const one = (message: unknown, ...parts: Uint8Array[]) => encodeFrame([{ message, parts }]);
const join = (pieces: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

describe("frames", () => {
  it("come back as they went", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            message: fc.record({ type: fc.string(), n: fc.integer() }),
            parts: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
          }),
          { minLength: 1 },
        ),
        (packets) => {
          expect(decodeFrame(join(encodeFrame(packets)))).toEqual(packets);
        },
      ),
    );
  });

  it("have parts at multiples of 8, whatever their sizes", () => {
    const parts = [new Uint8Array(3), new Uint8Array(80_000).fill(7), new Uint8Array(0), new Uint8Array(9)];
    const pieces = one({ type: "x", text: "é" }, ...parts);
    // large parts are not copied
    expect(pieces).toContain(parts[1]);
    const bytes = join(pieces);
    expect(bytes.length % 8).toBe(0);
    const [frame] = decodeFrame(bytes);
    for (const part of frame.parts) expect((part.byteOffset - bytes.byteOffset) % 8).toBe(0);
    expect(frame.parts.map((part) => part.length)).toEqual([3, 80_000, 0, 9]);
    expect(frame.parts[1][79_999]).toBe(7);
  });

  it("are read from the fragments in which they were sent without a copy, and from any others", () => {
    const parts = [new Uint8Array(80_000).fill(7), new Uint8Array(0), new Uint8Array(9).fill(3)];
    const pieces = one({ type: "x" }, ...parts);
    const [frame] = decodeFrame(pieces);
    expect(frame.parts.map((part) => part.length)).toEqual([80_000, 0, 9]);
    expect(frame.parts[0].buffer).toBe(parts[0].buffer);
    const bytes = join(pieces);
    for (const cut of [pieces[0].length, 50_000, 80_000]) {
      const [other] = decodeFrame([bytes.subarray(0, cut), bytes.subarray(cut)].map((part) => part.slice()));
      expect(other.parts).toEqual(parts);
    }
  });

  it("give parts whose slices are copies, also where the frame is a Buffer", () => {
    const buffer = Buffer.concat(one({}, new Uint8Array(8)));
    const [part] = decodeFrame(buffer)[0].parts;
    const copy = part.slice();
    copy[0] = 1;
    expect(part[0]).toBe(0);
  });

  it("take the layout that README.md describes", () => {
    const bytes = join(one("a", Uint8Array.of(5)));
    const head = "92a16101";
    const fixed = "4859534c" + "04000000" + "01000000" + "00000000" + "0100000000000000";
    expect(Buffer.from(bytes).toString("hex")).toBe(`${fixed}${head}00000000${"05"}${"00".repeat(7)}`);
    expect(bytes.length).toBe(40);
  });

  it("are refused where they are not frames, before anything is unpacked", () => {
    const good = join(one({ a: 1 }, Uint8Array.of(5)));
    const broken = (change: (view: DataView) => void): Uint8Array => {
      const copy = good.slice();
      change(new DataView(copy.buffer));
      return copy;
    };
    const cases: Uint8Array[] = [
      new Uint8Array(0),
      good.subarray(0, 20),
      good.subarray(0, good.length - 1),
      new Uint8Array([...good, 0]),
      broken((view) => view.setUint32(0, 1, true)),
      broken((view) => view.setUint32(4, MAX_HEAD + 1, true)),
      broken((view) => view.setUint32(8, 2 ** 31, true)),
      broken((view) => view.setBigUint64(16, 2n ** 60n, true)),
      broken((view) => view.setUint8(24, 0xc1)),
      join(one({})).fill(0xff, 16),
      // parts that belong to no message
      broken((view) => view.setUint8(28, 0)),
    ];
    for (const bytes of cases) expect(() => decodeFrame(bytes)).toThrow(ProtocolError);
  });

  it("survive any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(63), fc.nat(255), (noise, at, value) => {
        const frame = join(one({ a: "text", b: [1, 2, 3] }, noise));
        frame[at % frame.length] = value;
        try {
          decodeFrame(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  it("refuse to be larger than the other side takes", () => {
    const part = new Uint8Array(new SharedArrayBuffer(8), 0, 8);
    const huge = new Proxy(part, {
      get: (target, key) => (key === "length" ? 2 ** 31 : Reflect.get(target, key)),
    });
    expect(() => one({}, huge)).toThrow(/smaller chunks/);
  });
});
