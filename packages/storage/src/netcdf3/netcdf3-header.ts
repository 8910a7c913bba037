/**
 * Owns the header of NetCDF-3 files (CDF-1, CDF-2, CDF-5): bytes in, dimensions, attributes and
 * variables out, each variable with its place in the file. Knows no store and reads no data.
 */
import { Cursor, EndOfPrefix, type Netcdf3Type, decodeNumbers, textOf, typeBytes } from "./netcdf3-cursor.js";
import type { Attribute } from "../source.js";

const [NC_DIMENSION, NC_VARIABLE, NC_ATTRIBUTE] = [0x0a, 0x0b, 0x0c];

export interface Netcdf3Dimension {
  readonly name: string;
  /** For the record dimension: the number of records. */
  readonly length: number;
  readonly unlimited: boolean;
}

export interface Netcdf3Attribute {
  readonly name: string;
  readonly type: Netcdf3Type;
  /** A scalar for one number, a list for any other count, text for char. */
  readonly value: Attribute;
}

export interface Netcdf3Variable {
  readonly name: string;
  readonly type: Netcdf3Type;
  readonly dims: readonly Netcdf3Dimension[];
  readonly attributes: readonly Netcdf3Attribute[];
  /** Byte at which the data, or its first record, starts. */
  readonly begin: number;
  /** Bytes of the data, or of one record of it, without padding. */
  readonly bytes: number;
  readonly isRecord: boolean;
  /** Where in the header the variable is declared. */
  readonly declaredAt: number;
}

export interface Netcdf3Header {
  readonly version: 1 | 2 | 5;
  readonly dimensions: readonly Netcdf3Dimension[];
  readonly attributes: readonly Netcdf3Attribute[];
  readonly variables: readonly Netcdf3Variable[];
  readonly records: number;
  /** Bytes from one record to the next. */
  readonly recordBytes: number;
  /** Bytes of the header itself. */
  readonly headerBytes: number;
}

/** Says that the header goes on behind the bytes that were given. */
export interface MoreBytes {
  readonly needed: number;
}

/**
 * Parses the header at the start of `prefix`.
 *
 * @param path - names the file in errors
 * @param fileBytes - length of the whole file
 * @returns the header, or how many bytes the prefix must at least have to go on
 * @throws FormatError with the offset of the byte that makes no sense
 */
export function parseHeader(prefix: Uint8Array, path: string, fileBytes: number): Netcdf3Header | MoreBytes {
  try {
    return parse(new Cursor(prefix, path, fileBytes));
  } catch (error) {
    if (error instanceof EndOfPrefix) return { needed: error.needed };
    throw error;
  }
}

function parse(cursor: Cursor): Netcdf3Header {
  const magic = cursor.uint32();
  const version = magic & 0xff;
  if (magic >>> 8 !== 0x434446 || (version !== 1 && version !== 2 && version !== 5))
    cursor.fail(
      `the file starts with 0x${magic.toString(16).padStart(8, "0")}, not with CDF and 1, 2 or 5`,
      0,
    );
  cursor.wide = version === 5;
  const stored = recordCount(cursor);
  const declared = dimensions(cursor);
  const attributes = attributeList(cursor, "global attributes");
  const variables: Netcdf3Variable[] = [];
  const least = cursor.wide ? 40 : version === 2 ? 32 : 28;
  const count = cursor.list(NC_VARIABLE, "variables", least);
  const names = new Set<string>();
  for (let i = 0; i < count; i++) variables.push(variable(cursor, version, declared, names));
  for (const { name, begin, bytes, declaredAt } of variables)
    if (bytes > 0 && begin < cursor.at)
      cursor.fail(`variable "${name}" starts at byte ${begin}, inside the header`, declaredAt);
  const recordBytes = strideOfRecords(cursor, variables);
  const records = stored ?? countRecords(variables, recordBytes, cursor.fileBytes);
  const known = declared.map((dim) => (dim.unlimited ? { ...dim, length: records } : dim));
  return {
    version,
    dimensions: known,
    attributes,
    variables: variables.map((one) => ({
      ...one,
      dims: one.dims.map((dim) => known[declared.indexOf(dim)]),
    })),
    records,
    recordBytes,
    headerBytes: cursor.at,
  };
}

/** The number of records, or null where the writer left it open ("streaming"). */
function recordCount(cursor: Cursor): number | null {
  if (!cursor.wide) {
    const records = cursor.uint32();
    return records === 0xffffffff ? null : records;
  }
  const high = cursor.uint32();
  const low = cursor.uint32();
  if (high === 0xffffffff && low === 0xffffffff) return null;
  const records = high * 2 ** 32 + low;
  return Number.isSafeInteger(records) ? records : cursor.fail(`the number of records is ${records}`, 4);
}

