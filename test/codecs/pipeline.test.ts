/** Chunks stored by zarr-python (fixtures/make-chunks.py): they decode to what was stored, and encode to what decodes. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allocate, type BlockData, type Dtype, isBig, viewOf } from "@hyperslab/core/dtype";
import { isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import { elementOfV2, elementOfV3 } from "@hyperslab/codecs/element";
import { fromV2, fromV3 } from "@hyperslab/codecs/configuration";
import type { ChunkPipeline } from "@hyperslab/codecs/chunk-pipeline";
import { pipelineV2, pipelineV3 } from "@hyperslab/codecs/pipeline";

interface Case {
  name: string;
  format: 2 | 3;
  metadata: Record<string, unknown>;
  bytes: string;
  elements: string | string[];
}

const CASES = JSON.parse(readFileSync(new URL("fixtures/chunks.json", import.meta.url), "utf8")) as Case[];

function pipelineOf({ format, metadata }: Case): ChunkPipeline {
  if (format === 2) {
    const { dtype, chunks, order, filters, compressor } = metadata;
    return pipelineV2({
      element: elementOfV2(dtype),
      shape: chunks as number[],
      order: order as "C" | "F",
      filters: ((filters ?? []) as unknown[]).map(fromV2),
      compressor: compressor === null ? null : fromV2(compressor),
    });
  }
  const { data_type, chunk_grid, codecs } = metadata;
  const element = elementOfV3(data_type);
  const grid = chunk_grid as { configuration: { chunk_shape: number[] } };
  const fill = element.dtype === "string" ? "" : isBig(element.dtype) ? 0n : 0;
  const specs = (codecs as unknown[]).map(fromV3);
  return pipelineV3({ element, shape: grid.configuration.chunk_shape, codecs: specs, fill });
}

/** What the fixture says, as a block of the dtype holds it. */
function expected({ elements }: Case, dtype: Dtype): BlockData {
  if (Array.isArray(elements) || dtype === "string") return [...elements];
  const bytes = new Uint8Array(Buffer.from(elements, "base64"));
  return viewOf(dtype, bytes.buffer);
}

const bytesOf = (one: Case): Uint8Array => new Uint8Array(Buffer.from(one.bytes, "base64"));

describe("chunks of zarr-python", () => {
  it.each(CASES)("$name", async (one) => {
    const pipeline = pipelineOf(one);
    const want = expected(one, pipeline.dtype);
    expect(await pipeline.decode(bytesOf(one), "x/0")).toEqual(want);

    const out = allocate(pipeline.dtype, sizeOf(pipeline.shape));
    expect(await pipeline.decode(bytesOf(one), "x/0", out)).toBe(out);
    expect(out).toEqual(want);
  });

  it.each(CASES.filter(({ name }) => !/bz2/i.test(name)))("$name, encoded and decoded", async (one) => {
    const pipeline = pipelineOf(one);
    const want = expected(one, pipeline.dtype);
    const encoded = await pipeline.encode(want, "x/0");
    expect(await pipeline.decode(encoded, "x/0")).toEqual(want);
    const specs = JSON.stringify(one.metadata);
    if (!/zlib|gzip|zstd|blosc|lz4|sharding|quantize/i.test(specs))
      expect(new Uint8Array(encoded)).toEqual(bytesOf(one));
  });

  it.each(CASES)("$name, cut short", async (one) => {
    const pipeline = pipelineOf(one);
    const bytes = bytesOf(one);
    for (const length of [0, 1, bytes.length >> 1, bytes.length - 1]) {
      const error: unknown = await Promise.resolve()
        .then(() => pipeline.decode(bytes.slice(0, length), "x/0"))
        .catch((caught: unknown) => caught);
      expect(isHyperslabError(error, "CodecError"), `${length} bytes: ${String(error)}`).toBe(true);
      if (isHyperslabError(error, "CodecError")) expect(error.fields.chunk).toMatch(/^x\/0/);
    }
  });
});
