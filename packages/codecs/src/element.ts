/**
 * Owns how one element of an array lies in a chunk's bytes: the dtype names of Zarr v2 (NumPy's typestr) and
 * v3, and what each becomes in memory. Knows no codecs and no chunks.
 */
import { type Dtype, type TimeUnit, isDtype, itemSize } from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { shown } from "./shown.js";

/** An axis within one element: it comes after the axes of the array. */
export interface InnerAxis {
  /** Where the format gives it a meaning; others are named after their array. */
  readonly name?: string;
  readonly length: number;
}

/** One element in a chunk. */
export interface Element {
  /** What it becomes in memory; with `inner`, what each of its parts becomes. */
  readonly dtype: Dtype;
  /**
   * `plain`: the dtype's own bits; `bytes`: text of a fixed number of bytes, ended by zeros; `utf32`: the same,
   * four bytes a code point; `object`: of any length, written by a codec (vlen-utf8, json2).
   */
  readonly kind: "plain" | "bytes" | "utf32" | "object";
  /** Bytes of one element in the chunk; 0 for `object`. With `inner`, of one of its parts. */
  readonly size: number;
  readonly littleEndian: boolean;
  /** Elements that hold several values: complex numbers (real, imaginary), raw bytes, sub-arrays. */
  readonly inner?: readonly InnerAxis[];
  /** Where the element is a field of a record: the record's length and the field's place in it, in bytes. */
  readonly record?: { readonly bytes: number; readonly offset: number };
  /** Times whose stored unit is none of ours: what a stored count is in units of `dtype`. */
  readonly count?: TimeCount;
}

/** Stored counts of `factor` units; or of so many months since 1970-01, which become days. */
export type TimeCount =
  | { readonly kind: "multiple"; readonly factor: number }
  | { readonly kind: "months"; readonly months: number };

/** Values of one element: 1 but for those with inner axes. */
export function valuesOf(element: Element): number {
  return (element.inner ?? []).reduce((product, { length }) => product * length, 1);
}

/** Bytes from one element to the next in a chunk. */
export function storedBytesOf(element: Element): number {
  return element.record?.bytes ?? element.size * valuesOf(element);
}

const V2 = /^([<>|=]?)([biufcSUVOmM])(\d*)(?:\[([\wμµ]+)\])?$/;
const UNITS: readonly string[] = ["D", "h", "m", "s", "ms", "us", "ns"] satisfies TimeUnit[];
/** v3's names of what has any length. */
const ANY_LENGTH: readonly string[] = ["string", "bytes", "variable_length_bytes", "variable_length_utf8"];
/** Raw bytes beyond this are no element but a file. */
const MOST_RAW = 2 ** 20;
const FAMILY: Readonly<Record<string, string>> = { i: "int", u: "uint", f: "float" };

/** A plain element of the given dtype. */
export function plainElement(dtype: Exclude<Dtype, "string">, littleEndian = true): Element {
  return { dtype, kind: "plain", size: itemSize(dtype), littleEndian };
}

function complexElement(part: "float32" | "float64", littleEndian: boolean): Element {
  return { ...plainElement(part, littleEndian), inner: [{ name: "complex", length: 2 }] };
}

/** Bytes without a meaning: numbers along an axis of their own. */
function rawElement(length: number): Element {
  return { ...plainElement("uint8"), inner: [{ name: `bytes${length}`, length }] };
}

/**
 * The element of a v2 dtype: `<f4`, `|b1`, `>i2`, `<c8`, `<M8[ns]`, `|S5`, `<U10`, `|V6`, `|O`.
 * @throws DtypeError for what isn't supported; structured dtypes are `fieldsOfV2`'s
 */
export function elementOfV2(dtype: unknown): Element {
  const match = typeof dtype === "string" ? V2.exec(dtype) : null;
  if (!match) throw unsupported(dtype);
  const [, order, letter, digits, unit] = match;
  const littleEndian = order !== ">";
  const size = Number(digits || 0);
  switch (letter) {
    case "b":
      if (size === 1) return plainElement("bool");
      break;
    case "i":
    case "u":
    case "f": {
      const name = `${FAMILY[letter]}${size * 8}`;
      if (isDtype(name) && name !== "string") return plainElement(name, littleEndian);
      break;
    }
    case "c":
      if (size === 8 || size === 16) return complexElement(size === 8 ? "float32" : "float64", littleEndian);
      break;
    case "M":
    case "m":
      if (size === 8) {
        const [, factor, bare] = /^(\d*)(.*)$/.exec(unit ?? "") ?? [];
        const family = letter === "M" ? "datetime64" : "timedelta64";
        return { ...timeElement(family, bare, Number(factor || 1)), littleEndian };
      }
      break;
    case "V":
      if (size > 0 && size <= MOST_RAW) return rawElement(size);
      break;
    case "S":
      return { dtype: "string", kind: "bytes", size, littleEndian: true };
    case "U":
      return { dtype: "string", kind: "utf32", size: size * 4, littleEndian };
    case "O":
      return { dtype: "string", kind: "object", size: 0, littleEndian: true };
  }
  throw unsupported(dtype);
}

