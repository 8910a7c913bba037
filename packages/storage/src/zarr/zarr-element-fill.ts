/**
 * Owns the fill values of elements that are more than one number: complex pairs, raw bytes, sub-arrays, records
 * and times in units of NumPy's. Single values are `zarr-fill-value.ts`'s.
 */
import { type Element, valuesOf } from "@hyperslab/codecs/element";
import { decodeElements } from "@hyperslab/codecs/element-bytes";
import { unitsOfCount } from "@hyperslab/codecs/time-count";
import { type Json, isJsonObject } from "../exact-json.js";
import { type FillText, noFill, readFillValue, textOfStored } from "./zarr-fill-value.js";

/**
 * The text form of `fill_value` for elements of any kind: pairs for complex numbers, lists or base64 for raw bytes,
 * base64 of a whole record, or an object with a member for each of its fields.
 * @param field the element's path within a record, or ""
 * @throws FormatError for what is none
 */
export function readElementFill(json: Json, element: Element, field: string, path: string): FillText {
  const { dtype, kind, inner, record, count } = element;
  if (json === null || json === undefined) return null;
  if (record && typeof json === "string") return fillOfRecord(json, element, path);
  // NumPy's zero of a record
  const own = record && json !== 0 ? memberOf(json, field, path) : json;
  const total = valuesOf(element);
  if (!inner) return inUnits(readFillValue(own, dtype, kind, path), count, json, path);
  const list = flatList(own);
  if (list?.length === total) return list.map((one) => readFillValue(one, dtype, kind, path) ?? "0");
  if (list === null && dtype === "uint8" && typeof own === "string") {
    const bytes = Buffer.from(own, "base64");
    if (bytes.length === total) return Array.from(bytes, String);
  } else if (list === null) {
    // one number stands for all; of a complex number it is the real part
    const first = readFillValue(own, dtype, kind, path) ?? "0";
    const isComplex = inner.at(-1)?.name === "complex";
    return isComplex ? [first, readFillValue(0, dtype, kind, path) ?? "0"] : first;
  }
  throw noFill(json, `element of ${total} values of ${dtype}`, path);
}

function inUnits(fill: string | null, count: Element["count"], json: Json, path: string): string | null {
  if (fill === null || !count) return fill;
  try {
    return unitsOfCount(BigInt(fill), count).toString();
  } catch {
    throw noFill(json, "time that 64 bits hold", path);
  }
}

/** The member of a fill value that belongs to a field: `a.b` is in `{ "a": { "b": … } }`. */
function memberOf(json: Json, field: string, path: string): Json {
  let at: Json = json;
  for (let rest = field; rest !== "";) {
    if (!isJsonObject(at)) throw noFill(json, `record with a field "${field}"`, path);
    const inside: { readonly [key: string]: Json } = at;
    // names may hold dots themselves
    const name = Object.keys(inside).find((key) => rest === key || rest.startsWith(`${key}.`));
    if (name === undefined) throw noFill(json, `record with a field "${field}"`, path);
    at = inside[name];
    rest = rest.slice(name.length + 1);
  }
  return at;
}

/** The field's part of a whole record in base64. */
function fillOfRecord(json: string, element: Element, path: string): FillText {
  const bytes = Buffer.from(json, "base64");
  if (bytes.length !== element.record?.bytes)
    throw noFill(json, `record of ${element.record?.bytes} bytes`, path);
  const values = decodeElements(new Uint8Array(bytes), element, true);
  const texts: string[] = Array.isArray(values)
    ? values
    : Array.from(values as ArrayLike<number | bigint>, (value) => textOfStored(value, element.dtype));
  return element.inner ? texts : texts[0];
}

function flatList(json: Json): Json[] | null {
  return Array.isArray(json) ? (json as readonly Json[]).flatMap((one) => flatList(one) ?? [one]) : null;
}
