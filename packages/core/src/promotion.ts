/** Owns NumPy 2's promotion of dtypes (NEP 50), for arrays and for weak scalars of JavaScript. */
import {
  type Dtype,
  type FloatDtype,
  type NumericDtype,
  type TimeDtype,
  type TimeUnit,
  isFloat,
  isInteger,
  isNumeric,
  isSigned,
  isTimedelta,
  isUnsigned,
  itemSize,
  unitOf,
} from "./dtype.js";
import { DtypeError } from "./errors.js";

const UNITS: readonly TimeUnit[] = ["D", "h", "m", "s", "ms", "us", "ns"];

/** The finer of two timedelta dtypes. */
export function commonTimedelta(a: TimeDtype, b: TimeDtype): TimeDtype {
  return UNITS.indexOf(unitOf(a)) >= UNITS.indexOf(unitOf(b)) ? a : b;
}

/** `numpy.promote_types` over all arguments. @throws DtypeError where there is no common dtype */
export function commonDtype(dtypes: readonly Dtype[]): Dtype {
  return dtypes.reduce(promote);
}

function promote(a: Dtype, b: Dtype): Dtype {
  if (a === b) return a;
  if (isNumeric(a) && isNumeric(b)) return promoteNumeric(a, b);
  if (a.startsWith("datetime64") && b.startsWith("datetime64"))
    return UNITS.indexOf(unitOf(a as TimeDtype)) >= UNITS.indexOf(unitOf(b as TimeDtype)) ? a : b;
  if (isTimedelta(a) && isTimedelta(b)) return commonTimedelta(a as TimeDtype, b as TimeDtype);
  throw new DtypeError({
    dtype: a,
    operation: "promotion",
    found: `no common dtype of ${a} and ${b}`,
    hint: "cast one of them",
  });
}

function promoteNumeric(a: NumericDtype, b: NumericDtype): NumericDtype {
  if (a === "bool") return b;
  if (b === "bool") return a;
  if (isFloat(a) || isFloat(b)) {
    const [float, other] = isFloat(a) ? [a, b] : [b as FloatDtype, a];
    if (isFloat(other)) return itemSize(float) >= itemSize(other) ? float : other;
    const needed = itemSize(other) === 1 ? 2 : itemSize(other) === 2 ? 4 : 8;
    return needed <= itemSize(float) ? float : needed === 4 ? "float32" : "float64";
  }
  if (isSigned(a) === isSigned(b)) return itemSize(a) >= itemSize(b) ? a : b;
  const [signed, unsigned] = isSigned(a) ? [a, b] : [b, a];
  if (itemSize(signed) > itemSize(unsigned)) return signed;
  const wider = itemSize(unsigned) * 2;
  return wider === 2 ? "int16" : wider === 4 ? "int32" : wider === 8 ? "int64" : "float64";
}

/** The float dtype that NumPy's true division and square root compute in. */
export function floatOf(dtype: Dtype): FloatDtype {
  if (isFloat(dtype)) return dtype;
  if (!isNumeric(dtype))
    throw new DtypeError({ dtype, operation: "conversion to float", found: `${dtype} is not a number` });
  const size = itemSize(dtype);
  return size === 1 ? "float16" : size === 2 ? "float32" : "float64";
}

/** What a scalar of JavaScript may be in an expression. */
export type Scalar = number | bigint | boolean | string;

/**
 * The dtype of a JavaScript scalar beside arrays of dtype `beside`: NEP 50's *weak* scalars.
 * A whole `number` or a `bigint` is an integer that takes the array's dtype; any other `number`
 * keeps a float array's width and makes integers float64.
 */
export function weakScalar(value: Scalar, beside: Dtype | null): Dtype {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "bigint":
      return beside && isNumeric(beside) && beside !== "bool" ? beside : "int64";
    case "number":
      if (beside && isFloat(beside)) return beside;
      if (!Number.isInteger(value)) return "float64";
      return beside && isInteger(beside) ? fit(value, beside) : "int64";
  }
}

/** NumPy raises OverflowError for `uint8 + 300`; we name the value and the dtype. */
function fit(value: number, dtype: Dtype): Dtype {
  const bits = itemSize(dtype) * 8;
  const low = isUnsigned(dtype) ? 0 : -(2 ** (bits - 1));
  const high = isUnsigned(dtype) ? 2 ** bits : 2 ** (bits - 1);
  if (value >= low && value < high) return dtype;
  throw new DtypeError({
    dtype,
    operation: "scalar",
    found: `${value} is out of bounds for ${dtype}`,
    hint: "astype() the array first",
  });
}
