/**
 * Owns reading the big-endian fields of a NetCDF-3 header: counts, names, types, numbers. Refuses
 * counts for which the file has no bytes, so that a broken file costs no memory.
 */
import { textOfBytes } from "@hyperslab/codecs/element-bytes";
import { type Dtype, itemSize } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";

/** Types of the format, by their number in the file. */
const TYPES: readonly (Dtype | "char" | undefined)[] = [
  undefined,
  "int8",
  "char",
  "int16",
  "int32",
  "float32",
  "float64",
  "uint8",
  "uint16",
  "uint32",
  "int64",
  "uint64",
];
/** The type of a variable or attribute: a dtype, or text byte by byte. */
export type Netcdf3Type = Exclude<Dtype, "string"> | "char";

/** Bytes of one element of a type. */
export function typeBytes(type: Netcdf3Type): number {
  return type === "char" ? 1 : itemSize(type);
}

/** Text of a file: UTF-8, or where it is none (files older than that rule), Latin-1, so that no letter is lost. */
export function textOf(bytes: Uint8Array): string {
  return textOfBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

/** Thrown where the prefix ends but the file goes on; whoever parses catches it and reads more. */
export class EndOfPrefix extends Error {
  readonly needed: number;
  constructor(needed: number) {
    super(`${needed} bytes needed`);
    this.needed = needed;
  }
}

/** Reads big-endian fields, and refuses counts for which the file has no bytes. */
export class Cursor {
  at = 0;
  wide = false;
  readonly path: string;
  readonly fileBytes: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, path: string, fileBytes: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.path = path;
    this.fileBytes = fileBytes;
  }

  fail(reason: string, offset: number = this.at): never {
    // a damaged length makes a name of half the file
    throw new FormatError({ path: this.path, format: "NetCDF-3", reason: reason.slice(0, 500), offset });
  }

  /** Moves on by `length` bytes and gives where they start. */
  take(length: number): number {
    const start = this.at;
    const end = start + length;
    if (end > this.fileBytes)
      this.fail(`the header asks for ${length} bytes here, but the file ends at byte ${this.fileBytes}`);
    if (end > this.bytes.length) throw new EndOfPrefix(end);
    this.at = end;
    return start;
  }

  uint32(): number {
    return this.view.getUint32(this.take(4));
  }

  uint64(what: string): number {
    const start = this.take(8);
    const value = this.view.getBigUint64(start);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.fail(`${what} is ${value}`, start);
    return Number(value);
  }

  /** A count: 4 bytes, in CDF-5 8 bytes. */
  count(what: string): number {
    return this.wide ? this.uint64(what) : this.uint32();
  }

  /** A count of things that take at least `least` bytes each. */
  countOf(what: string, least: number): number {
    const start = this.at;
    const count = this.count(`the number of ${what}`);
    if (count * least > this.fileBytes - this.at)
      this.fail(`${count} ${what} do not fit in a file of ${this.fileBytes} bytes`, start);
    return count;
  }

  /** `length` bytes and the padding to a multiple of four. */
  padded(length: number): Uint8Array {
    // the very last padding of a header may be cut off where there is no data
    const start = this.take(length);
    const padding = Math.min((4 - (length % 4)) % 4, this.fileBytes - this.at);
    this.take(padding);
    return this.bytes.subarray(start, start + length);
  }

  name(what: string): string {
    const length = this.countOf(`bytes in the name of ${what}`, 1);
    return textOf(this.padded(length));
  }

  type(): Netcdf3Type {
    const start = this.at;
    const code = this.uint32();
    const type = TYPES[code];
    if (type === undefined || type === "string" || (code > 6 && !this.wide))
      this.fail(`type ${code} is not one of a ${this.wide ? "CDF-5" : "classic"} file`, start);
    return type;
  }

  /** The tag and the count of a list. */
  list(tag: number, what: string, least: number): number {
    const start = this.at;
    const found = this.uint32();
    const count = this.countOf(what, found === tag ? least : 0);
    if (found === tag || (found === 0 && count === 0)) return count;
    return this.fail(`the list of ${what} starts with tag ${found} and count ${count}`, start);
  }
}

/** Big-endian numbers; 64-bit ones that a number can't hold are bigints. */
export function decodeNumbers(type: Exclude<Netcdf3Type, "char">, bytes: Uint8Array): (number | bigint)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = typeBytes(type);
  return Array.from({ length: bytes.length / size }, (_, i) => readNumber(type, view, i * size));
}

function readNumber(type: Netcdf3Type, view: DataView, at: number): number | bigint {
  switch (type) {
    case "int8":
      return view.getInt8(at);
    case "uint8":
      return view.getUint8(at);
    case "int16":
      return view.getInt16(at);
    case "uint16":
      return view.getUint16(at);
    case "int32":
      return view.getInt32(at);
    case "uint32":
      return view.getUint32(at);
    case "float32":
      return view.getFloat32(at);
    case "float64":
      return view.getFloat64(at);
    default: {
      const value = type === "uint64" ? view.getBigUint64(at) : view.getBigInt64(at);
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    }
  }
}
