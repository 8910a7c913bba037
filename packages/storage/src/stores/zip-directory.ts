/**
 * Owns the directory of a ZIP archive: where each entry lies, and how it is packed. ZIP64 is known; names that
 * would leave an archive's folder are refused. Reads through a function, and no more than it needs.
 */
import { FormatError } from "@hyperslab/core/errors";
import { keySegments } from "../store.js";
import { decodeCp437 } from "./cp437.js";

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc32: number;
  /** Bytes in the archive, and unpacked. */
  readonly packed: number;
  readonly size: number;
  /** Where its own header begins. */
  readonly header: number;
}

/** Gives `length` bytes at `offset` of the archive. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const ENTRY = 0x02014b50;
/** The end record, a comment of the longest, and the locator of ZIP64 before them. */
const TAIL = 22 + 0xffff + 20;
/** A directory of more bytes than this (some ten million entries) isn't believed. */
const LARGEST_DIRECTORY = 2 ** 30;

/**
 * The entries of an archive by name, without those of folders; of two with one name the later counts, as in
 * Python's `zipfile`. @throws FormatError, and what `read` throws
 */
export async function readZipDirectory(
  path: string,
  size: number,
  read: ReadAt,
): Promise<Map<string, ZipEntry>> {
  const fail = (reason: string, offset?: number, hint?: string): FormatError =>
    new FormatError({ path, format: "ZIP", reason, offset, hint });
  const tailStart = Math.max(0, size - TAIL);
  const tail = viewOf(await read(tailStart, size - tailStart));
  const at = findEnd(tail);
  if (at < 0)
    throw fail("it has no end record", undefined, "the archive is cut off, or it is no ZIP archive");
  let disk = tail.getUint16(at + 4, true);
  let count = tail.getUint16(at + 10, true);
  let length = tail.getUint32(at + 12, true);
  let start = tail.getUint32(at + 16, true);
  const has64 = at >= 20 && tail.getUint32(at - 20, true) === LOCATOR64;
  if (has64) {
    const place = bigAt(tail, at - 12);
    if (place + 56 > size) throw fail("its ZIP64 end record lies beyond its end", place);
    const end = viewOf(await read(place, 56));
    if (end.getUint32(0, true) !== END64) throw fail("there is no ZIP64 end record", place);
    disk = end.getUint32(16, true);
    count = bigAt(end, 32);
    length = bigAt(end, 40);
    start = bigAt(end, 48);
  }
  if (disk !== 0) throw fail("it is one part of an archive in several", undefined, "join the parts first");
  if (start + length > size)
    throw fail(`its directory (bytes ${start}+${length}) lies beyond its end`, tailStart + at);
  if (length > LARGEST_DIRECTORY) throw fail(`its directory is said to have ${length} bytes`, tailStart + at);
  const within = start >= tailStart;
  const directory = within
    ? new DataView(tail.buffer, tail.byteOffset + start - tailStart, length)
    : viewOf(await read(start, length));
  return parseEntries(directory, count, (reason, offset, hint) => fail(reason, start + offset, hint));
}

function parseEntries(
  directory: DataView,
  count: number,
  fail: (reason: string, offset: number, hint?: string) => FormatError,
): Map<string, ZipEntry> {
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== ENTRY)
      throw fail(`entry ${i} of ${count} isn't there`, at, "the archive is damaged");
    const flags = directory.getUint16(at + 8, true);
    const nameLength = directory.getUint16(at + 28, true);
    const extraLength = directory.getUint16(at + 30, true);
    const stop = at + 46 + nameLength + extraLength + directory.getUint16(at + 32, true);
    if (stop > directory.byteLength) throw fail(`entry ${i} goes past the directory's end`, at);
    const bytes = new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength);
    const extra = new DataView(directory.buffer, directory.byteOffset + at + 46 + nameLength, extraLength);
    const long = extraField(extra, 1);
    let next = 0;
    // only what doesn't fit its own place stands there, in this order
    const place = (short: number): number => {
      if (short !== 0xffffffff) return short;
      if (!long || next + 8 > long.byteLength) throw fail(`entry ${i} lacks its ZIP64 sizes`, at);
      next += 8;
      return bigAt(long, next - 8);
    };
    const size = place(directory.getUint32(at + 24, true));
    const packed = place(directory.getUint32(at + 20, true));
    const header = place(directory.getUint32(at + 42, true));
    const name = nameOf(bytes, flags, extra);
    if (!name.endsWith("/")) {
      checkName(name, (reason) => fail(reason, at, "don't unpack it either: it looks like an attack"));
      entries.delete(name);
      entries.set(name, {
        name,
        method: directory.getUint16(at + 10, true),
        encrypted: (flags & 1) !== 0,
        crc32: directory.getUint32(at + 16, true),
        packed,
        size,
        header,
      });
    }
    at = stop;
  }
  return entries;
}

function checkName(name: string, fail: (reason: string) => FormatError): void {
  try {
    keySegments(`/${name}`);
  } catch {
    throw fail(`an entry's name leaves the archive's folder or is ambiguous: ${JSON.stringify(name)}`);
  }
  if (/^[a-z]:/i.test(name)) throw fail(`an entry's name has a drive in it: ${JSON.stringify(name)}`);
}

/** UTF-8 where the entry says so, in its flags or in a field of its own; else the first PCs' code page. */
function nameOf(bytes: Uint8Array, flags: number, extra: DataView): string {
  if ((flags & 0x800) !== 0) return new TextDecoder().decode(bytes);
  const unicode = extraField(extra, 0x7075);
  if (unicode && unicode.byteLength > 5 && unicode.getUint8(0) === 1)
    return new TextDecoder().decode(
      new Uint8Array(unicode.buffer, unicode.byteOffset + 5, unicode.byteLength - 5),
    );
  return decodeCp437(bytes);
}

function extraField(extra: DataView, id: number): DataView | undefined {
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const length = extra.getUint16(at + 2, true);
    if (at + 4 + length > extra.byteLength) return undefined;
    if (extra.getUint16(at, true) === id)
      return new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    at += 4 + length;
  }
  return undefined;
}

/** Backwards: a comment may hold anything, but ends where the file does. */
function findEnd(tail: DataView): number {
  for (let at = tail.byteLength - 22; at >= 0; at--)
    if (tail.getUint32(at, true) === END && at + 22 + tail.getUint16(at + 20, true) === tail.byteLength)
      return at;
  return -1;
}

function bigAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
