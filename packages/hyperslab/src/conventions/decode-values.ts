/**
 * Owns applying a recipe to values in memory: mask, scale, offset, truth values. It is what a lazy
 * expression of the same recipe has to equal, and what coordinates are decoded with.
 */
import {
  type BlockData,
  type Dtype,
  NAT,
  type NumericDtype,
  type TypedArray,
  allocate,
  isBig,
  isFloat,
  isNumeric,
  viewOf,
} from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import type { DecodeRecipe } from "./decode-recipe.js";

/**
 * Values as the recipe means them, before they become times: `recipe.dtype`.
 *
 * @param values - as stored, of `recipe.stored`
 * @returns the same storage where there is nothing to do
 */
export function decodeValues(values: BlockData, recipe: DecodeRecipe): BlockData {
  const { stored, view, dtype, mask, scale, offset, bool } = recipe;
  const nothing = dtype === stored && mask.length === 0 && scale === null && offset === null && view === null;
  if (nothing || Array.isArray(values)) return values;
  if (!isNumeric(dtype))
    throw new DtypeError({ dtype, operation: `decode "${recipe.name}"`, found: `${stored} is stored` });
  const seen = view === null ? values : viewOf(view, values.buffer, values.byteOffset, values.length);
  const out = allocate(dtype, values.length) as TypedArray;
  const half = (view ?? stored) === "float16";
  const missing = new Set<number | bigint>(mask.flatMap((one) => [one, otherKind(one)]));
  const missingValue = isFloat(dtype) ? NaN : NAT;
  const round = rounding(dtype);
  for (let i = 0; i < seen.length; i++) {
    const raw = half ? fromFloat16(Number(seen[i])) : seen[i];
    // in sets, NaN equals itself and -0 equals 0; NaN is never in this one
    const isMissing = missing.size > 0 && missing.has(raw);
    if (bool) {
      // what is missing is NaN on the way, which is not 0
      out[i] = isMissing || Number(raw) !== 0 ? 1 : 0;
      continue;
    }
    if (isMissing) {
      store(out, dtype, i, missingValue);
      continue;
    }
    let value: number | bigint = raw;
    if (scale !== null || offset !== null) {
      value = round(Number(raw));
      if (scale !== null) value = round(value * scale);
      if (offset !== null) value = round(value + offset);
    }
    store(out, dtype, i, value);
  }
  return out;
}

/** The same integer as a bigint, or as a number. */
function otherKind(value: number | bigint): number | bigint {
  if (typeof value === "bigint") return Number(value);
  return Number.isInteger(value) ? BigInt(value) : value;
}

/** After each step the value is one of the dtype, as in arithmetic in place. */
function rounding(dtype: NumericDtype): (value: number) => number {
  if (dtype === "float32") return Math.fround;
  if (dtype === "float16") return (value) => fromFloat16(toFloat16(value));
  return isFloat(dtype) ? (value) => value : Math.trunc;
}

function store(out: TypedArray, dtype: Dtype, i: number, value: number | bigint): void {
  if (isBig(dtype)) (out as BigInt64Array)[i] = typeof value === "bigint" ? value : BigInt(Math.trunc(value));
  else out[i] = dtype === "float16" ? toFloat16(Number(value)) : Number(value);
}
