/** Owns reading the big-endian fields of GRIB sections: numbers with a sign bit, IBM floats, bits. */
import { FormatError } from "@hyperslab/core/errors";

/** Fields of one section or message, counted from 0. Every read is checked against the bytes that are there. */
export class GribCursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #path: string;
  /** Where the bytes stand in the file. */
  readonly #start: number;

  constructor(bytes: Uint8Array, path: string, start: number) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path;
    this.#start = start;
  }

  fail(reason: string, at = 0): FormatError {
    return new FormatError({ path: this.#path, format: "GRIB", offset: this.#start + at, reason });
  }

  #check(at: number, length: number): number {
    if (at >= 0 && at + length <= this.bytes.length) return at;
    throw this.fail(`${length} bytes are to be there, but the section ends`, at);
  }

  u8(at: number): number {
    return this.bytes[this.#check(at, 1)];
  }
  u16(at: number): number {
    return this.#view.getUint16(this.#check(at, 2));
  }
  u24(at: number): number {
    return this.u8(at) * 65536 + this.u16(at + 1);
  }
  u32(at: number): number {
    return this.#view.getUint32(this.#check(at, 4));
  }
  u64(at: number): number {
    return this.u32(at) * 2 ** 32 + this.u32(at + 4);
  }
  f32(at: number): number {
    return this.#view.getFloat32(this.#check(at, 4));
  }

  /** The highest bit is the sign. */
  signed(at: number, length: 1 | 2 | 3 | 4): number {
    const value = [this.u8, this.u16, this.u24, this.u32][length - 1].call(this, at);
    const top = 2 ** (8 * length - 1);
    return value >= top ? top - value : value;
  }

  /** A float of base 16, as IBM's machines had them. */
  ibm(at: number): number {
    const head = this.u8(at);
    const value = (this.u24(at + 1) / 2 ** 24) * 16 ** ((head & 127) - 64);
    return head & 128 ? -value : value;
  }

  /** A part of it, which counts from 0 again. */
  part(at: number, length: number): GribCursor {
    this.#check(at, length);
    return new GribCursor(this.bytes.subarray(at, at + length), this.#path, this.#start + at);
  }
}
