/**
 * Owns the whole way between a chunk's bytes and its elements, for Zarr v2 and v3: what storage calls.
 * Knows no stores and no array larger than a chunk.
 */
import { allocate, type BlockData, type Dtype } from "@hyperslab/core/dtype";
import { CodecError } from "@hyperslab/core/errors";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import { type ByteChain, byteChain, withChunk } from "./byte-chain.js";
import { swapBytes } from "./byte-order.js";
import type { ChunkPipeline } from "./chunk-pipeline.js";
import type { Codec, CodecSpec, PartReading } from "./codec.js";
import { choiceOf, codecsOf, integersOf } from "./configuration.js";
import { type Element, plainElement, storedBytesOf, valuesOf } from "./element.js";
import { decodeElements, encodeElements, memoryOf } from "./element-bytes.js";
import { codecNames, codecOf, isFilter } from "./registry.js";
import { outputFor, sizeError } from "./output.js";
import { andThen } from "./sequence.js";
import { scaleSpans } from "./spans.js";
import { type Fill, shardedPipeline } from "./sharding.js";
import { isTextCodec, type TextCodec, textCodecOf } from "./text-codec.js";
import { checkedOrder, inverse, isIdentity, permute, transposeCodec } from "./transpose.js";

export interface PipelineV2 {
  /** See `fieldsOfV2`. */
  readonly element: Element;
  /** With the element's inner axes at its end. */
  readonly shape: Shape;
  readonly order: "C" | "F";
  /** See `fromV2`. */
  readonly filters: readonly CodecSpec[];
  readonly compressor: CodecSpec | null;
}

export interface PipelineV3 {
  /** See `fieldsOfV3`; its byte order is replaced by what the `bytes` codec says. */
  readonly element: Element;
  /** With the element's inner axes at its end. */
  readonly shape: Shape;
  /** See `fromV3`. */
  readonly codecs: readonly CodecSpec[];
  /**
   * What inner chunks of a shard hold that were never written: an element as it stands in a block's data (bits
   * of a float16, a bigint for 64-bit dtypes, 0 or 1 for bool); a list of them where an element has inner axes.
   */
  readonly fill: Fill;
}

/** The pipeline of a v2 array. @throws CodecError for unknown codecs and bad configurations */
export function pipelineV2({ element, shape, order, filters, compressor }: PipelineV2): ChunkPipeline {
  const specs = compressor ? [...filters, compressor] : [...filters];
  const axes = orderOf(order, element, shape.length);
  if (element.kind === "object") {
    const [first, ...rest] = specs;
    if (first === undefined || !isTextCodec(first.name))
      throw new CodecError({
        codec: first?.name ?? "none",
        reason: "can't hold the objects of dtype |O",
        hint: "objects are read where they are texts, stored with the filter vlen-utf8, vlen-bytes or json2",
      });
    return textPipeline(shape, axes, textCodecOf(first), byteChain(codecsFor(rest, 1, true)));
  }
  const chain = byteChain(codecsFor(specs, storedBytesOf(element), element.littleEndian));
  return plainPipeline(element, shape, axes, chain);
}

/** The pipeline of a v3 array. @throws CodecError for unknown codecs, bad configurations and orders of codecs */
export function pipelineV3(input: PipelineV3): ChunkPipeline {
  const { element, shape, codecs } = input;
  const serializer = codecs.findIndex((spec) => isSerializer(spec.name));
  if (serializer === -1) {
    const unknown = codecs.find((spec) => spec.name !== "transpose" && !isFilter(spec.name));
    if (unknown) codecOf(unknown);
    throw new CodecError({
      codec: codecs.map((spec) => spec.name).join(", ") || "none",
      reason: "no codec makes bytes of elements",
      hint: "a v3 chunk needs one of bytes, vlen-utf8, sharding_indexed",
    });
  }
  // transposes before any filter are done on elements; those after one, on what the filter made of them
  let leading = 0;
  while (leading < serializer && codecs[leading].name === "transpose") leading++;
  let axes = checkedOrder("C", shape.length);
  for (const spec of codecs.slice(0, leading)) {
    const order = orderOf(spec.configuration["order"], element, shape.length);
    axes = order.map((axis) => axes[axis]);
  }
  const stored = axes.map((axis) => shape[axis]);
  const filters = codecs.slice(leading, serializer);
  const spec = codecs[serializer];
  const after = codecs.slice(serializer + 1);

  if (spec.name === "sharding_indexed") {
    rejectFilters(filters, spec);
    const inner = sharding(input, stored, spec);
    if (after.length === 0 && isIdentity(shape, axes)) return inner;
    return wrapped(inner, shape, axes, byteChain(codecsFor(after, 1, true)));
  }
  if (isTextCodec(spec.name)) {
    rejectFilters(filters, spec);
    if (element.dtype !== "string")
      throw new CodecError({ codec: spec.name, reason: `elements are ${element.dtype}, not texts` });
    return textPipeline(shape, axes, textCodecOf(spec), byteChain(codecsFor(after, 1, true)));
  }
  if (element.kind === "object")
    throw new CodecError({
      codec: spec.name,
      reason: "can't hold texts of any length",
      hint: "vlen-utf8 can",
    });
  const littleEndian = choiceOf(spec, "endian", ["little", "big"], "little") === "little";
  if (filters.length === 0) {
    const ordered: Element = { ...element, littleEndian };
    const chain = byteChain(codecsFor(after, storedBytesOf(element), littleEndian));
    return plainPipeline(ordered, shape, axes, chain);
  }
  if (element.inner || element.record)
    throw new CodecError({
      codec: filters[0].name,
      reason: "works on numbers, and the elements are complex, raw bytes or records",
    });
  const little: Element = { ...element, littleEndian: true };
  const chain = filterCodecs(filters, stored, element.size);
  const size = chain.itemSize;
  if (!littleEndian) chain.codecs.push(swapCodec(size));
  return plainPipeline(
    little,
    shape,
    axes,
    byteChain([...chain.codecs, ...codecsFor(after, size, littleEndian)]),
  );
}

