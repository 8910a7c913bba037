/** Streams of other programs decode, wherever they lie and wherever they go. */
import { describe, expect, it } from "vitest";
import { codecOf } from "@hyperslab/codecs/registry";
import { attachMemory, detachMemory, WORKSPACE_BYTES } from "@hyperslab/codecs/wasm-memory";
import { encodedByOthers } from "./encoded.js";

const STREAMS = encodedByOthers();

describe("streams of other programs", () => {
  it.each(STREAMS)("$title", async ({ spec, raw, encoded }) => {
    const codec = codecOf(spec);
    const out = new Uint8Array(raw.length);
    expect(await codec.decode(encoded, raw.length, out)).toBe(out);
    expect(Buffer.compare(out, raw)).toBe(0);
    const told = await codec.decode(encoded, null);
    expect(Buffer.compare(told, raw)).toBe(0);
  });

  it("decode within an attached memory, from bytes that lie there and from bytes that don't", async () => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    const whole = new Uint8Array(memory.buffer);
    attachMemory(memory, 4096, WORKSPACE_BYTES);
    for (const { title, spec, raw, encoded } of STREAMS) {
      const codec = codecOf(spec);
      whole.set(encoded, 1 << 20);
      const out = whole.subarray(2 << 20, (2 << 20) + raw.length);
      for (const bytes of [encoded, whole.subarray(1 << 20, (1 << 20) + encoded.length)]) {
        out.fill(1);
        expect(await codec.decode(bytes, raw.length, out)).toBe(out);
        expect(Buffer.compare(out, raw), title).toBe(0);
      }
    }
    detachMemory(memory);
  });
});
