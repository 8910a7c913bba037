/** Owns the lossy filters: fixedscaleoffset, quantize, bitround. Their arithmetic is NumPy's, dtype by dtype. */
import { isFloat, type NumericDtype } from "@hyperslab/core/dtype";
import { CodecError } from "@hyperslab/core/errors";
import { toElements, fromElements } from "./byte-order.js";
import type { Codec, CodecInput, CodecSpec } from "./codec.js";
import { integerOf, numberOf } from "./configuration.js";
import { asNumbers, bytesOf, castElements, elementsOf, filterDtype, fromNumbers } from "./filter-dtype.js";
import { deliver } from "./output.js";

/** Round half to even, as `np.around`. */
function around(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The rounding that NumPy applies after each operation of an array of `dtype` with a Python number. */
function roundingOf(dtype: NumericDtype): (value: number) => number {
  return dtype === "float32" ? Math.fround : (value) => value;
}

export function fixedScaleOffsetCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  const type = filterDtype(spec, "dtype");
  const stored = filterDtype(spec, "astype", "dtype");
  const offset = numberOf(spec, "offset");
  const scale = numberOf(spec, "scale");
  if (scale === 0)
    throw new CodecError({ codec: name, reason: "scale is 0", hint: "nothing could be read back" });
  const down = roundingOf(type.dtype);
  const up = roundingOf(stored.dtype);
  return {
    name,
    decode(bytes, size, out) {
      const numbers = asNumbers(elementsOf(name, bytes, stored), stored.dtype);
      for (let i = 0; i < numbers.length; i++) numbers[i] = up(up(numbers[i] / up(scale)) + up(offset));
      return deliver(name, bytesOf(fromNumbers(numbers, type.dtype), type), size, out);
    },
    encode(bytes) {
      const numbers = asNumbers(elementsOf(name, bytes, type), type.dtype);
      for (let i = 0; i < numbers.length; i++)
        numbers[i] = around(down(down(numbers[i] - down(offset)) * down(scale)));
      return bytesOf(fromNumbers(numbers, stored.dtype), stored);
    },
    encodedSize: (size) => (size / type.size) * stored.size,
    encodedItemSize: stored.size,
  };
}

export function quantizeCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  const type = filterDtype(spec, "dtype");
  const stored = filterDtype(spec, "astype", "dtype");
  const digits = integerOf(spec, "digits", 0, -308, 308);
  if (!isFloat(type.dtype) || !isFloat(stored.dtype))
    throw new CodecError({ codec: name, reason: `dtype ${type.dtype}`, hint: "quantize takes floats only" });
  const exponent = Math.log10(10 ** -digits);
  const whole = exponent < 0 ? Math.floor(exponent) : Math.ceil(exponent);
  const scale = 2 ** Math.ceil(Math.log2(10 ** -whole));
  const round = roundingOf(type.dtype);
  return {
    name,
    decode(bytes, size, out) {
      const decoded = castElements(elementsOf(name, bytes, stored), stored.dtype, type.dtype);
      return deliver(name, bytesOf(decoded, type), size, out);
    },
    encode(bytes) {
      const numbers = asNumbers(elementsOf(name, bytes, type), type.dtype);
      for (let i = 0; i < numbers.length; i++)
        numbers[i] = round(around(round(round(scale) * numbers[i])) / round(scale));
      return bytesOf(fromNumbers(numbers, stored.dtype), stored);
    },
    encodedSize: (size) => (size / type.size) * stored.size,
    encodedItemSize: stored.size,
  };
}

/** Mantissa bits by bytes of the float. */
const MANTISSA: Readonly<Record<number, number>> = { 2: 10, 4: 23, 8: 52 };

/** Keeps `keepbits` bits of every mantissa, rounding half to even; what it wrote needs no decoding. */
export function bitroundCodec(spec: CodecSpec, input: CodecInput): Codec {
  const name = spec.name;
  const keep = integerOf(spec, "keepbits", -1, 0, 52);
  return {
    name,
    decode(bytes, size, out) {
      return deliver(name, bytes, size, out);
    },
    encode(bytes) {
      const bits = MANTISSA[input.itemSize];
      if (bits === undefined || keep > bits)
        throw new CodecError({
          codec: name,
          reason: `keepbits ${keep} of elements of ${input.itemSize} bytes`,
          hint: "it takes float16, float32 and float64, which have 10, 23 and 52 bits",
        });
      return keep === bits ? bytes : roundMantissas(bytes, input, bits - keep);
    },
    encodedSize: (size) => size,
  };
}

function roundMantissas(bytes: Uint8Array, { itemSize, littleEndian }: CodecInput, drop: number): Uint8Array {
  if (itemSize === 8) {
    const words = toElements(new Uint8Array(bytes), "int64", littleEndian) as BigInt64Array;
    const shift = BigInt(drop);
    const half = (1n << (shift - 1n)) - 1n;
    const mask = (-1n >> shift) << shift;
    for (let i = 0; i < words.length; i++)
      words[i] = BigInt.asIntN(64, words[i] + ((words[i] >> shift) & 1n) + half) & mask;
    return fromElements(words, littleEndian);
  }
  const words = toElements(
    new Uint8Array(bytes),
    itemSize === 2 ? "int16" : "int32",
    littleEndian,
  ) as Int32Array;
  const half = 2 ** (drop - 1) - 1;
  const mask = (-1 >> drop) << drop;
  for (let i = 0; i < words.length; i++) words[i] = (words[i] + ((words[i] >> drop) & 1) + half) & mask;
  return fromElements(words, littleEndian);
}