/** An order of the array's axes; those within an element stay last. */
function orderOf(order: unknown, { inner = [] }: Element, rank: number): number[] {
  const own = checkedOrder(order, rank - inner.length);
  return [...own, ...inner.map((_, i) => own.length + i)];
}

function isSerializer(name: string): boolean {
  return name === "bytes" || name === "endian" || name === "sharding_indexed" || isTextCodec(name);
}

function rejectFilters(filters: readonly CodecSpec[], before: CodecSpec): void {
  if (filters.length === 0) return;
  throw new CodecError({
    codec: filters[0].name,
    reason: `stands before ${before.name}`,
    hint: "only transpose may: put filters into the inner codecs",
  });
}

/** Byte codecs in a row, each told what the one before it yields. */
function codecsFor(specs: readonly CodecSpec[], itemSize: number, littleEndian: boolean): Codec[] {
  let input = { itemSize, littleEndian };
  return specs.map((spec) => {
    const codec = codecOf(spec, input);
    if (codec.encodedItemSize !== undefined) input = { ...input, itemSize: codec.encodedItemSize };
    // a compressor's bytes are no elements; what filters of one length in and out yield, still are
    else if (!codec.encodedSize) input = { ...input, itemSize: 1 };
    return codec;
  });
}

/** v3 filters and the transposes between them. */
function filterCodecs(
  specs: readonly CodecSpec[],
  shape: Shape,
  size: number,
): { codecs: Codec[]; itemSize: number } {
  let itemSize = size;
  let current = shape;
  const codecs = specs.map((spec) => {
    if (spec.name === "transpose") {
      const order = checkedOrder(spec.configuration["order"], current.length);
      const codec = transposeCodec(current, order, itemSize);
      current = order.map((axis) => current[axis]);
      return codec;
    }
    if (!isFilter(spec.name))
      throw new CodecError({
        codec: spec.name,
        reason: "stands before the codec that makes bytes of elements",
        hint: `known here are transpose and filters; of ${codecNames().join(", ")}, compressors and checksums stand after`,
      });
    const codec = codecOf(spec, { itemSize, littleEndian: true });
    itemSize = codec.encodedItemSize ?? itemSize;
    return codec;
  });
  return { codecs, itemSize };
}

function swapCodec(itemSize: number): Codec {
  const swapped = (bytes: Uint8Array, out: Uint8Array): Uint8Array => {
    out.set(bytes);
    swapBytes(out, itemSize);
    return out;
  };
  return {
    name: "bytes",
    decode: (bytes, size, out) => swapped(bytes, outputFor("bytes", bytes.length, size, out)),
    encode: (bytes) => swapped(bytes, new Uint8Array(bytes.length)),
    encodedSize: (size) => size,
  };
}

/** Elements of a fixed size: reordered, then their bytes through the chain. */
function plainPipeline(
  element: Element,
  shape: Shape,
  axes: readonly number[],
  chain: ByteChain,
): ChunkPipeline {
  const count = sizeOf(shape);
  const size = (count / valuesOf(element)) * storedBytesOf(element);
  const straight = isIdentity(shape, axes);
  const inPlace = straight && element.kind === "plain" && !element.record && !element.count;
  const stored = axes.map((axis) => shape[axis]);
  return {
    dtype: element.dtype,
    shape,
    bestIn: inPlace && chain.isEmpty ? "out" : chain.inWasm ? "attached" : "plain",
    parts: inPlace ? partsOf(chain, element.size) : null,
    shard: null,
    decode(bytes, chunk, out, wanted) {
      return withChunk(chunk, () => {
        checkOut(out, count);
        const part = wanted && inPlace ? scaleSpans(wanted, element.size) : undefined;
        const memory = inPlace && out !== undefined && !Array.isArray(out) ? memoryOf(out) : undefined;
        return andThen(chain.decode(bytes, size, memory, part), (raw) => {
          const own = raw === memory || raw.buffer !== bytes.buffer;
          if (straight) return decodeElements(raw, element, own, out);
          const elements = decodeElements(raw, element, own);
          const to = out ?? allocate(element.dtype, count);
          permute<unknown>(elements, stored, inverse(axes), to);
          return to;
        });
      });
    },
    encode(data, chunk) {
      return withChunk(chunk, () =>
        chain.encode(encodeElements(reordered(data, element.dtype, shape, axes), element)),
      );
    },
  };
}

