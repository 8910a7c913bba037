/**
 * Owns the JavaScript text of one operation of a scalar program. Only text of this file, made of
 * operator names it knows, ever becomes source; constants are handed over as values.
 */
import { type Dtype, isBig, isFloat, isInteger, isTime, isUnsigned, itemSize } from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import type { OperatorName } from "@hyperslab/core/operator";
import { castSource } from "./cast-source.js";
import { wrap } from "./wrap-source.js";

/**
 * Source of `name` over the variables `args`, all of dtype `dtype` but for times scaled by numbers
 * (`dtypes` are those of the arguments), giving `result`.
 */
export function operatorSource(
  name: OperatorName,
  dtypes: readonly Dtype[],
  result: Dtype,
  args: readonly string[],
): string {
  if (dtypes.some(isTime)) return timeSource(name, dtypes, args);
  const [a, b] = args;
  const dtype = dtypes[0];
  const big = isBig(dtype);
  const float = isFloat(dtype);
  const rounded = (expression: string): string => wrap(result, expression);
  const compare = (sign: string): string => `(${a}${sign}${b}?1:0)`;
  const choose = (sign: string): string => `(${a}${sign}${b}?${a}:${b})`;
  const f = itemSize(dtype) === 8 ? "K.same" : "F";
  const bits = itemSize(dtype) * 8;
  const inRange = big ? `${b}>=0n&&${b}<64n` : `${b}>=0&&${b}<${bits}`;
  switch (name) {
    case "add":
      return dtype === "bool" ? `(${a}|${b})` : rounded(`${a}+${b}`);
    case "subtract":
      return rounded(`${a}-${b}`);
    case "multiply":
      if (dtype === "bool") return `(${a}&${b})`;
      return rounded(!big && !float ? `Math.imul(${a},${b})` : `${a}*${b}`);
    case "square":
      if (dtype === "bool") return a;
      return rounded(!big && !float ? `Math.imul(${a},${a})` : `${a}*${a}`);
    case "divide":
      return rounded(`${a}/${b}`);
    case "floorDivide":
      if (float) return rounded(`K.floorDivide(${a},${b},${f})`);
      return rounded(big ? `K.bigFloorDivide(${a},${b})` : `K.intFloorDivide(${a},${b})`);
    case "remainder":
      if (float) return rounded(`K.remainder(${a},${b},${f})`);
      return big ? `K.bigRemainder(${a},${b})` : `K.intRemainder(${a},${b})`;
    case "power":
      if (float) return rounded(`${itemSize(dtype) === 8 ? "K.power" : "K.singlePower"}(${a},${b})`);
      return rounded(big ? `K.bigPower(${a},${b})` : `K.intPower(${a},${b})`);
    case "minimum":
      return float ? `Math.min(${a},${b})` : choose("<");
    case "maximum":
      return float ? `Math.max(${a},${b})` : choose(">");
    case "fmin":
      return float ? `K.fmin(${a},${b})` : choose("<");
    case "fmax":
      return float ? `K.fmax(${a},${b})` : choose(">");
    case "hypot":
      return rounded(`Math.hypot(${a},${b})`);
    case "atan2":
      return rounded(`Math.atan2(${a},${b})`);
    case "equal":
      return compare("===");
    case "notEqual":
      return compare("!==");
    case "less":
      return compare("<");
    case "lessEqual":
      return compare("<=");
    case "greater":
      return compare(">");
    case "greaterEqual":
      return compare(">=");
    case "logicalAnd":
      return `(${a}&${b})`;
    case "logicalOr":
      return `(${a}|${b})`;
    case "logicalXor":
      return `(${a}^${b})`;
    case "logicalNot":
      return `(1-${a})`;
    case "bitwiseAnd":
      return rounded(`${a}&${b}`);
    case "bitwiseOr":
      return rounded(`${a}|${b}`);
    case "bitwiseXor":
      return rounded(`${a}^${b}`);
    case "bitwiseNot":
      return dtype === "bool" ? `(1-${a})` : rounded(`~${a}`);
    case "leftShift":
      return `(${inRange}?${rounded(`${a}<<${b}`)}:${big ? "0n" : "0"})`;
    case "rightShift": {
      if (isUnsigned(dtype)) return `(${inRange}?${a}${big ? ">>" : ">>>"}${b}:${big ? "0n" : "0"})`;
      return `(${inRange}?${a}>>${b}:${big ? `(${a}<0n?-1n:0n)` : `(${a}<0?-1:0)`})`;
    }
    case "negative":
      return float ? `(-${a})` : rounded(`-${a}`);
    case "absolute":
      if (float) return `Math.abs(${a})`;
      return isUnsigned(dtype) || dtype === "bool" ? a : rounded(`${a}<${big ? "0n" : "0"}?-${a}:${a}`);
    case "sign":
      if (big) return `(${a}>0n?1n:${a}<0n?-1n:0n)`;
      return float ? `K.sign(${a})` : `(${a}>0?1:${a}<0?-1:0)`;
    case "floor":
    case "ceil":
    case "trunc":
      return float ? `Math.${name}(${a})` : a;
    case "round":
      return float ? `K.roundEven(${a})` : a;
    case "exp":
      return rounded(`${itemSize(dtype) === 8 ? "K.exp" : "K.singleExp"}(${a})`);
    case "log":
      return rounded(`${itemSize(dtype) === 8 ? "K.log" : "K.singleLog"}(${a})`);
    case "sqrt":
    case "expm1":
    case "log1p":
    case "log2":
    case "log10":
    case "sin":
    case "cos":
    case "tan":
    case "asin":
    case "acos":
    case "atan":
    case "sinh":
    case "cosh":
    case "tanh":
      return rounded(`Math.${name}(${a})`);
    // NumPy's factors, computed in float32 where the dtype is no wider
    case "degrees":
      return rounded(`${a}*${dtype === "float64" ? "(180/Math.PI)" : "F(180/F(Math.PI))"}`);
    case "radians":
      return rounded(`${a}*${dtype === "float64" ? "(Math.PI/180)" : "F(F(Math.PI)/180)"}`);
    case "isnan":
      return `(${a}!==${a}?1:0)`;
    case "isfinite":
      return `(${a}-${a}===0?1:0)`;
    case "isinf":
      return `(${a}===Infinity||${a}===-Infinity?1:0)`;
  }
}

