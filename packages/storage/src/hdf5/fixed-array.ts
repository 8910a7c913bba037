/** Owns fixed arrays: the chunk index of datasets that can't grow. */
import type { OnChunk } from "./chunk-manifest.js";
import { type Cursor, damaged } from "./cursor.js";
import type { Hdf5File } from "./hdf5-file.js";
import { verifyChecksum } from "./metadata-checksum.js";

/** What the entries of an array index look like. */
export interface EntryFormat {
  readonly bytes: number;
  readonly isFiltered: boolean;
  /** Of a chunk that went through no filter. */
  readonly chunkBytes: number;
}

/** Reads the array at `address`, which has to have `total` entries. */
export async function readFixedArray(
  file: Hdf5File,
  address: number,
  total: number,
  chunkBytes: number,
  onChunk: OnChunk,
): Promise<void> {
  const header = await file.cursor(address, 12 + file.lengthSize + file.offsetSize, "a fixed array");
  header.signature("FAHD");
  header.version("a fixed array", 0);
  const format = readEntryFormat(header, chunkBytes);
  const pageBits = header.uint8();
  const count = header.length();
  const block = header.offset();
  verifyChecksum(header, "a fixed array");
  if (count !== total) header.fail(`a fixed array of ${count} chunks for a dataset of ${total}`, 0);
  if (block === null) return;
  // an entry takes bytes of the file, so that a count that lies costs nothing
  if (count * format.bytes > file.size)
    throw damaged(
      file.path,
      file.base + block,
      `a fixed array of ${count} chunks in a file of ${file.size} bytes`,
    );
  const pageEntries = 2 ** pageBits;
  const prefix = 6 + file.offsetSize;
  if (count <= pageEntries) {
    const size = prefix + count * format.bytes + 4;
    const cursor = await openBlock(file, block, size, prefix);
    readEntries(cursor, 0, count, format, onChunk);
    verifyChecksum(cursor, "a fixed array");
    return;
  }
  const pages = Math.ceil(count / pageEntries);
  const mapBytes = Math.ceil(pages / 8);
  const cursor = await openBlock(file, block, prefix + mapBytes + 4, prefix);
  const written = cursor.take(mapBytes);
  verifyChecksum(cursor, "a fixed array");
  const first = block + prefix + mapBytes + 4;
  for (let page = 0; page < pages; page++) {
    if (!isSet(written, page)) continue;
    const start = page * pageEntries;
    const at = first + page * (pageEntries * format.bytes + 4);
    await readPage(file, at, start, Math.min(pageEntries, count - start), format, onChunk);
  }
}

/** The client and the length of entries, in the headers of both kinds of arrays. */
export function readEntryFormat(header: Cursor, chunkBytes: number): EntryFormat {
  const start = header.at;
  const client = header.uint8();
  const bytes = header.uint8();
  const { offsetSize } = header.file;
  const least = client === 0 ? offsetSize : offsetSize + 5;
  if (client > 1 || bytes < least || bytes > offsetSize + 12)
    header.fail(`an index of kind ${client} with entries of ${bytes} bytes`, start);
  return { bytes, isFiltered: client === 1, chunkBytes };
}

async function openBlock(file: Hdf5File, address: number, size: number, prefix: number): Promise<Cursor> {
  const cursor = await file.cursor(address, size, "a fixed array's block");
  cursor.signature("FADB");
  cursor.version("a fixed array's block", 0);
  cursor.at = prefix;
  return cursor;
}

/** A page of entries, and its checksum. */
export async function readPage(
  file: Hdf5File,
  address: number,
  first: number,
  count: number,
  format: EntryFormat,
  onChunk: OnChunk,
): Promise<void> {
  const cursor = await file.cursor(address, count * format.bytes + 4, "a page of a chunk index");
  readEntries(cursor, first, count, format, onChunk);
  verifyChecksum(cursor, "a page of a chunk index");
}

/** Entries at the cursor; those of chunks that were never written are passed over. */
export function readEntries(
  cursor: Cursor,
  first: number,
  count: number,
  { bytes, isFiltered, chunkBytes }: EntryFormat,
  onChunk: OnChunk,
): void {
  const lengthBytes = bytes - cursor.file.offsetSize - 4;
  for (let i = 0; i < count; i++) {
    const start = cursor.at;
    const address = cursor.offset();
    if (address !== null) {
      if (isFiltered) onChunk(first + i, address, cursor.uint(lengthBytes), cursor.uint32());
      else onChunk(first + i, address, chunkBytes, 0);
    }
    cursor.at = start + bytes;
  }
  // a cursor that stands past its bytes reads nothing more
  cursor.skip(0);
}

/** Bit number `index`, counted from the highest of the first byte. */
export function isSet(map: Uint8Array, index: number): boolean {
  return ((map[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}
