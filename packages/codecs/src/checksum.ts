/** Owns the checksums that Zarr's checksum codecs use, over bytes. Knows no framing: `checksum-codec.ts` does. */
import { crc32 as nodeCrc32 } from "node:zlib";

function crcTables(polynomial: number): Uint32Array[] {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[0][i] = crc;
  }
  for (let i = 0; i < 256; i++)
    for (let k = 1; k < 8; k++) tables[k][i] = (tables[k - 1][i] >>> 8) ^ tables[0][tables[k - 1][i] & 255];
  return tables;
}

// eight bytes a step: the tables hold what a byte does to the register 0 … 7 bytes later
function crc(tables: Uint32Array[], bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
  let value = 0xffffffff;
  let i = 0;
  for (const stop = bytes.length - 7; i < stop; i += 8)
    value =
      t7[(value ^ bytes[i]) & 255] ^
      t6[((value >>> 8) ^ bytes[i + 1]) & 255] ^
      t5[((value >>> 16) ^ bytes[i + 2]) & 255] ^
      t4[((value >>> 24) ^ bytes[i + 3]) & 255] ^
      t3[bytes[i + 4]] ^
      t2[bytes[i + 5]] ^
      t1[bytes[i + 6]] ^
      t0[bytes[i + 7]];
  for (; i < bytes.length; i++) value = (value >>> 8) ^ t0[(value ^ bytes[i]) & 255];
  return ~value >>> 0;
}

let castagnoli: Uint32Array[] | undefined;
let ieee: Uint32Array[] | undefined;

/** CRC-32C (Castagnoli), unsigned. */
export function crc32c(bytes: Uint8Array): number {
  return crc((castagnoli ??= crcTables(0x82f63b78)), bytes);
}

/** CRC-32 (IEEE, that of zlib and PNG), unsigned. */
export function crc32(bytes: Uint8Array): number {
  // Node has it in C++ from 20.15 and 22.2 on
  if (typeof nodeCrc32 === "function") return nodeCrc32(bytes);
  return crc((ieee ??= crcTables(0xedb88320)), bytes);
}

/** Adler-32, unsigned. */
export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let i = 0; i < bytes.length;) {
    // 5552 additions can't exceed 32 bits
    for (const stop = Math.min(i + 5552, bytes.length); i < stop; i++) b += a += bytes[i];
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** Fletcher-32 over big-endian 16-bit words, as HDF5 computes it; unsigned. */
export function fletcher32(bytes: Uint8Array): number {
  let a = 0;
  let b = 0;
  const even = bytes.length & ~1;
  for (let i = 0; i < even;) {
    for (const stop = Math.min(i + 720, even); i < stop; i += 2) b += a += (bytes[i] << 8) | bytes[i + 1];
    a = (a & 0xffff) + (a >>> 16);
    b = (b & 0xffff) + (b >>> 16);
  }
  if (bytes.length & 1) {
    b += a += bytes[even] << 8;
    a = (a & 0xffff) + (a >>> 16);
    b = (b & 0xffff) + (b >>> 16);
  }
  a = (a & 0xffff) + (a >>> 16);
  b = (b & 0xffff) + (b >>> 16);
  return ((b << 16) | a) >>> 0;
}
