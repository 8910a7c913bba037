/** Owns the way to and from the `ndarray` package and plain JavaScript arrays. The one file that imports it. */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type BlockData, type Dtype, type TypedArray, isBig } from "@hyperslab/core/dtype";
import { ArgumentError, ShapeError } from "@hyperslab/core/errors";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import { sizeOf } from "@hyperslab/core/shape";
import ndarray, { type NdArray } from "ndarray";
import { dateToCount, parseTime } from "./times.js";

/** Typed arrays whose elements are numbers. */
export type NumberArray = Exclude<TypedArray, BigInt64Array | BigUint64Array>;
/** Typed arrays whose elements are bigints, in a form that both `ndarray`'s types and TypeScript 5.0 (tslab's) can read. */
type BigArray = ReturnType<typeof BigInt64Array.of> | ReturnType<typeof BigUint64Array.of>;

/** An `ndarray` of numbers, of bigints (int64, uint64, times), or of strings. */
export type HyperslabArray = NdArray<NumberArray> | NdArray<BigArray> | NdArray<string[]>;

/** One element given by a user. */
export type Element = number | bigint | boolean | string | Date;
/** Elements, nested to any depth. */
export type Nested = Element | readonly Nested[];
/** What holds data in memory. */
export type ArrayLike = Nested | TypedArray | Uint8ClampedArray | NdArray | Block;

/**
 * A block as an `ndarray`; shares its memory. `bool` is a Uint8Array of 0 and 1, times are counts in a
 * BigInt64Array, float16 is widened to a Float32Array.
 */
export function toNdarray(block: Block): HyperslabArray {
  const data =
    block.dtype === "float16" ? Float32Array.from(block.data as Uint16Array, fromFloat16) : block.data;
  return ndarray(data as NumberArray, [...block.shape]);
}

/**
 * A block from what a user gave. Numbers become float64, bigints int64, booleans bool, dates
 * datetime64[ms]; typed arrays keep their dtype; `dtype` overrides, and reads ISO strings as times.
 *
 * @throws ShapeError for ragged lists and for shapes that don't fit
 */
export function toBlock(data: ArrayLike, dtype?: Dtype, shape?: readonly number[]): Block {
  if (isBlock(data) && (!dtype || dtype === data.dtype)) return shape ? reshaped(data, shape) : data;
  if (isBlock(data)) return toBlock(Array.from(data.data as ArrayLikeOf), dtype, shape ?? data.shape);
  if (isNdarray(data)) return fromNdarray(data, dtype);
  if (ArrayBuffer.isView(data)) {
    const native = dtypeOfTyped(data as TypedArray);
    const block: Block = { dtype: native, shape: [data.length], data: data as TypedArray };
    const kept =
      !dtype || dtype === native || (native === "uint8" && dtype === "bool") || sameBits(native, dtype);
    const made = kept
      ? { ...block, dtype: dtype ?? native }
      : { ...filled([data.length], Array.from(data as Iterable<Element>), dtype), dtype };
    return reshaped(made, shape ?? [data.length]);
  }
  const own = shapeOfNested(data as Nested);
  const flat: Element[] = [];
  flatten(data as Nested, own, 0, flat);
  return reshaped(filled(own, flat, dtype ?? guessDtype(flat)), shape ?? own);
}

type ArrayLikeOf = Iterable<Element>;

function isBlock(data: ArrayLike): data is Block {
  return typeof data === "object" && "dtype" in data && typeof data.dtype === "string" && !("stride" in data);
}

function isNdarray(data: ArrayLike): data is NdArray {
  return typeof data === "object" && "stride" in data && "offset" in data;
}

/** Int64 counts may be given for times as they are. */
function sameBits(native: Dtype, dtype: Dtype): boolean {
  return native === "int64" && isBig(dtype) && dtype !== "uint64";
}

