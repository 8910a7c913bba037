/**
 * Owns the fill values of Zarr in all their legal spellings: JSON in, an element of a block out, and back.
 * In between a fill value is a text (`number` bits in hex, integers in full), so that references stay
 * JSON-safe and no bit of a NaN or of a large integer is lost.
 */
import { textOfBytes } from "@hyperslab/codecs/element-bytes";
import { shown } from "@hyperslab/codecs/shown";
import { type Dtype, NAT, isBig, isFloat, isTime } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import type { Json } from "../exact-json.js";

/** The text form of a fill value; a list where an element holds several that differ, repeated in C order; null where the array has none. */
export type FillText = string | readonly string[] | null;

/** A value as blocks store it: float16 as its bits. */
type FillScalar = number | bigint | string;

/** An element as blocks store it; a list where it holds several values. */
export type FillElement = FillScalar | readonly FillScalar[];

const LIMITS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  bool: [0n, 1n],
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32768n, 32767n],
  uint16: [0n, 65535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [NAT, 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/**
 * The text form of `fill_value` as metadata spell it: numbers, `"NaN"`, `"Infinity"`, `"-Infinity"`, hex bits
 * (`"0x7fc00000"`), `"NaT"`, base64 of fixed-length bytes, plain text, `null`.
 * @param kind how the array keeps its text, where it keeps text
 * @throws FormatError for what is no element of the dtype
 */
export function readFillValue(
  json: Json,
  dtype: Dtype,
  kind: "plain" | "bytes" | "utf32" | "object",
  path: string,
): string | null {
  if (json === null || json === undefined) return null;
  const fail = (): FormatError => noFill(json, dtype, path);
  if (dtype === "string") {
    // zarr-python writes 0 for "" in old stores
    if (json === 0) return "";
    if (kind === "bytes" && isByteList(json)) return textOfBytes(Buffer.from(json), 0, json.length);
    if (typeof json !== "string") throw fail();
    return kind === "bytes" ? textOfBase64(json) : json;
  }
  if (isFloat(dtype)) {
    const value = floatOf(json, dtype);
    if (value === undefined) throw fail();
    return value;
  }
  if (isTime(dtype) && (json === "NaT" || Number.isNaN(json))) return NAT.toString();
  const value = integerOf(json);
  const [lo, hi] = LIMITS[isTime(dtype) ? "int64" : dtype];
  if (value === undefined || value < lo || value > hi) throw fail();
  return value.toString();
}

/** The element of a fill text; zero or "" where there is none, as zarr-python reads such arrays. */
export function fillElement(fill: FillText, dtype: Dtype): FillElement {
  return typeof fill === "object" && fill !== null
    ? fill.map((one) => fillScalar(one, dtype))
    : fillScalar(fill, dtype);
}

function fillScalar(fill: string | null, dtype: Dtype): FillScalar {
  if (dtype === "string") return fill ?? "";
  if (fill === null) return isBig(dtype) ? 0n : 0;
  if (!isFloat(dtype)) return isBig(dtype) ? BigInt(fill) : Number(fill);
  const view = new DataView(new ArrayBuffer(8));
  switch (dtype) {
    case "float16":
      return Number(fill);
    case "float32":
      view.setUint32(0, Number(fill));
      return view.getFloat32(0);
    case "float64":
      view.setBigUint64(0, BigInt(fill));
      return view.getFloat64(0);
  }
}

/** The number, bigint, boolean or text (or a list) that people know the fill value as; null where there is none. */
export function fillAttribute(fill: FillText, dtype: Dtype): Json {
  if (fill === null) return null;
  if (typeof fill === "object") return fill.map((one) => fillAttribute(one, dtype));
  const element = fillScalar(fill, dtype);
  if (dtype === "bool") return element === 1;
  return dtype === "float16" ? fromFloat16(Number(element)) : element;
}

/** The text form of a fill value that somebody gives in code. @throws FormatError for no element of the dtype */
export function fillTextOf(value: Json, dtype: Dtype, path: string): string | null {
  if (value === null || typeof value !== "number" || !isFloat(dtype))
    return readFillValue(value, dtype, "plain", path);
  return floatText(value, dtype);
}

/** `fill_value` as v2 and v3 metadata have it; of NaNs all but the usual one keep their bits (v3 only). */
export function writeFillValue(
  fill: FillText,
  dtype: Dtype,
  kind: "plain" | "bytes" | "utf32" | "object",
  version: 2 | 3,
): Json {
  if (fill === null) return version === 2 ? null : writeFillValue(zeroText(dtype), dtype, kind, version);
  if (typeof fill === "object") return fill.map((one) => writeFillValue(one, dtype, kind, version));
  if (dtype === "string") return kind === "bytes" ? Buffer.from(fill, "utf8").toString("base64") : fill;
  if (!isFloat(dtype)) {
    if (dtype === "bool") return fill === "1";
    const value = BigInt(fill);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  const value = Number(fillAttribute(fill, dtype));
  if (Number.isFinite(value)) return value;
  if (!Number.isNaN(value)) return value > 0 ? "Infinity" : "-Infinity";
  return version === 2 || fill === floatText(NaN, dtype) ? "NaN" : fill;
}

/** `_FillValue` in the attributes of a v3 array, as xarray writes it: floats as base64 of a little-endian double. */
export function writeFillAttribute(value: Json, dtype: Dtype): Json {
  if (!isFloat(dtype) || (typeof value !== "number" && typeof value !== "bigint")) return value;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(Number(value));
  return bytes.toString("base64");
}

/** What {@link writeFillAttribute} wrote; everything else as it is. */
export function readFillAttribute(value: Json, dtype: Dtype): Json {
  if (!isFloat(dtype) || typeof value !== "string" || !/^[A-Za-z0-9+/]{11}=$/.test(value)) return value;
  return Buffer.from(value, "base64").readDoubleLE(0);
}

function zeroText(dtype: Dtype): string {
  if (dtype === "string") return "";
  return isFloat(dtype) ? floatText(0, dtype) : "0";
}

type Float = "float16" | "float32" | "float64";
const DIGITS: Record<Float, number> = { float16: 4, float32: 8, float64: 16 };

function floatOf(json: Json, dtype: Float): string | undefined {
  if (typeof json === "number" || typeof json === "bigint") return floatText(Number(json), dtype);
  if (typeof json !== "string") return undefined;
  if (json === "NaN" || json === "Infinity" || json === "-Infinity") return floatText(Number(json), dtype);
  if (/^0x[0-9a-fA-F]+$/.test(json))
    return json.length === 2 + DIGITS[dtype] ? json.toLowerCase() : undefined;
  // some writers put numbers into strings
  return json.trim() !== "" && Number.isFinite(Number(json)) ? floatText(Number(json), dtype) : undefined;
}

/** The bits of a number as the dtype has them, in hex. */
function floatText(value: number, dtype: Float): string {
  const view = new DataView(new ArrayBuffer(8));
  let bits: bigint;
  if (dtype === "float16") bits = BigInt(toFloat16(value));
  else if (dtype === "float32") {
    view.setFloat32(0, value);
    bits = BigInt(view.getUint32(0));
  } else {
    view.setFloat64(0, value);
    bits = view.getBigUint64(0);
  }
  return `0x${bits.toString(16).padStart(DIGITS[dtype], "0")}`;
}

function integerOf(json: Json): bigint | undefined {
  if (typeof json === "bigint") return json;
  if (typeof json === "boolean") return json ? 1n : 0n;
  if (typeof json === "number" && Number.isInteger(json)) return BigInt(json);
  if (typeof json === "string" && /^-?\d+$/.test(json)) return BigInt(json);
  return undefined;
}

/** Fixed-length bytes are written in base64; what isn't base64 is taken for the text itself. */
function textOfBase64(json: string): string {
  const bytes = Buffer.from(json, "base64");
  const text = bytes.toString("base64") === json ? textOfBytes(bytes, 0, bytes.length) : json;
  return text.replace(/\0+$/, "");
}

/** What is said of a `fill_value` that can't be one. */
export function noFill(json: Json, what: string, path: string): FormatError {
  return new FormatError({
    path,
    format: "zarr",
    reason: `fill_value ${shown(json)} is no ${what}`,
    hint: "mend fill_value in the array's metadata",
  });
}

function isByteList(json: Json): json is readonly number[] {
  return (
    Array.isArray(json) && json.every((one) => Number.isInteger(one) && Number(one) >= 0 && Number(one) < 256)
  );
}

/** The text form of a value as blocks store it. */
export function textOfStored(value: number | bigint, dtype: Dtype): string {
  if (dtype === "float16") return `0x${value.toString(16).padStart(DIGITS.float16, "0")}`;
  return isFloat(dtype) ? floatText(Number(value), dtype) : value.toString();
}
