/**
 * Owns the elementwise operators: their names, their number of arguments, and the dtypes they
 * compute in and give (NumPy's rules). How they are computed belongs to the kernels.
 */
import {
  type Dtype,
  isDatetime,
  isCftime,
  isFloat,
  isInteger,
  isTime,
  isTimedelta,
  unitOf,
  type TimeDtype,
  type TimeUnit,
} from "./dtype.js";
import { DtypeError } from "./errors.js";
import { commonDtype, commonTimedelta, floatOf } from "./promotion.js";

/** Operators of one or two arguments. `where` (three) and `cast` (one, with a target) stand apart. */
export type OperatorName =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "floorDivide"
  | "remainder"
  | "power"
  | "minimum"
  | "maximum"
  | "fmin"
  | "fmax"
  | "hypot"
  | "atan2"
  | "equal"
  | "notEqual"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual"
  | "logicalAnd"
  | "logicalOr"
  | "logicalXor"
  | "logicalNot"
  | "bitwiseAnd"
  | "bitwiseOr"
  | "bitwiseXor"
  | "bitwiseNot"
  | "leftShift"
  | "rightShift"
  | "negative"
  | "absolute"
  | "sign"
  | "square"
  | "floor"
  | "ceil"
  | "trunc"
  | "round"
  | "sqrt"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "log2"
  | "log10"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "tanh"
  | "degrees"
  | "radians"
  | "isnan"
  | "isfinite"
  | "isinf";

/** How an operator's result dtype follows from its arguments. */
type Family =
  | "arithmetic" // common dtype in, the same out
  | "division" // common float dtype in, the same out
  | "comparison" // common dtype in, bool out
  | "logic" // bool in, bool out
  | "bits" // common integer or bool dtype in, the same out
  | "float" // float in, the same float out
  | "rounding" // floats rounded, integers as they are
  | "test" // float or time in, bool out
  | "same"; // numeric in, the same out

const OPERATORS: Record<OperatorName, { readonly arity: 1 | 2; readonly family: Family }> = {
  add: { arity: 2, family: "arithmetic" },
  subtract: { arity: 2, family: "arithmetic" },
  multiply: { arity: 2, family: "arithmetic" },
  divide: { arity: 2, family: "division" },
  floorDivide: { arity: 2, family: "arithmetic" },
  remainder: { arity: 2, family: "arithmetic" },
  power: { arity: 2, family: "arithmetic" },
  minimum: { arity: 2, family: "arithmetic" },
  maximum: { arity: 2, family: "arithmetic" },
  fmin: { arity: 2, family: "arithmetic" },
  fmax: { arity: 2, family: "arithmetic" },
  hypot: { arity: 2, family: "division" },
  atan2: { arity: 2, family: "division" },
  equal: { arity: 2, family: "comparison" },
  notEqual: { arity: 2, family: "comparison" },
  less: { arity: 2, family: "comparison" },
  lessEqual: { arity: 2, family: "comparison" },
  greater: { arity: 2, family: "comparison" },
  greaterEqual: { arity: 2, family: "comparison" },
  logicalAnd: { arity: 2, family: "logic" },
  logicalOr: { arity: 2, family: "logic" },
  logicalXor: { arity: 2, family: "logic" },
  logicalNot: { arity: 1, family: "logic" },
  bitwiseAnd: { arity: 2, family: "bits" },
  bitwiseOr: { arity: 2, family: "bits" },
  bitwiseXor: { arity: 2, family: "bits" },
  bitwiseNot: { arity: 1, family: "bits" },
  leftShift: { arity: 2, family: "bits" },
  rightShift: { arity: 2, family: "bits" },
  negative: { arity: 1, family: "same" },
  absolute: { arity: 1, family: "same" },
  sign: { arity: 1, family: "same" },
  square: { arity: 1, family: "same" },
  floor: { arity: 1, family: "rounding" },
  ceil: { arity: 1, family: "rounding" },
  trunc: { arity: 1, family: "rounding" },
  round: { arity: 1, family: "rounding" },
  sqrt: { arity: 1, family: "float" },
  exp: { arity: 1, family: "float" },
  expm1: { arity: 1, family: "float" },
  log: { arity: 1, family: "float" },
  log1p: { arity: 1, family: "float" },
  log2: { arity: 1, family: "float" },
  log10: { arity: 1, family: "float" },
  sin: { arity: 1, family: "float" },
  cos: { arity: 1, family: "float" },
  tan: { arity: 1, family: "float" },
  asin: { arity: 1, family: "float" },
  acos: { arity: 1, family: "float" },
  atan: { arity: 1, family: "float" },
  sinh: { arity: 1, family: "float" },
  cosh: { arity: 1, family: "float" },
  tanh: { arity: 1, family: "float" },
  degrees: { arity: 1, family: "float" },
  radians: { arity: 1, family: "float" },
  isnan: { arity: 1, family: "test" },
  isfinite: { arity: 1, family: "test" },
  isinf: { arity: 1, family: "test" },
};

export const OPERATOR_NAMES: readonly OperatorName[] = Object.keys(OPERATORS) as OperatorName[];

export function arityOf(name: OperatorName): 1 | 2 {
  return OPERATORS[name].arity;
}

/** The dtype every argument is cast to first, and the dtype of the result. */
export interface Signature {
  readonly compute: readonly Dtype[];
  readonly result: Dtype;
}

