/** Any dtype, shape, order and chain of codecs: what a pipeline encodes, it decodes; transposes are NumPy's. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocate, type BlockData, type Dtype } from "@hyperslab/core/dtype";
import { blockCoords } from "@hyperslab/core/chunk-grid";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { CodecSpec } from "@hyperslab/codecs/codec";
import { type Element, elementOfV2 } from "@hyperslab/codecs/element";
import { pipelineV2, pipelineV3 } from "@hyperslab/codecs/pipeline";
import { permute } from "@hyperslab/codecs/transpose";
import { randomOf } from "./samples.js";

const V2 = [
  "|b1",
  "|i1",
  "<i2",
  ">u2",
  "<i4",
  ">i8",
  "<u8",
  "<f2",
  ">f4",
  "<f8",
  ">M8[us]",
  "<m8[s]",
  "|S5",
  ">U3",
  "|O",
];

const shape: fc.Arbitrary<number[]> = fc.oneof<fc.Arbitrary<number[]>[]>(
  fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
  fc.tuple(fc.integer({ min: 30, max: 70 }), fc.integer({ min: 30, max: 70 })),
  fc.constant<number[]>([3, 0, 2]),
);

const bytesCodec: fc.Arbitrary<CodecSpec> = fc.constantFrom<CodecSpec>(
  { name: "blosc", configuration: { cname: "lz4", shuffle: 1 } },
  { name: "blosc", configuration: { cname: "lz4", shuffle: 2, blocksize: 256 } },
  { name: "lz4", configuration: {} },
  { name: "zlib", configuration: {} },
  { name: "crc32c", configuration: {} },
  { name: "shuffle", configuration: { elementsize: 4 } },
);

function dataOf(dtype: Dtype, length: number, seed: number): BlockData {
  const random = randomOf(seed);
  const data = allocate(dtype, length);
  if (Array.isArray(data)) for (let i = 0; i < length; i++) data[i] = "é€x".slice(0, random() % 3);
  else if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let i = 0; i < length; i++) data[i] = (BigInt(random()) << 32n) | BigInt(random());
  else for (let i = 0; i < length; i++) data[i] = dtype === "bool" ? random() & 1 : random() % 40_000;
  return data;
}

const forBytes = (element: Element, data: BlockData): BlockData =>
  element.kind === "bytes" && Array.isArray(data) ? data.map((text) => text.replaceAll(/[^x]/g, "y")) : data;

describe("pipelines", () => {
  it("of v2", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...V2),
        shape,
        fc.constantFrom("C" as const, "F" as const),
        fc.option(bytesCodec),
        fc.nat(1000),
        async (dtype, chunk, order, compressor, seed) => {
          const element = elementOfV2(dtype);
          const filters = element.kind === "object" ? [{ name: "vlen-utf8", configuration: {} }] : [];
          const pipeline = pipelineV2({ element, shape: chunk, order, filters, compressor });
          const data = forBytes(element, dataOf(element.dtype, sizeOf(chunk), seed));
          const encoded = await pipeline.encode(data, "0");
          expect(await pipeline.decode(encoded, "0")).toEqual(data);
          const out = allocate(element.dtype, data.length);
          expect(await pipeline.decode(encoded, "0", out)).toBe(out);
          expect(out).toEqual(data);
        },
      ),
      { numRuns: 300, seed: 5 },
    );
  });

  it("of v3", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...V2.filter((name) => name !== "|O")),
        shape,
        fc.constantFrom("little", "big"),
        fc.array(bytesCodec, { maxLength: 3 }),
        fc.array(fc.nat(1000), { maxLength: 2 }),
        fc.boolean(),
        fc.nat(1000),
        async (dtype, chunk, endian, after, seeds, shards, seed) => {
          const element = elementOfV2(dtype);
          const transposes = seeds.map((one) => ({
            name: "transpose",
            configuration: { order: shuffled(chunk.length, one) },
          }));
          const codecs: CodecSpec[] = [...transposes, { name: "bytes", configuration: { endian } }, ...after];
          const whole = shards && !chunk.includes(0);
          const sharding = { name: "sharding_indexed", configuration: { chunk_shape: chunk, codecs } };
          const pipeline = pipelineV3({
            element,
            shape: whole ? chunk.map((length, axis) => length * (1 + (axis % 2))) : chunk,
            codecs: whole ? [sharding] : codecs,
            fill: element.dtype === "string" ? "" : 0,
          });
          const data = forBytes(element, dataOf(element.dtype, sizeOf(pipeline.shape), seed));
          expect(await pipeline.decode(await pipeline.encode(data, "0"), "0")).toEqual(data);
        },
      ),
      { numRuns: 300, seed: 6 },
    );
  });
});

/** A permutation of `0 … rank − 1`. */
function shuffled(rank: number, seed: number): number[] {
  const random = randomOf(seed);
  const order = Array.from({ length: rank }, (_, axis) => axis);
  for (let i = rank - 1; i > 0; i--) {
    const j = random() % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

it("permute puts every element where NumPy's transpose does", () => {
  fc.assert(
    fc.property(shape, fc.nat(1000), (from, seed) => {
      const order = shuffled(from.length, seed);
      const to = order.map((axis) => from[axis]);
      const data = Array.from({ length: sizeOf(from) }, (_, i) => i);
      const out = new Array<number>(data.length).fill(-1);
      permute(data, from, order, out);
      const strides = stridesOf(from);
      const wanted = data.map((_, i) =>
        blockCoords(to, i).reduce((sum, coord, axis) => sum + coord * strides[order[axis]], 0),
      );
      expect(out).toEqual(wanted);
    }),
    { numRuns: 300, seed: 7 },
  );
});
