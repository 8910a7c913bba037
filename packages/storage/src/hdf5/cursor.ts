/**
 * Owns reading the little-endian fields of HDF5's metadata, and the way in which it is said that they make no
 * sense. Knows no structure of the format.
 */
import { FormatError } from "@hyperslab/core/errors";

/** What fields need to know of their file. */
export interface FileFacts {
  /** Names the file in errors. */
  readonly path: string;
  /** Bytes of an address. */
  readonly offsetSize: number;
  /** Bytes of a length. */
  readonly lengthSize: number;
  /** Where the file's addresses count from: the end of the user block. */
  readonly base: number;
}

const UTF8 = new TextDecoder();
/** Errors that tell of something sound that isn't known here, not of damage. */
const unknown: WeakSet<Error> = new WeakSet();

/** The error for bytes that can't be what they should be. @param offset in the file */
export function damaged(path: string, offset: number, reason: string): FormatError {
  return new FormatError({
    path,
    format: "HDF5",
    offset,
    reason,
    hint: "the file is damaged or cut off: copy it again",
  });
}

/** The error for something that the format allows and this reader does not know. */
export function unsupported(path: string, offset: number | undefined, reason: string): FormatError {
  const error = new FormatError({
    path,
    format: "HDF5",
    reason,
    ...(offset === undefined ? {} : { offset }),
    hint: "rewrite the file with h5repack, or convert this dataset",
  });
  return markUnsupported(error);
}

/** Says of an error that it tells of a feature that isn't known here. */
export function markUnsupported<E extends Error>(error: E): E {
  unknown.add(error);
  return error;
}

/** True where another reader may know what ours does not. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof Error && unknown.has(error);
}

/** Reads fields from bytes that lie at `address` of a file. Reading beyond them is an error, never an allocation. */
export class Cursor {
  /** The next byte, counted from the first. */
  at = 0;
  readonly bytes: Uint8Array;
  readonly file: FileFacts;
  /** The address of the first byte. */
  readonly address: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, file: FileFacts, address: number) {
    this.bytes = bytes;
    this.file = file;
    this.address = address;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The place of byte `at` in the file. */
  offsetOf(at: number = this.at): number {
    return this.file.base + this.address + at;
  }

  fail(reason: string, at: number = this.at): never {
    throw damaged(this.file.path, this.offsetOf(at), reason);
  }

  unsupported(reason: string, at: number = this.at): never {
    throw unsupported(this.file.path, this.offsetOf(at), reason);
  }

  /** Moves on by `length` bytes and gives where they start. */
  skip(length: number): number {
    const start = this.at;
    if (!(length >= 0) || start + length > this.bytes.length)
      this.fail(`${length} bytes are needed here, but only ${this.bytes.length - start} are left`);
    this.at = start + length;
    return start;
  }

  /** Moves on to a multiple of `unit`, counted from `from`, as far as there are bytes. */
  align(unit: number, from = 0): void {
    const past = (this.at - from) % unit;
    if (past > 0) this.at = Math.min(this.bytes.length, this.at + unit - past);
  }

  uint8(): number {
    return this.bytes[this.skip(1)];
  }
  uint16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }
  uint32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  /** An unsigned integer of 1 to 8 bytes. */
  uint(size: number): number {
    switch (size) {
      case 1:
        return this.uint8();
      case 2:
        return this.uint16();
      case 4:
        return this.uint32();
      default: {
        const start = this.skip(size);
        let value = 0;
        for (let i = size - 1; i >= 0; i--) value = value * 256 + this.bytes[start + i];
        if (!Number.isSafeInteger(value)) this.fail(`a number of ${value} is larger than any file`, start);
        return value;
      }
    }
  }

  uint64(): number {
    const start = this.skip(8);
    const high = this.#view.getUint32(start + 4, true);
    if (high > 0x1fffff) this.fail("a number beyond 2^53 is larger than any file", start);
    return high * 2 ** 32 + this.#view.getUint32(start, true);
  }

  /** A length, in as many bytes as the superblock says. */
  length(): number {
    return this.file.lengthSize === 8 ? this.uint64() : this.uint(this.file.lengthSize);
  }

  /** A length that may be "unlimited" (all bits set): null then. */
  lengthOrUnlimited(): number | null {
    return this.#allSet(this.file.lengthSize) ? null : this.length();
  }

  /** An address; null where it is undefined (all bits set). */
  offset(): number | null {
    return this.#allSet(this.file.offsetSize) ? null : this.uint(this.file.offsetSize);
  }

  /** An address that has to be there. */
  definedOffset(what: string): number {
    const start = this.at;
    return this.offset() ?? this.fail(`the address of ${what} is undefined`, start);
  }

  #allSet(size: number): boolean {
    const start = this.skip(size);
    this.at = start;
    for (let i = 0; i < size; i++) if (this.bytes[start + i] !== 255) return false;
    this.at = start + size;
    return true;
  }

  take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  /** A cursor of its own over the next `length` bytes. */
  part(length: number): Cursor {
    const start = this.skip(length);
    return new Cursor(this.bytes.subarray(start, start + length), this.file, this.address + start);
  }

  /** Text of so many bytes; what comes after a zero doesn't count. */
  text(length: number): string {
    const bytes = this.take(length);
    const end = bytes.indexOf(0);
    return UTF8.decode(end === -1 ? bytes : bytes.subarray(0, end));
  }

  /** Text up to a zero; the cursor then stands behind it. */
  zeroEnded(): string {
    const start = this.at;
    const end = this.bytes.indexOf(0, start);
    if (end === -1) this.fail("a name has no end");
    this.at = end + 1;
    return UTF8.decode(this.bytes.subarray(start, end));
  }

  /** Four letters that a structure begins with. */
  signature(letters: string): void {
    const start = this.at;
    const found = String.fromCharCode(...this.take(4));
    if (found !== letters)
      this.fail(`there should be "${letters}" here, but there is ${JSON.stringify(found)}`, start);
  }

  /** A version, which must be one of those that are known. */
  version(what: string, ...known: number[]): number {
    const start = this.at;
    const version = this.uint8();
    if (!known.includes(version)) this.unsupported(`version ${version} of ${what} is not known`, start);
    return version;
  }
}

/** Bytes in which numbers up to `limit` are written. */
export function bytesFor(limit: number): number {
  return Math.floor(Math.floor(Math.log2(Math.max(1, limit))) / 8) + 1;
}