/**
 * NumPy 2's rule for `name` over arguments of these dtypes. Scalars of JavaScript were given a
 * dtype before (see `promotion.ts`: `weakScalar`).
 * @throws DtypeError where NumPy raises TypeError (bits of floats, arithmetic on strings or on two datetimes)
 */
export function signatureOf(name: OperatorName, args: readonly Dtype[]): Signature {
  const { arity, family } = OPERATORS[name];
  if (args.length !== arity)
    throw new DtypeError({
      dtype: args.join(", "),
      operation: name,
      found: `${args.length} arguments`,
      hint: `give ${arity}`,
    });
  const same = (dtype: Dtype, result: Dtype = dtype): Signature => ({
    compute: args.map(() => dtype),
    result,
  });
  const refuse = (hint: string): never => {
    throw new DtypeError({
      dtype: args.join(", "),
      operation: name,
      found: `can't take ${args.join(" and ")}`,
      hint,
    });
  };
  if (args.some(isTime)) return timeSignature(name, args, family, same, refuse);
  if (args.includes("string")) {
    if (family === "comparison" && args.every((dtype) => dtype === "string")) return same("string", "bool");
    return refuse("strings can only be compared with strings");
  }
  const common = commonDtype(args);
  switch (family) {
    case "arithmetic":
      if (common !== "bool") return same(common);
      if (name === "subtract") return refuse("use logicalXor, or cast to an integer first");
      if (name === "floorDivide" || name === "remainder" || name === "power") return same("int8");
      return same("bool");
    case "division":
      // true division of integers is float64 in NumPy, however short they are
      return same(name === "divide" && !isFloat(common) ? "float64" : floatOf(common));
    case "comparison":
      return same(common, "bool");
    case "logic":
      return same("bool");
    case "bits":
      if (isFloat(common)) return refuse("bit operations take integers or bool");
      if (common === "bool" && name.endsWith("Shift")) return same("int8");
      return same(common);
    case "float":
      return same(floatOf(common));
    case "rounding":
      return same(common);
    case "test":
      return isFloat(common) ? same(common, "bool") : same(floatOf(common), "bool");
    case "same":
      if (common === "bool" && (name === "negative" || name === "sign"))
        return refuse("use logicalNot, or cast to an integer first");
      return same(common === "bool" && name === "square" ? "int8" : common);
  }
}

/** datetime - datetime = timedelta, datetime ± timedelta = datetime, timedelta × number, and so on. */
function timeSignature(
  name: OperatorName,
  args: readonly Dtype[],
  family: Family,
  same: (dtype: Dtype, result?: Dtype) => Signature,
  refuse: (hint: string) => never,
): Signature {
  if (family === "test") return same(args[0], "bool");
  const [a, b] = args as [Dtype, Dtype | undefined];
  if (b === undefined)
    return isTimedelta(a) && (name === "negative" || name === "absolute")
      ? same(a)
      : refuse("not defined for times");
  const points = args.filter((dtype) => isDatetime(dtype) || isCftime(dtype));
  if (points.length === 2) {
    if (isCftime(a) !== isCftime(b) || (isCftime(a) && a !== b)) return refuse("their calendars differ");
    const common = isCftime(a) ? a : (`datetime64[${commonUnit(a, b)}]` as const);
    if (family === "comparison") return same(common, "bool");
    if (name === "subtract") return same(common, `timedelta64[${unitOf(common as TimeDtype)}]`);
    if (["minimum", "maximum", "fmin", "fmax"].includes(name)) return same(common);
    return refuse("only subtract, compare, minimum and maximum take two points in time");
  }
  if (points.length === 1) {
    const point = points[0] as TimeDtype;
    const other = a === point ? b : a;
    if (!isTimedelta(other) || (name !== "add" && !(name === "subtract" && a === point)))
      return refuse("a point in time takes a timedelta to add or subtract");
    if (isCftime(point))
      return { compute: args.map((d) => (d === point ? point : "timedelta64[us]")), result: point };
    const unit = commonUnit(point, other);
    return {
      compute: args.map((d) => (d === point ? `datetime64[${unit}]` : `timedelta64[${unit}]`)) as Dtype[],
      result: `datetime64[${unit}]`,
    };
  }
  if (isTimedelta(a) && isTimedelta(b)) {
    const common = commonTimedelta(a as TimeDtype, b as TimeDtype);
    if (family === "comparison") return same(common, "bool");
    if (name === "divide") return same(common, "float64");
    if (name === "floorDivide") return same(common, "int64");
    if (["add", "subtract", "remainder", "minimum", "maximum", "fmin", "fmax"].includes(name))
      return same(common);
    return refuse("cast a timedelta to a number first");
  }
  const delta = isTimedelta(a) ? a : b;
  const number = isTimedelta(a) ? b : a;
  if (name === "multiply" || ((name === "divide" || name === "floorDivide") && isTimedelta(a))) {
    const by: Dtype = isInteger(number) && name !== "divide" ? "int64" : "float64";
    return { compute: args.map((dtype) => (dtype === delta ? delta : by)), result: delta };
  }
  return refuse("times and numbers don't mix here; cast first");
}

function commonUnit(a: Dtype, b: Dtype): TimeUnit {
  const common = commonTimedelta(
    `timedelta64[${unitOf(a as TimeDtype)}]`,
    `timedelta64[${unitOf(b as TimeDtype)}]`,
  );
  return unitOf(common);
}