function reshaped(block: Block, shape: readonly number[]): Block {
  if (sizeOf(shape) !== block.data.length)
    throw new ShapeError({ asked: `shape (${shape.join(", ")})`, found: `${block.data.length} elements` });
  return { ...block, shape: [...shape] };
}

function dtypeOfTyped(data: TypedArray | Uint8ClampedArray): Dtype {
  switch (data.constructor.name) {
    case "Int8Array":
      return "int8";
    case "Uint8Array":
    case "Uint8ClampedArray":
    case "Buffer":
      return "uint8";
    case "Int16Array":
      return "int16";
    case "Uint16Array":
      return "uint16";
    case "Int32Array":
      return "int32";
    case "Uint32Array":
      return "uint32";
    case "BigInt64Array":
      return "int64";
    case "BigUint64Array":
      return "uint64";
    case "Float32Array":
      return "float32";
    case "Float64Array":
      return "float64";
  }
  throw new ArgumentError({
    asked: "array data",
    found: data.constructor.name,
    hint: "give a typed array, an ndarray or nested lists",
  });
}

function fromNdarray(data: NdArray, dtype?: Dtype): Block {
  const { shape, stride } = data;
  const size = sizeOf(shape);
  const flat: Element[] = new Array<Element>(size);
  const index = new Array<number>(shape.length).fill(0);
  let position = data.offset;
  for (let i = 0; i < size; i++) {
    flat[i] = (data.data as unknown as Element[])[position];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += stride[axis];
      if (++index[axis] < shape[axis]) break;
      position -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  const native = ArrayBuffer.isView(data.data) ? dtypeOfTyped(data.data as TypedArray) : guessDtype(flat);
  return filled(shape, flat, dtype ?? native);
}

function shapeOfNested(data: Nested): number[] {
  const shape: number[] = [];
  for (let level: Nested = data; Array.isArray(level); level = (level as readonly Nested[])[0] ?? 0) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function flatten(data: Nested, shape: readonly number[], depth: number, into: Element[]): void {
  const list = Array.isArray(data) ? (data as readonly Nested[]) : null;
  if ((list === null) !== (depth === shape.length) || (list && list.length !== shape[depth]))
    throw new ShapeError({
      asked: `nested lists of shape (${shape.join(", ")})`,
      found: list ? `a list of ${list.length} at depth ${depth}` : `an element at depth ${depth}`,
      hint: "lists on one level must be equally long",
    });
  if (list) for (const item of list) flatten(item, shape, depth + 1, into);
  else into.push(data as Element);
}

function guessDtype(flat: readonly Element[]): Dtype {
  if (flat.length === 0) return "float64";
  if (flat.every((element) => typeof element === "boolean")) return "bool";
  if (flat.every((element) => typeof element === "bigint")) return "int64";
  if (flat.every((element) => element instanceof Date)) return "datetime64[ms]";
  if (flat.every((element) => typeof element === "string")) return "string";
  if (flat.every((element) => typeof element === "number" || typeof element === "bigint")) return "float64";
  throw new ArgumentError({
    asked: "array data",
    found: `elements of several types (${[...new Set(flat.map((element) => typeof element))].join(", ")})`,
    hint: "give one type",
  });
}

function filled(shape: readonly number[], flat: readonly Element[], dtype: Dtype): Block {
  const block = allocateBlock(dtype, shape);
  for (let i = 0; i < flat.length; i++) setElement(block, i, flat[i]);
  return block;
}

function setElement(block: Block, i: number, element: Element): void {
  const { dtype } = block;
  const data = block.data as (number | bigint | string)[] & BlockData;
  if (element instanceof Date) data[i] = dateToCount(element, dtype);
  else if (dtype === "string") data[i] = String(element);
  else if (typeof element === "string") data[i] = parseTime(element, dtype);
  else if (isBig(dtype)) data[i] = BigInt(element);
  else data[i] = dtype === "float16" ? toFloat16(Number(element)) : Number(element);
}
