/**
 * Owns structured dtypes: the fields of a record, in the spellings of Zarr v2 (NumPy's lists) and v3 (`struct`,
 * `structured`), each as an element with its place in the record. Knows no codecs and no chunks.
 */
import { DtypeError } from "@hyperslab/core/errors";
import { type Element, elementOfV2, elementOfV3, storedBytesOf, unsupported } from "./element.js";

/** One value of every element of an array: a field of a record (`a.b` for a nested one), or, as "", all of it. */
export interface Field {
  readonly path: string;
  /** Or why it can't be read; the others can. */
  readonly element: Element | DtypeError;
}

/** A field before its place is known; no element where it can't be read. */
interface Declared {
  readonly name: string;
  readonly bytes: number;
  /** What it holds, with places counted from its own start. */
  readonly fields: readonly Field[];
}

/** Deeper nesting is an attack or a mistake. */
const DEEPEST = 16;

/** Fields of one record at most. */
const MOST = 4096;

/** Values of one sub-array at most. */
const MOST_VALUES = 2 ** 20;

/** True for a v2 dtype or v3 data type that is a record. */
export function isRecord(dtype: unknown): boolean {
  return Array.isArray(dtype) || nameOf(dtype) === "struct" || nameOf(dtype) === "structured";
}

/**
 * The fields of a v2 dtype: one with an empty path where it is no record.
 * @throws DtypeError for what isn't supported at all
 */
export function fieldsOfV2(dtype: unknown): Field[] {
  return isRecord(dtype) ? recordOfV2(dtype, 0).fields : [{ path: "", element: elementOfV2(dtype) }];
}

/** The fields of a v3 data type. @throws DtypeError as {@link fieldsOfV2} */
export function fieldsOfV3(dataType: unknown): Field[] {
  return isRecord(dataType) ? recordOfV3(dataType, 0).fields : [{ path: "", element: elementOfV3(dataType) }];
}

/** The element of one field. @throws DtypeError where it can't be read, or isn't there */
export function elementOf(fields: readonly Field[], path: string): Element {
  const found = fields.find((field) => field.path === path)?.element;
  if (found === undefined)
    throw new DtypeError({ dtype: path, found: `a record of ${fields.map((one) => one.path).join(", ")}` });
  if (found instanceof DtypeError) throw found;
  return found;
}

/** `[["a", "<i4"], ["b", "<f8", [2, 3]], ["c", [["d", "|b1"]]]]` */
function recordOfV2(dtype: unknown, depth: number): { bytes: number; fields: Field[] } {
  if (!Array.isArray(dtype) || dtype.length === 0 || depth > DEEPEST) throw unsupported(dtype);
  return placed(
    dtype.map((entry: unknown): Declared => {
      if (!Array.isArray(entry) || entry.length < 2 || entry.length > 3) throw unsupported(dtype);
      const [name, of, shape] = entry as readonly unknown[];
      if (typeof name !== "string") throw unsupported(dtype);
      const lengths = lengthsOf(shape, dtype);
      if (isRecord(of)) {
        const { bytes, fields } = recordOfV2(of, depth + 1);
        return repeated(name, bytes, fields, lengths);
      }
      const { bytes, element } = scalar(() => elementOfV2(of), of);
      // NumPy's padding between aligned fields
      if (name === "") return { name, bytes, fields: [] };
      return repeated(name, bytes, [{ path: "", element }], lengths);
    }),
    dtype,
  );
}

/** Fields are `{ name, data_type }`; in the older `structured` also `[name, data_type]`. */
function recordOfV3(dataType: unknown, depth: number): { bytes: number; fields: Field[] } {
  const { configuration } = dataType as { configuration?: { fields?: unknown } };
  const list = configuration?.fields;
  if (!Array.isArray(list) || list.length === 0 || depth > DEEPEST) throw unsupported(dataType);
  return placed(
    list.map((entry: unknown): Declared => {
      const pair: readonly unknown[] = Array.isArray(entry)
        ? (entry as unknown[])
        : [nameOf(entry), (entry as { data_type?: unknown } | null)?.data_type];
      const [name, of] = pair;
      if (typeof name !== "string") throw unsupported(dataType);
      if (isRecord(of)) return { name, ...recordOfV3(of, depth + 1) };
      const { bytes, element } = scalar(() => elementOfV3(of), of);
      return { name, bytes, fields: [{ path: "", element }] };
    }),
    dataType,
  );
}

/** A field that can't be read still takes its bytes, where these are known. */
function scalar(read: () => Element, dtype: unknown): { bytes: number; element: Element | DtypeError } {
  try {
    const element = read();
    if (element.kind === "object") throw unsupported(dtype);
    return { bytes: storedBytesOf(element), element };
  } catch (error) {
    const bytes = Number(/^[<>|=]?[a-zA-Z](\d+)(?:\[\w+\])?$/.exec(String(dtype))?.[1] ?? NaN);
    if (!(error instanceof DtypeError) || !Number.isSafeInteger(bytes)) throw error;
    return { bytes, element: error };
  }
}

/** A field that is a sub-array: one more set of axes for each thing in it. Of records only single ones are read. */
function repeated(
  name: string,
  bytes: number,
  fields: readonly Field[],
  lengths: readonly number[],
): Declared {
  if (lengths.length === 0) return { name, bytes, fields };
  const times = lengths.reduce((product, length) => product * length, 1);
  const axes = lengths.map((length) => ({ length }));
  return {
    name,
    bytes: bytes * times,
    fields: fields.map(({ path, element }): Field => {
      if (element instanceof DtypeError) return { path, element };
      if (element.record) return { path, element: unsupported(`a sub-array of records (${name})`) };
      return { path, element: { ...element, inner: [...axes, ...(element.inner ?? [])] } };
    }),
  };
}

/** Fields packed one after the other, as NumPy and both specifications have them. */
function placed(declared: readonly Declared[], dtype: unknown): { bytes: number; fields: Field[] } {
  const total = declared.reduce((sum, { bytes }) => sum + bytes, 0);
  if (declared.length > MOST || !(total > 0 && total < 2 ** 31)) throw unsupported(dtype);
  let start = 0;
  const fields: Field[] = [];
  for (const { name, bytes, fields: inside } of declared) {
    for (const { path, element } of inside)
      fields.push({
        path: path === "" ? name : `${name}.${path}`,
        element: element instanceof DtypeError ? element : moved(element, start, total),
      });
    start += bytes;
  }
  if (new Set(fields.map(({ path }) => path)).size < fields.length) throw unsupported(dtype);
  return { bytes: total, fields };
}

function moved(element: Element, by: number, bytes: number): Element {
  return { ...element, record: { bytes, offset: by + (element.record?.offset ?? 0) } };
}

function lengthsOf(shape: unknown, dtype: unknown): number[] {
  if (shape === undefined) return [];
  const list: readonly unknown[] = Array.isArray(shape) ? (shape as unknown[]) : [shape];
  const total = list.reduce((product: number, length) => product * Number(length), 1);
  if (!list.every((length) => Number.isInteger(length) && Number(length) > 0) || !(total <= MOST_VALUES))
    throw unsupported(dtype);
  return list.map(Number);
}

function nameOf(dataType: unknown): unknown {
  return typeof dataType === "object" && dataType !== null
    ? (dataType as { name?: unknown }).name
    : undefined;
}