/** Operators over counts of time. NaT compares unequal to everything, itself too. */
function timeSource(name: OperatorName, dtypes: readonly Dtype[], args: readonly string[]): string {
  const [a, b] = args;
  const valid = `${a}!==NAT&&${b}!==NAT`;
  const number = dtypes.find((dtype) => !isTime(dtype));
  const pick = (sign: string): string => `(${a}===NAT||${b}===NAT?NAT:${a}${sign}${b}?${a}:${b})`;
  const ignore = (sign: string): string => `(${a}===NAT?${b}:${b}===NAT||${a}${sign}${b}?${a}:${b})`;
  switch (name) {
    case "add":
      return `K.timeAdd(${a},${b})`;
    case "subtract":
      return `K.timeSubtract(${a},${b})`;
    case "multiply": {
      const [delta, by] = isTime(dtypes[0]) ? [a, b] : [b, a];
      return number && isFloat(number) ? `K.timeScale(${delta},${by})` : `K.timeMultiply(${delta},${by})`;
    }
    case "divide":
      return number ? `K.timeDivide(${a},${castSource(number, "float64", b)})` : `K.timeRatio(${a},${b})`;
    case "floorDivide":
      if (!number) return `K.timeFloorRatio(${a},${b})`;
      return isInteger(number) ? `K.timeDivideInteger(${a},${b})` : `K.timeDivide(${a},${b})`;
    case "remainder":
      return `K.timeRemainder(${a},${b})`;
    case "minimum":
      return pick("<");
    case "maximum":
      return pick(">");
    case "fmin":
      return ignore("<");
    case "fmax":
      return ignore(">");
    case "equal":
      return `(${a}===${b}&&${a}!==NAT?1:0)`;
    case "notEqual":
      return `(${a}!==${b}||${a}===NAT?1:0)`;
    case "less":
      return `(${valid}&&${a}<${b}?1:0)`;
    case "lessEqual":
      return `(${valid}&&${a}<=${b}?1:0)`;
    case "greater":
      return `(${valid}&&${a}>${b}?1:0)`;
    case "greaterEqual":
      return `(${valid}&&${a}>=${b}?1:0)`;
    case "negative":
      return `BigInt.asIntN(64,-${a})`;
    case "absolute":
      return `BigInt.asIntN(64,${a}<0n?-${a}:${a})`;
    case "isnan":
      return `(${a}===NAT?1:0)`;
    case "isfinite":
      return `(${a}===NAT?0:1)`;
    case "isinf":
      return "0";
    default:
      throw new DtypeError({ dtype: dtypes.join(", "), operation: name, found: "not defined for times" });
  }
}
