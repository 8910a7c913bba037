/**
 * Owns v3's `sharding_indexed`: many inner chunks in one object, and the index that tells where each lies.
 * Knows how to read one inner chunk given the index and its bytes; who fetches them is storage's affair.
 */
import { allocate, type BlockData, type Dtype } from "@hyperslab/core/dtype";
import { blockCoords } from "@hyperslab/core/chunk-grid";
import { CodecError } from "@hyperslab/core/errors";
import { type Shape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import { withChunk } from "./byte-chain.js";
import { damaged } from "./output.js";
import type { ChunkPipeline, ShardIndex, ShardLayout } from "./chunk-pipeline.js";
import { andThen } from "./sequence.js";

/** An element as it stands in a block's data; a list, repeated, where elements hold several values that differ. */
export type Fill = number | bigint | string | readonly (number | bigint | string)[];

/** What {@link shardedPipeline} is made of. */
export interface ShardParts {
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly fill: Fill;
  readonly inner: ChunkPipeline;
  /** Codes the index: uint64 of shape (…counts, 2). */
  readonly index: ChunkPipeline;
  readonly indexBytes: number;
  readonly indexLocation: "start" | "end";
}

const NAME = "sharding_indexed";
const ABSENT = 2n ** 64n - 1n;

function shardLayout(parts: ShardParts): ShardLayout {
  const { inner, shape, index, indexBytes, indexLocation } = parts;
  const counts = shape.map((length, axis) => length / inner.shape[axis]);
  return {
    inner,
    counts,
    total: sizeOf(counts),
    indexLocation,
    indexBytes,
    decodeIndex(bytes, chunk) {
      return withChunk(chunk, () => {
        if (bytes.length !== indexBytes)
          throw damaged(NAME, `the index is ${bytes.length} bytes where it has ${indexBytes}`);
        return andThen(index.decode(bytes, chunk), (data) => indexOf(data as BigUint64Array));
      });
    },
  };
}

function indexOf(entries: BigUint64Array): ShardIndex {
  return {
    range(inner) {
      const offset = entries[2 * inner];
      const length = entries[2 * inner + 1];
      if (offset === ABSENT && length === ABSENT) return null;
      const end = offset + length;
      if (end > BigInt(Number.MAX_SAFE_INTEGER))
        throw damaged(NAME, `the index puts inner chunk ${inner} at bytes ${offset}+${length}`);
      return { offset: Number(offset), length: Number(length) };
    },
  };
}

/** The pipeline of whole shards. */
export function shardedPipeline(parts: ShardParts): ChunkPipeline {
  const { dtype, shape, inner, index, indexBytes, indexLocation, fill } = parts;
  const layout = shardLayout(parts);
  const { counts, total } = layout;
  const place = (number: number): number[] =>
    blockCoords(counts, number).map((coord, axis) => coord * inner.shape[axis]);

  return {
    dtype,
    shape,
    bestIn: "plain",
    parts: null,
    shard: layout,
    decode(bytes, chunk, out) {
      return withChunk(chunk, () => {
        if (bytes.length < indexBytes)
          throw damaged(NAME, `${bytes.length} bytes can't hold an index of ${indexBytes}`);
        const at = indexLocation === "start" ? 0 : bytes.length - indexBytes;
        const block = out ?? allocate(dtype, sizeOf(shape));
        return andThen(layout.decodeIndex(bytes.subarray(at, at + indexBytes), chunk), (found) => {
          const step = (from: number): BlockData | Promise<BlockData> => {
            for (let i = from; i < total; i++) {
              const range = found.range(i);
              if (range === null) {
                fillBox(block, shape, place(i), inner.shape, fill);
                continue;
              }
              const { offset, length } = range;
              if (offset + length > bytes.length)
                throw damaged(NAME, `inner chunk ${i} ends at byte ${offset + length} of ${bytes.length}`);
              const data = inner.decode(bytes.subarray(offset, offset + length), `${chunk}[${i}]`);
              if (data instanceof Promise)
                return data.then((late) => {
                  copyBox(late, inner.shape, null, block, shape, place(i), inner.shape);
                  return step(i + 1);
                });
              copyBox(data, inner.shape, null, block, shape, place(i), inner.shape);
            }
            return block;
          };
          return step(0);
        });
      });
    },
    encode(data, chunk) {
      return withChunk(chunk, () => {
        const entries = new BigUint64Array(2 * total).fill(ABSENT);
        const pieces: Uint8Array[] = [];
        let at = indexLocation === "start" ? indexBytes : 0;
        const add = (i: number, bytes: Uint8Array): void => {
          entries[2 * i] = BigInt(at);
          entries[2 * i + 1] = BigInt(bytes.length);
          pieces.push(bytes);
          at += bytes.length;
        };
        const step = (from: number): Uint8Array | Promise<Uint8Array> => {
          for (let i = from; i < total; i++) {
            const part = allocate(dtype, sizeOf(inner.shape));
            copyBox(data, shape, place(i), part, inner.shape, null, inner.shape);
            if (isFilledWith(part, fill)) continue;
            const bytes = inner.encode(part, `${chunk}[${i}]`);
            if (bytes instanceof Promise)
              return bytes.then((late) => {
                add(i, late);
                return step(i + 1);
              });
            add(i, bytes);
          }
          return andThen(index.encode(entries, chunk), (bytes) => {
            if (bytes.length !== indexBytes)
              throw new CodecError({ codec: NAME, reason: `the index has ${bytes.length} bytes` });
            return Buffer.concat(indexLocation === "start" ? [bytes, ...pieces] : [...pieces, bytes]);
          });
        };
        return step(0);
      });
    },
  };
}

/** True where every element is `fill`: bit for bit, but that all NaNs are one. */
export function isFilledWith(data: BlockData, fill: Fill): boolean {
  if (typeof fill === "object") {
    for (let i = 0; i < data.length; i++) if (!Object.is(data[i], fill[i % fill.length])) return false;
    return true;
  }
  for (let i = 0; i < data.length; i++) if (!Object.is(data[i], fill)) return false;
  return true;
}

type Start = readonly number[] | null;

/** Copies a box of C-ordered `from` into C-ordered `to`; a null start is the origin. */
function copyBox(
  from: BlockData,
  fromShape: Shape,
  fromStart: Start,
  to: BlockData,
  toShape: Shape,
  toStart: Start,
  box: Shape,
): void {
  const copy = rowCopier(from, to);
  eachRow(fromShape, fromStart, toShape, toStart, box, copy);
}

function rowCopier(from: BlockData, to: BlockData): (a: number, b: number, length: number) => void {
  if (Array.isArray(from) || Array.isArray(to))
    return (a, b, length) => {
      for (let i = 0; i < length; i++) to[b + i] = from[a + i];
    };
  // two typed arrays of one dtype
  const [source, target] = [from as Uint8Array, to as Uint8Array];
  return (a, b, length) => target.set(source.subarray(a, a + length), b);
}

function fillBox(to: BlockData, shape: Shape, start: readonly number[], box: Shape, fill: Fill): void {
  if (typeof fill === "object") {
    const target = to as (number | bigint | string)[];
    eachRow(shape, start, shape, start, box, (_, b, length) => {
      for (let i = b; i < b + length; i++) target[i] = fill[i % fill.length];
    });
    return;
  }
  const target = to as { fill(value: unknown, start: number, stop: number): unknown };
  eachRow(shape, start, shape, start, box, (_, b, length) => target.fill(fill, b, b + length));
}

/** Calls `visit` with the offsets and the length of every contiguous row of a box in two arrays. */
function eachRow(
  fromShape: Shape,
  fromStart: Start,
  toShape: Shape,
  toStart: Start,
  box: Shape,
  visit: (from: number, to: number, length: number) => void,
): void {
  if (sizeOf(box) === 0) return;
  const rank = box.length;
  const fromStrides = stridesOf(fromShape);
  const toStrides = stridesOf(toShape);
  const length = rank === 0 ? 1 : box[rank - 1];
  const rows = sizeOf(box) / length;
  const outer = box.slice(0, -1);
  for (let row = 0; row < rows; row++) {
    const coords = [...blockCoords(outer, row), 0];
    let a = 0;
    let b = 0;
    for (let axis = 0; axis < rank; axis++) {
      a += (coords[axis] + (fromStart?.[axis] ?? 0)) * fromStrides[axis];
      b += (coords[axis] + (toStart?.[axis] ?? 0)) * toStrides[axis];
    }
    visit(a, b, length);
  }
}