/** The same, told of elements. */
function partsOf({ parts }: ByteChain, itemSize: number): PartReading | null {
  if (!parts) return null;
  const { headBytes } = parts;
  return { headBytes, find: (head, wanted) => parts.find(head, scaleSpans(wanted, itemSize)) };
}

function textPipeline(
  shape: Shape,
  axes: readonly number[],
  codec: TextCodec,
  chain: ByteChain,
): ChunkPipeline {
  const count = sizeOf(shape);
  const whole: ChunkPipeline = {
    dtype: "string",
    shape: axes.map((axis) => shape[axis]),
    bestIn: "plain",
    parts: null,
    shard: null,
    decode(bytes, _chunk, out) {
      const texts = codec.decode(bytes, count);
      if (!Array.isArray(out)) return texts;
      for (let i = 0; i < count; i++) out[i] = texts[i];
      return out;
    },
    encode: (data) => codec.encode(data as string[]),
  };
  return wrapped(whole, shape, axes, chain);
}

/** A pipeline with axes reordered before it, and byte codecs after it. */
function wrapped(
  inner: ChunkPipeline,
  shape: Shape,
  axes: readonly number[],
  chain: ByteChain,
): ChunkPipeline {
  const straight = isIdentity(shape, axes);
  const { dtype } = inner;
  const count = sizeOf(shape);
  return {
    dtype,
    shape,
    bestIn: chain.inWasm ? "attached" : "plain",
    parts: null,
    shard: null,
    decode(bytes, chunk, out) {
      return withChunk(chunk, () => {
        checkOut(out, count);
        return andThen(chain.decode(bytes, null), (raw) => {
          if (straight) return inner.decode(raw, chunk, out);
          return andThen(inner.decode(raw, chunk), (data) => {
            const to = out ?? allocate(dtype, count);
            permute<unknown>(data, inner.shape, inverse(axes), to);
            return to;
          });
        });
      });
    },
    encode(data, chunk) {
      return withChunk(chunk, () =>
        andThen(inner.encode(reordered(data, dtype, shape, axes), chunk), (bytes) => chain.encode(bytes)),
      );
    },
  };
}

function reordered(data: BlockData, dtype: Dtype, shape: Shape, axes: readonly number[]): BlockData {
  if (data.length !== sizeOf(shape)) throw sizeError("bytes", data.length, sizeOf(shape));
  if (isIdentity(shape, axes)) return data;
  const out = allocate(dtype, data.length);
  permute<unknown>(data, shape, axes, out);
  return out;
}

function checkOut(out: BlockData | undefined, count: number): void {
  if (out !== undefined && out.length !== count) throw sizeError("bytes", count, out.length);
}

function sharding(input: PipelineV3, shape: Shape, spec: CodecSpec): ChunkPipeline {
  const within = (input.element.inner ?? []).map(({ length }) => length);
  const innerShape = [...integersOf(spec, "chunk_shape", 1), ...within];
  if (innerShape.length !== shape.length || shape.some((length, axis) => length % innerShape[axis] !== 0))
    throw new CodecError({
      codec: spec.name,
      reason: `inner chunks (${innerShape.join(", ")}) don't divide a shard of (${shape.join(", ")})`,
    });
  const inner = pipelineV3({ ...input, shape: innerShape, codecs: codecsOf(spec, "codecs") });
  const counts = shape.map((length, axis) => length / innerShape[axis]);
  const indexShape = [...counts, 2];
  const indexCodecs =
    spec.configuration["index_codecs"] === undefined ? DEFAULT_INDEX : codecsOf(spec, "index_codecs");
  const index = pipelineV3({
    element: plainElement("uint64"),
    shape: indexShape,
    codecs: indexCodecs,
    fill: 0n,
  });
  const sizing = byteChain(
    indexCodecs.filter(({ name }) => !isSerializer(name) && name !== "transpose").map((one) => codecOf(one)),
  );
  const indexBytes = sizing.encodedSize(sizeOf(indexShape) * 8);
  if (indexBytes === null)
    throw new CodecError({
      codec: spec.name,
      reason: `index codecs ${indexCodecs.map(({ name }) => name).join(", ")} don't have a fixed size`,
      hint: "use bytes and crc32c",
    });
  const indexLocation = choiceOf(spec, "index_location", ["start", "end"], "end");
  const { dtype } = input.element;
  return shardedPipeline({ dtype, shape, fill: input.fill, inner, index, indexBytes, indexLocation });
}

const DEFAULT_INDEX: readonly CodecSpec[] = [
  { name: "bytes", configuration: { endian: "little" } },
  { name: "crc32c", configuration: {} },
];
