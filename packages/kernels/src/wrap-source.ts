/** Owns the JavaScript text that brings a result back into the range and precision of its dtype. */
import type { Dtype } from "@hyperslab/core/dtype";

/** `expression`, wrapped or rounded to `dtype`. */
export function wrap(dtype: Dtype, expression: string): string {
  switch (dtype) {
    case "int8":
      return `((${expression})<<24>>24)`;
    case "int16":
      return `((${expression})<<16>>16)`;
    case "int32":
      return `((${expression})|0)`;
    case "bool":
    case "uint8":
      return `((${expression})&255)`;
    case "uint16":
      return `((${expression})&65535)`;
    case "uint32":
      return `((${expression})>>>0)`;
    case "int64":
      return `BigInt.asIntN(64,${expression})`;
    case "uint64":
      return `BigInt.asUintN(64,${expression})`;
    case "float16":
      return `K.toHalf(${expression})`;
    case "float32":
      return `F(${expression})`;
    case "float64":
    case "string":
      return `(${expression})`;
    default:
      return `BigInt.asIntN(64,${expression})`;
  }
}
