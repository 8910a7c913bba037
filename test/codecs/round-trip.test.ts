/** What a codec encodes, it decodes: over kinds of data, lengths, element sizes and settings. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CodecSpec } from "@hyperslab/codecs/codec";
import { codecOf } from "@hyperslab/codecs/registry";
import { attachMemory, detachMemory, WORKSPACE_BYTES } from "@hyperslab/codecs/wasm-memory";
import { KINDS, sample } from "./samples.js";

const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .record({
      kind: fc.constantFrom(...KINDS),
      length: fc.integer({ min: 0, max: 70_000 }),
      seed: fc.nat(1000),
    })
    .map(({ kind, length, seed }) => sample(kind, length, seed)),
);

const blosc: fc.Arbitrary<CodecSpec> = fc.record({
  name: fc.constant("blosc"),
  configuration: fc.record({
    cname: fc.constantFrom("lz4", "lz4hc", "zlib", "blosclz", "snappy"),
    clevel: fc.integer({ min: 0, max: 9 }),
    shuffle: fc.constantFrom<string | number>("noshuffle", "shuffle", "bitshuffle", -1, 0, 1, 2),
    blocksize: fc.constantFrom(0, 0, 128, 1000, 4096, 65_536),
  }),
});

const other: fc.Arbitrary<CodecSpec> = fc.oneof(
  fc.record({
    name: fc.constantFrom("lz4", "numcodecs.lz4"),
    configuration: fc.record({ acceleration: fc.constantFrom(0, 1, 5, 50) }),
  }),
  fc.record({
    name: fc.constantFrom("gzip", "zlib"),
    configuration: fc.record({ level: fc.constantFrom(0, 1, 9) }),
  }),
  fc.record({
    name: fc.constant("shuffle"),
    configuration: fc.record({ elementsize: fc.integer({ min: 1, max: 20 }) }),
  }),
  fc.record({
    name: fc.constant("bitshuffle"),
    configuration: fc.record({
      elementsize: fc.integer({ min: 1, max: 20 }),
      blocksize: fc.constantFrom(0, 8, 1024),
      cname: fc.constantFrom("none", "lz4", "zstd"),
    }),
  }),
  fc.record({
    name: fc.constantFrom("crc32", "crc32c", "adler32", "fletcher32"),
    configuration: fc.constant({}),
  }),
);

const SIZES = [1, 2, 3, 4, 5, 8, 12, 16, 17, 255, 300];

describe("encoded and decoded", () => {
  it.each([
    ["blosc", blosc, 300],
    ["the others", other, 300],
  ] as const)("%s", async (_, specs, runs) => {
    await fc.assert(
      fc.asyncProperty(specs, fc.constantFrom(...SIZES), bytes, async (spec, itemSize, raw) => {
        const codec = codecOf(spec, { itemSize, littleEndian: true });
        const encoded = await codec.encode(raw);
        expect(Buffer.compare(await codec.decode(encoded, raw.length), raw)).toBe(0);
        expect(Buffer.compare(await codec.decode(encoded, null), raw)).toBe(0);
        const out = new Uint8Array(raw.length);
        expect(await codec.decode(encoded, raw.length, out)).toBe(out);
        expect(Buffer.compare(out, raw)).toBe(0);
        if (codec.encodedSize) expect(codec.encodedSize(raw.length)).toBe(encoded.length);
      }),
      { numRuns: runs, seed: 11 },
    );
  });

  it("zstd, alone and in blosc", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        fc.constantFrom("noshuffle", "shuffle", "bitshuffle"),
        fc.constantFrom(1, 4, 8),
        bytes,
        async (level, checksum, shuffle, itemSize, raw) => {
          for (const spec of [
            { name: "zstd", configuration: { level, checksum } },
            { name: "blosc", configuration: { cname: "zstd", clevel: level, shuffle } },
          ]) {
            const codec = codecOf(spec, { itemSize, littleEndian: true });
            const encoded = await codec.encode(raw);
            expect(Buffer.compare(await codec.decode(encoded, raw.length), raw)).toBe(0);
          }
        },
      ),
      { numRuns: 60, seed: 12 },
    );
  });

  it("a length that isn't the promised one is an error", async () => {
    for (const name of ["blosc", "lz4", "zstd", "gzip", "zlib", "shuffle", "crc32c", "adler32"]) {
      const codec = codecOf({ name, configuration: {} });
      const encoded = await codec.encode(sample("text", 1000));
      for (const size of [999, 1001]) {
        const decode = async (): Promise<Uint8Array> => codec.decode(encoded, size);
        await expect(decode(), `${name} ${size}`).rejects.toMatchObject({ tag: "CodecError" });
      }
    }
  });

  it("an attached memory with a small workspace still decodes, through private memory", async () => {
    const memory = new WebAssembly.Memory({ initial: 128, maximum: 128, shared: true });
    attachMemory(memory, 0, WORKSPACE_BYTES);
    const raw = sample("smooth", 3_000_000);
    for (const spec of [
      { name: "blosc", configuration: { blocksize: 2_000_000 } },
      { name: "zstd", configuration: {} },
      { name: "lz4", configuration: {} },
    ]) {
      const codec = codecOf(spec, { itemSize: 4, littleEndian: true });
      const encoded = await codec.encode(raw);
      const out = new Uint8Array(memory.buffer, 1 << 20, raw.length);
      out.fill(0);
      await codec.decode(encoded, raw.length, out);
      expect(Buffer.compare(out, raw)).toBe(0);
    }
    detachMemory(memory);
    expect(() => attachMemory(memory, 0, 1000)).toThrow(/workspace/);
  });
});
