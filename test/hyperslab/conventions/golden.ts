/** Reads the goldens of the conventions, and builds typed arrays from them. */
import { readFileSync } from "node:fs";
import { type Dtype, type TypedArray, allocate, isBig } from "@hyperslab/core/dtype";
import { toFloat16 } from "@hyperslab/core/float16";
import type { Attribute } from "@hyperslab/storage/source";

export type Values = (string | number)[];

export interface DecodeCase {
  dtype: Dtype;
  values: Values;
  units: string;
  calendar: string | null;
  timeUnit: "s" | "ms" | "us" | "ns";
  out: [dtype: string, values: string[]] | null;
}

export interface EncodeCase {
  dtype: Dtype;
  values: string[];
  options: { units?: string; calendar?: string; dtype?: "int64" | "float64" };
  out: { dtype: string; values: Values; units: string; calendar: string | null } | null;
}

export interface RecipeCase {
  dtype: Dtype;
  values: Values;
  attributes: Record<string, Attribute>;
  dtypes: Record<string, string>;
  options: { maskAndScale?: boolean; decodeTimes?: boolean; decodeTimedelta?: boolean };
  out: {
    dtype: string;
    values: (string | number | boolean)[];
    attributes: Record<string, Attribute>;
    encoding: Record<string, Attribute>;
  } | null;
}

export const golden: { decode: DecodeCase[]; encode: EncodeCase[]; recipe: RecipeCase[] } = JSON.parse(
  readFileSync(new URL("fixtures/conventions.json", import.meta.url), "utf8"),
);

/** Storage of a dtype with these values; integers and NaN are written as text. */
export function storageOf(dtype: Dtype, values: Values): TypedArray {
  const out = allocate(dtype, values.length) as TypedArray;
  values.forEach((value, i) => {
    if (isBig(dtype)) (out as BigInt64Array)[i] = BigInt(value);
    else out[i] = dtype === "float16" ? toFloat16(Number(value)) : Number(value);
  });
  return out;
}

/** Attributes with their NaNs. */
export function attributesOf(plain: Record<string, Attribute>): Record<string, Attribute> {
  return Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [key, value === "NaN" ? NaN : value]),
  );
}

/** Numbers as the goldens write them. */
export function plainNumbers(numbers: ArrayLike<number | bigint>): Values {
  const floats = numbers instanceof Float32Array || numbers instanceof Float64Array;
  return Array.from(numbers, (one) => (Number.isNaN(one) ? "NaN" : floats ? Number(one) : String(one)));
}
