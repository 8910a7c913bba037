/**
 * Owns reductions as data: their names, options, result dtypes, and the fields of the partial
 * state that blocks exchange (block → combine → finish). How they are computed belongs to the kernels.
 */
import { type Dtype, isFloat, isInteger, isSigned, isTime, isTimedelta } from "./dtype.js";
import { DtypeError } from "./errors.js";

export type ReductionName =
  | "sum"
  | "prod"
  | "mean"
  | "var"
  | "std"
  | "min"
  | "max"
  | "argmin"
  | "argmax"
  | "any"
  | "all"
  | "count"
  | "first"
  | "last";

/** A reduction with its options. `dtype` is the dtype of the elements that go in. */
export interface Reduction {
  readonly name: ReductionName;
  readonly dtype: Dtype;
  /** Leave NaN and NaT out. */
  readonly skipna: boolean;
  /** `var` and `std`: delta degrees of freedom. */
  readonly ddof: number;
  /** `sum` and `prod`: with fewer valid elements than this, the result is NaN. */
  readonly minCount: number;
}

export function reduction(name: ReductionName, dtype: Dtype, options: Partial<Reduction> = {}): Reduction {
  const made = {
    name,
    dtype,
    skipna: options.skipna ?? true,
    ddof: options.ddof ?? 0,
    minCount: options.minCount ?? 0,
  };
  resultOf(made);
  return made;
}

/** Dtype of the finished result, NumPy's. @throws DtypeError where NumPy raises TypeError */
export function resultOf(reduce: Reduction): Dtype {
  const { name, dtype } = reduce;
  const refuse = (): never => {
    throw new DtypeError({ dtype, operation: name, found: `can't reduce ${dtype}`, hint: "cast it first" });
  };
  switch (name) {
    case "count":
    case "argmin":
    case "argmax":
      return dtype === "string" && name !== "count" ? refuse() : "int64";
    case "any":
    case "all":
      return dtype === "string" ? refuse() : "bool";
    case "min":
    case "max":
      return dtype === "string" ? refuse() : dtype;
    case "first":
    case "last":
      return dtype;
    case "sum":
    case "prod":
      if (isTimedelta(dtype) && name === "sum") return dtype;
      if (isTime(dtype) || dtype === "string") return refuse();
      if (isFloat(dtype)) return dtype;
      return dtype === "bool" || isSigned(dtype) ? "int64" : "uint64";
    case "mean":
      if (isTime(dtype)) return dtype;
      if (dtype === "string") return refuse();
      return isFloat(dtype) ? dtype : "float64";
    case "var":
    case "std":
      if (isTimedelta(dtype) && name === "std") return dtype;
      if (isTime(dtype) || dtype === "string") return refuse();
      return isFloat(dtype) ? dtype : "float64";
  }
}

/**
 * Dtypes of the partial state, in order:
 * sum, prod: accumulator (float64 for floats), valid count where `minCount` > 0 ·
 * mean: sum, count · var, std: mean, sum of squared deviations, count · min, max: value ·
 * argmin, argmax, first, last: value, position on the axis (-1: none) · any, all: bool · count: int64.
 * Counts and positions are int64. The mean of times is kept as float64 offsets from the
 * first valid element's value, which is the first field: base, sum, count.
 */
export function stateOf(reduce: Reduction): Dtype[] {
  const { name, dtype } = reduce;
  const wide: Dtype = isFloat(dtype)
    ? "float64"
    : isTime(dtype)
      ? dtype
      : isInteger(dtype) && !isSigned(dtype)
        ? "uint64"
        : "int64";
  switch (name) {
    case "sum":
    case "prod":
      return reduce.minCount > 0 ? [wide, "int64"] : [wide];
    case "mean":
      return isTime(dtype) ? [dtype, "float64", "int64"] : ["float64", "int64"];
    case "var":
    case "std":
      return ["float64", "float64", "int64"];
    case "min":
    case "max":
      return [dtype];
    case "argmin":
    case "argmax":
    case "first":
    case "last":
      return [dtype, "int64"];
    case "any":
    case "all":
      return ["bool"];
    case "count":
      return ["int64"];
  }
}