/**
 * The element of a v3 `data_type`: a core name, `string`, `bytes`, or `{ name, configuration }` of `numpy.datetime64`,
 * `numpy.timedelta64`, `fixed_length_utf32`, `null_terminated_bytes`, `raw_bytes`. Byte order is little until the
 * `bytes` codec says otherwise. @throws DtypeError for what isn't supported; structured types are `fieldsOfV3`'s
 */
export function elementOfV3(dataType: unknown): Element {
  if (typeof dataType === "string" && ANY_LENGTH.includes(dataType))
    return { dtype: "string", kind: "object", size: 0, littleEndian: true };
  if (typeof dataType === "string") {
    if (dataType === "complex64" || dataType === "complex_float32") return complexElement("float32", true);
    if (dataType === "complex128" || dataType === "complex_float64") return complexElement("float64", true);
    const bits = Number(/^r([1-9]\d*)$/.exec(dataType)?.[1] ?? 0);
    if (bits > 0 && bits % 8 === 0 && bits / 8 <= MOST_RAW) return rawElement(bits / 8);
    if (isDtype(dataType) && !dataType.includes("[") && dataType !== "string") return plainElement(dataType);
    throw unsupported(dataType);
  }
  if (typeof dataType !== "object" || dataType === null) throw unsupported(dataType);
  const { name, configuration: given } = dataType as { name?: unknown; configuration?: unknown };
  if (given !== undefined && (typeof given !== "object" || given === null)) throw unsupported(dataType);
  const configuration = { ...given } as Readonly<Record<string, unknown>>;
  switch (name) {
    case "numpy.datetime64":
    case "numpy.timedelta64": {
      const scale = Number(configuration["scale_factor"] ?? 1);
      if (!Number.isInteger(scale) || scale < 1 || scale > 2 ** 31 - 1) throw unsupported(dataType);
      return timeElement(name.slice(6) as "datetime64", configuration["unit"], scale);
    }
    case "raw_bytes": {
      const size = Number(configuration["length_bytes"]);
      if (!Number.isInteger(size) || size < 1 || size > MOST_RAW) throw unsupported(dataType);
      return rawElement(size);
    }
    case "fixed_length_utf32":
    case "null_terminated_bytes": {
      const size = Number(configuration["length_bytes"]);
      const utf32 = name === "fixed_length_utf32";
      if (!Number.isInteger(size) || size < 0 || (utf32 && size % 4)) throw unsupported(dataType);
      return { dtype: "string", kind: utf32 ? "utf32" : "bytes", size, littleEndian: true };
    }
    default:
      if (typeof name === "string" && Object.keys(configuration).length === 0) return elementOfV3(name);
      throw unsupported(dataType);
  }
}

/** Times in a unit of NumPy's, `factor` of them a count: in one of our units. */
function timeElement(family: "datetime64" | "timedelta64", unit: unknown, factor: number): Element {
  const name = unit === "μs" || unit === "µs" ? "us" : unit;
  const counted = (own: TimeUnit, times: number): Element => {
    const element = plainElement(`${family}[${own}]`);
    return times === 1 ? element : { ...element, count: { kind: "multiple", factor: times } };
  };
  if (typeof name === "string" && UNITS.includes(name)) return counted(name as TimeUnit, factor);
  if (name === "W") return counted("D", 7 * factor);
  if ((name === "M" || name === "Y") && family === "datetime64")
    return {
      ...plainElement("datetime64[D]"),
      count: { kind: "months", months: (name === "Y" ? 12 : 1) * factor },
    };
  const found = String(unit || "generic").slice(0, 40);
  throw new DtypeError({
    dtype: `${family}[${found}]`,
    found: `a time unit "${found}"`,
    hint: `units are ${UNITS.join(", ")}: store the times in one of these`,
  });
}

export function unsupported(dtype: unknown): DtypeError {
  const name = typeof dtype === "string" ? dtype.slice(0, 200) : shown(dtype);
  return new DtypeError({
    dtype: name,
    found: "an element type that can't be read",
    hint: "supported are bool, int8…int64, uint8…uint64, float16…float64, complex64, complex128, datetime64, timedelta64, text, raw bytes and records of these",
  });
}