function dimensions(cursor: Cursor): Netcdf3Dimension[] {
  const out: Netcdf3Dimension[] = [];
  const names = new Set<string>();
  const count = cursor.list(NC_DIMENSION, "dimensions", cursor.wide ? 16 : 8);
  for (let i = 0; i < count; i++) {
    const start = cursor.at;
    const name = cursor.name("a dimension");
    const length = cursor.count(`the length of dimension "${name}"`);
    if (names.has(name)) cursor.fail(`a second dimension has the name "${name}"`, start);
    if (length === 0 && out.some((dim) => dim.unlimited))
      cursor.fail(`dimension "${name}" has length 0, but there is a record dimension already`, start);
    names.add(name);
    out.push({ name, length, unlimited: length === 0 });
  }
  return out;
}

function attributeList(cursor: Cursor, what: string): Netcdf3Attribute[] {
  const out: Netcdf3Attribute[] = [];
  const count = cursor.list(NC_ATTRIBUTE, what, cursor.wide ? 20 : 12);
  for (let i = 0; i < count; i++) {
    const name = cursor.name("an attribute");
    const type = cursor.type();
    const length = cursor.countOf(`values of attribute "${name}"`, typeBytes(type));
    const bytes = cursor.padded(length * typeBytes(type));
    out.push({ name, type, value: attributeValue(type, bytes) });
  }
  return out;
}

function attributeValue(type: Netcdf3Type, bytes: Uint8Array): Attribute {
  // NUL ends strings in C, and some writers store it
  if (type === "char") return textOf(bytes).replaceAll("\0", "");
  const values = decodeNumbers(type, bytes);
  return values.length === 1 ? values[0] : values;
}

function variable(
  cursor: Cursor,
  version: number,
  declared: readonly Netcdf3Dimension[],
  names: Set<string>,
): Netcdf3Variable {
  const declaredAt = cursor.at;
  const name = cursor.name("a variable");
  if (names.has(name)) cursor.fail(`a second variable has the name "${name}"`, declaredAt);
  names.add(name);
  const rank = cursor.countOf(`dimensions of variable "${name}"`, cursor.wide ? 8 : 4);
  const dims = Array.from({ length: rank }, (_, axis) => {
    const start = cursor.at;
    const id = cursor.count("a dimension number");
    const dim = declared[id];
    if (!dim) cursor.fail(`variable "${name}" has dimension number ${id} of ${declared.length}`, start);
    if (dim.unlimited && axis > 0)
      cursor.fail(
        `variable "${name}" has the record dimension "${dim.name}" on axis ${axis}, not first`,
        start,
      );
    return dim;
  });
  const attributes = attributeList(cursor, `attributes of variable "${name}"`);
  const type = cursor.type();
  // the stored size is redundant, and too narrow for large variables of CDF-1 and CDF-2
  cursor.take(cursor.wide ? 8 : 4);
  const start = cursor.at;
  const begin = version === 1 ? cursor.uint32() : cursor.uint64(`the offset of variable "${name}"`);
  const bytes = dims.reduce((size, dim) => (dim.unlimited ? size : size * dim.length), typeBytes(type));
  if (!Number.isSafeInteger(begin + bytes))
    cursor.fail(`variable "${name}" would take ${bytes} bytes`, declaredAt);
  const isRecord = rank > 0 && dims[0].unlimited;
  if (!isRecord && begin + bytes > cursor.fileBytes)
    cursor.fail(
      `variable "${name}" takes bytes ${begin} to ${begin + bytes}, but the file ends at byte ${cursor.fileBytes}: it is cut off`,
      start,
    );
  return { name, type, dims, attributes, begin, bytes, isRecord, declaredAt };
}

/** Every variable's part of a record is padded to four bytes, except where there is only one. */
function strideOfRecords(cursor: Cursor, variables: readonly Netcdf3Variable[]): number {
  const parts = variables.filter((one) => one.isRecord);
  if (parts.length === 1) return parts[0].bytes;
  const stride = parts.reduce((sum, one) => sum + Math.ceil(one.bytes / 4) * 4, 0);
  return Number.isSafeInteger(stride) ? stride : cursor.fail(`a record would take ${stride} bytes`, 4);
}

/** As many whole records as the file holds; the padding of the last one may be missing. */
function countRecords(variables: readonly Netcdf3Variable[], recordBytes: number, fileBytes: number): number {
  let records = Infinity;
  for (const one of variables) {
    if (!one.isRecord || recordBytes === 0) continue;
    const room = fileBytes - one.begin - one.bytes;
    records = Math.min(records, room < 0 ? 0 : Math.floor(room / recordBytes) + 1);
  }
  return records === Infinity ? 0 : records;
}
