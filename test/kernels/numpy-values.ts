/** Reads the values that `fixtures/make_numpy.py` wrote, and compares blocks with them. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type Dtype, asDtype, isBig, isFloat, isTime, viewOf } from "@hyperslab/core/dtype";
import { fromFloat16 } from "@hyperslab/core/float16";
import type { OperatorName } from "@hyperslab/core/operator";
import type { ReductionName } from "@hyperslab/core/reduction";

interface Packed {
  readonly dtype: string;
  readonly shape: number[];
  readonly hex: string;
}

export interface NumpyValues {
  readonly arrays: readonly Packed[];
  readonly elementwise: readonly {
    op: OperatorName;
    outer: boolean;
    args: number[];
    result: number;
  }[];
  readonly casts: readonly { arg: number; result: number }[];
  readonly reductions: readonly {
    name: ReductionName;
    arg: number;
    axes: number[];
    skipna: boolean;
    options: { ddof?: number; minCount?: number };
    result: number;
  }[];
}

export function readNumpyValues(): NumpyValues {
  const path = new URL("fixtures/numpy.json.gz", import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(path)).toString()) as NumpyValues;
}

export function unpack(values: Pick<NumpyValues, "arrays">, index: number): Block {
  const { dtype, shape, hex } = values.arrays[index];
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  return { dtype: asDtype(dtype), shape, data: viewOf(asDtype(dtype) as "int8", bytes.buffer) };
}

/** The elements as numbers and bigints. */
export function elementsOf(block: Block): (number | bigint | string)[] {
  const list = Array.from(block.data as ArrayLike<number | bigint | string>);
  return block.dtype === "float16" ? list.map((bits) => fromFloat16(bits as number)) : list;
}

/** A block of `dtype` of numbers that the dtype holds. */
export function blockOf(
  dtype: Dtype,
  values: readonly (number | bigint | string)[],
  shape?: number[],
): Block {
  const block = allocateBlock(dtype, shape ?? [values.length]);
  const data = block.data as unknown[];
  values.forEach((value, i) => {
    data[i] = isBig(dtype) || dtype === "string" ? value : Number(value);
  });
  return block;
}

/** Distance in units in the last place; 0 for equal values, NaNs and zeros of either sign included. */
export function ulps(dtype: Dtype, a: number | bigint | string, b: number | bigint | string): number {
  if (a === b || (a !== a && b !== b)) return 0;
  if (!isFloat(dtype) || isTime(dtype)) return Infinity;
  const x = Number(a);
  const y = Number(b);
  if (!Number.isFinite(x) || !Number.isFinite(y)) return Infinity;
  const [digits, least] = dtype === "float64" ? [52, -1074] : dtype === "float32" ? [23, -149] : [10, -24];
  const size = Math.max(Math.abs(x), Math.abs(y));
  const unit = 2 ** Math.max(least, Math.floor(Math.log2(size)) - digits);
  return Math.abs(x - y) / unit;
}
