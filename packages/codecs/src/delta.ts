/** Owns the delta filter: the first element, then differences. */
import { itemSize, type NumericDtype, type TypedArray } from "@hyperslab/core/dtype";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import type { Codec, CodecSpec } from "./codec.js";
import { bytesOf, castElements, elementsOf, filterDtype, newElements } from "./filter-dtype.js";
import { deliver } from "./output.js";

export function deltaCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  const type = filterDtype(spec, "dtype");
  const stored = filterDtype(spec, "astype", "dtype");
  return {
    name,
    decode(bytes, size, out) {
      const encoded = elementsOf(name, bytes, stored);
      const decoded = running(castElements(encoded, stored.dtype, type.dtype), type.dtype, 1);
      return deliver(name, bytesOf(decoded, type), size, out);
    },
    encode(bytes) {
      const differences = running(elementsOf(name, bytes, type), type.dtype, -1);
      return bytesOf(castElements(differences, type.dtype, stored.dtype), stored);
    },
    encodedSize: (size) => (size / type.size) * stored.size,
    encodedItemSize: itemSize(stored.dtype),
  };
}

/** Running sums (`sign` 1) or differences (−1), in the arithmetic of the dtype: integers wrap, floats round each step. */
function running(from: TypedArray, dtype: NumericDtype, sign: 1 | -1): TypedArray {
  const to = newElements(dtype, from.length);
  if (from.length === 0) return to;
  to[0] = from[0];
  if (dtype === "bool") {
    // NumPy's sum of booleans is "or", its difference "exclusive or"
    for (let i = 1; i < from.length; i++)
      to[i] = sign === 1 ? Number(to[i - 1]) | Number(from[i]) : Number(from[i]) ^ Number(from[i - 1]);
  } else if (dtype === "float16") {
    for (let i = 1; i < from.length; i++) {
      const before = fromFloat16(Number(sign === 1 ? to[i - 1] : from[i - 1]));
      to[i] = toFloat16(fromFloat16(Number(from[i])) + sign * before);
    }
  } else if (
    (from instanceof BigInt64Array || from instanceof BigUint64Array) &&
    (to instanceof BigInt64Array || to instanceof BigUint64Array)
  ) {
    for (let i = 1; i < from.length; i++) to[i] = sign === 1 ? to[i - 1] + from[i] : from[i] - from[i - 1];
  } else {
    for (let i = 1; i < from.length; i++)
      to[i] = sign === 1 ? Number(to[i - 1]) + Number(from[i]) : Number(from[i]) - Number(from[i - 1]);
  }
  return to;
}
