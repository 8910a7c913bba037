/** Owns the bridge from an array's metadata to the pipeline that codes its chunks. Knows no stores. */
import type { ChunkPipeline } from "@hyperslab/codecs/chunk-pipeline";
import type { CodecSpec } from "@hyperslab/codecs/codec";
import { fromV2, fromV3 } from "@hyperslab/codecs/configuration";
import { pipelineV2, pipelineV3 } from "@hyperslab/codecs/pipeline";
import { elementOf, fieldsOfV2, fieldsOfV3 } from "@hyperslab/codecs/record";
import { asDtype } from "@hyperslab/core/dtype";
import type { Shape } from "@hyperslab/core/shape";
import { fillElement } from "./zarr-fill-value.js";
import type { ZarrArray } from "./zarr-metadata.js";

/** The pipeline of chunks of `shape`. @throws CodecError, DtypeError for what isn't supported */
export function pipelineOf(array: ZarrArray, shape: Shape): ChunkPipeline {
  const { encoding, fill, dtype, field = "" } = array;
  if (encoding.version === 3)
    return pipelineV3({
      element: elementOf(fieldsOfV3(encoding.dataType), field),
      shape,
      codecs: encoding.codecs.map(fromV3),
      fill: fillElement(fill, asDtype(dtype)),
    });
  const compressor: CodecSpec | null = encoding.compressor === null ? null : fromV2(encoding.compressor);
  return pipelineV2({
    element: elementOf(fieldsOfV2(encoding.dtype), field),
    shape,
    order: encoding.order,
    filters: encoding.filters.map(fromV2),
    compressor,
  });
}

/** The pipelines of an array, one for each shape of chunks: regular grids have one. */
export function pipelinesOf(array: ZarrArray): (shape: Shape) => ChunkPipeline {
  const known = new Map<string, ChunkPipeline>();
  return (shape) => {
    const name = shape.join();
    let pipeline = known.get(name);
    if (!pipeline) known.set(name, (pipeline = pipelineOf(array, shape)));
    return pipeline;
  };
}
