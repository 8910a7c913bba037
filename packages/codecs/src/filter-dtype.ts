/**
 * Owns the typed side of numeric filters (delta, scale and offset, …): reading their dtype settings, and casts
 * between numeric typed arrays as NumPy's `astype` does them.
 */
import { type NumericDtype, type TypedArray, isFloat, isNumeric, itemSize } from "@hyperslab/core/dtype";
import { CodecError, DtypeError } from "@hyperslab/core/errors";
import { viewOf } from "@hyperslab/core/dtype";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import { fromElements, toElements } from "./byte-order.js";
import type { CodecSpec } from "./codec.js";
import { textOf } from "./configuration.js";
import { elementOfV2, elementOfV3, type Element } from "./element.js";

/** A numeric element; times count as int64. */
export interface FilterDtype {
  readonly dtype: NumericDtype;
  readonly size: number;
  readonly littleEndian: boolean;
}

/** The dtype in `key`, in v2 (`<f4`) or v3 (`float32`) spelling; that in `otherwise` where absent. @throws CodecError */
export function filterDtype(spec: CodecSpec, key: string, otherwise?: string): FilterDtype {
  const named = otherwise !== undefined && spec.configuration[key] === undefined ? otherwise : key;
  const text = textOf(spec, named);
  let element: Element;
  try {
    element = /^[<>|=]?[a-zA-Z]\d*(\[\w+\])?$/.test(text) ? elementOfV2(text) : elementOfV3(text);
  } catch (error) {
    if (!(error instanceof DtypeError)) throw error;
    throw new CodecError({ codec: spec.name, reason: `"${named}": ${error.message}`, cause: error });
  }
  const { dtype, littleEndian, size, inner, count } = element;
  if (inner || count)
    throw new CodecError({ codec: spec.name, reason: `"${named}" is ${text}`, hint: "it has to be numeric" });
  if (dtype !== "string" && !isNumeric(dtype)) return { dtype: "int64", littleEndian, size };
  if (isNumeric(dtype)) return { dtype, littleEndian, size };
  throw new CodecError({ codec: spec.name, reason: `"${named}" is ${text}`, hint: "it has to be numeric" });
}

/** Bytes as elements of a numeric dtype. @throws CodecError where they don't divide */
export function elementsOf(codec: string, bytes: Uint8Array, type: FilterDtype): TypedArray {
  if (bytes.length % type.size)
    throw new CodecError({ codec, reason: `${bytes.length} bytes are no whole number of ${type.dtype}` });
  return toElements(bytes, type.dtype, type.littleEndian);
}

/** New storage for elements of a numeric dtype. */
export function newElements(dtype: NumericDtype, length: number): TypedArray {
  return viewOf(dtype, new ArrayBuffer(length * itemSize(dtype)), 0, length);
}

/** Bytes of elements in the dtype's byte order. */
export function bytesOf(elements: TypedArray, type: FilterDtype): Uint8Array {
  return fromElements(elements, type.littleEndian);
}

/** Elements as numbers in float64; 64-bit integers beyond 2⁵³ are rounded, as in NumPy's conversion. */
export function asNumbers(elements: TypedArray, dtype: NumericDtype): Float64Array {
  const out = new Float64Array(elements.length);
  if (dtype === "float16") for (let i = 0; i < out.length; i++) out[i] = fromFloat16(Number(elements[i]));
  else for (let i = 0; i < out.length; i++) out[i] = Number(elements[i]);
  return out;
}

/** Numbers as elements: floats are rounded to nearest, integers truncated and wrapped as a C cast does. */
export function fromNumbers(numbers: Float64Array, dtype: NumericDtype): TypedArray {
  const out = newElements(dtype, numbers.length);
  if (out instanceof BigInt64Array || out instanceof BigUint64Array) {
    for (let i = 0; i < numbers.length; i++)
      out[i] = Number.isFinite(numbers[i]) ? BigInt(Math.trunc(numbers[i])) : 0n;
  } else if (dtype === "float16") for (let i = 0; i < numbers.length; i++) out[i] = toFloat16(numbers[i]);
  else if (dtype === "bool") for (let i = 0; i < numbers.length; i++) out[i] = numbers[i] ? 1 : 0;
  else for (let i = 0; i < numbers.length; i++) out[i] = numbers[i];
  return out;
}

/** NumPy's `astype` between numeric dtypes; exact between 64-bit integers. */
export function castElements(elements: TypedArray, from: NumericDtype, to: NumericDtype): TypedArray {
  if (from === to) return elements;
  const big = elements instanceof BigInt64Array || elements instanceof BigUint64Array;
  if (big && !isFloat(to) && to !== "bool") {
    const out = newElements(to, elements.length);
    const bits = itemSize(to) * 8;
    if (out instanceof BigInt64Array || out instanceof BigUint64Array)
      for (let i = 0; i < out.length; i++) out[i] = elements[i];
    else for (let i = 0; i < out.length; i++) out[i] = Number(BigInt.asIntN(bits, elements[i]));
    return out;
  }
  return fromNumbers(asNumbers(elements, from), to);
}
