/**
 * Owns how one element of an array lies in a chunk's bytes: the dtype names of Zarr v2 (NumPy's typestr) and
 * v3, and what each becomes in memory. Knows no codecs and no chunks.
 */
import { type Dtype, type TimeUnit, isDtype, itemSize } from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";

/** One element in a chunk. */
export interface Element {
  /** What it becomes in memory. */
  readonly dtype: Dtype;
  /**
   * `plain`: the dtype's own bits; `bytes`: text of a fixed number of bytes, ended by zeros; `utf32`: the same,
   * four bytes a code point; `object`: of any length, written by a codec (vlen-utf8, json2).
   */
  readonly kind: "plain" | "bytes" | "utf32" | "object";
  /** Bytes of one element in the chunk; 0 for `object`. */
  readonly size: number;
  readonly littleEndian: boolean;
}

const V2 = /^([<>|=]?)([biufcSUVOmM])(\d*)(?:\[(\w+)\])?$/;
const UNITS: readonly string[] = ["D", "h", "m", "s", "ms", "us", "ns"] satisfies TimeUnit[];
const FAMILY: Readonly<Record<string, string>> = { i: "int", u: "uint", f: "float" };

/** A plain element of the given dtype. */
export function plainElement(dtype: Exclude<Dtype, "string">, littleEndian = true): Element {
  return { dtype, kind: "plain", size: itemSize(dtype), littleEndian };
}

/**
 * The element of a v2 dtype: `<f4`, `|b1`, `>i2`, `<M8[ns]`, `|S5`, `<U10`, `|O`.
 * @throws DtypeError for complex, void and structured dtypes, and for time units that aren't supported
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
    case "M":
    case "m":
      if (size === 8)
        return plainElement(timeDtype(letter === "M" ? "datetime64" : "timedelta64", unit), littleEndian);
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
 * The element of a v3 `data_type`: a core name, `string`, or `{ name, configuration }` of `numpy.datetime64`,
 * `numpy.timedelta64`, `fixed_length_utf32`, `null_terminated_bytes`. Byte order is little until the `bytes`
 * codec says otherwise. @throws DtypeError
 */
export function elementOfV3(dataType: unknown): Element {
  if (dataType === "string") return { dtype: "string", kind: "object", size: 0, littleEndian: true };
  if (typeof dataType === "string") {
    if (isDtype(dataType) && !dataType.includes("[") && dataType !== "string") return plainElement(dataType);
    throw unsupported(dataType);
  }
  if (typeof dataType !== "object" || dataType === null) throw unsupported(dataType);
  const { name, configuration = {} } = dataType as {
    name?: unknown;
    configuration?: Record<string, unknown>;
  };
  switch (name) {
    case "numpy.datetime64":
    case "numpy.timedelta64": {
      const scale = configuration["scale_factor"] ?? 1;
      if (scale !== 1) throw unsupported(dataType);
      return plainElement(timeDtype(name.slice(6) as "datetime64", configuration["unit"]));
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

function timeDtype(family: "datetime64" | "timedelta64", unit: unknown): Exclude<Dtype, "string"> {
  if (typeof unit === "string" && UNITS.includes(unit)) return `${family}[${unit as TimeUnit}]`;
  const greek = unit === "μs" || unit === "µs";
  if (greek) return `${family}[us]`;
  throw new DtypeError({
    dtype: `${family}[${String(unit ?? "generic")}]`,
    found: `a time unit "${String(unit ?? "generic")}"`,
    hint: `units are ${UNITS.join(", ")}: store the times in one of these`,
  });
}

function unsupported(dtype: unknown): DtypeError {
  const name = typeof dtype === "string" ? dtype : String(JSON.stringify(dtype));
  return new DtypeError({
    dtype: name,
    found: "an element type that can't be read",
    hint: "supported are bool, int8…int64, uint8…uint64, float16…float64, datetime64, timedelta64 and text; store complex or structured data as several arrays",
  });
}
