/** Owns extensible arrays: the chunk index of datasets that grow along one axis. */
import type { OnChunk } from "./chunk-manifest.js";
import { type EntryFormat, isSet, readEntries, readEntryFormat, readPage } from "./fixed-array.js";
import type { Cursor } from "./cursor.js";
import type { Hdf5File } from "./hdf5-file.js";
import { verifyChecksum } from "./metadata-checksum.js";

interface ArrayHeader {
  readonly format: EntryFormat;
  /** Bytes of an entry's number. */
  readonly numberBytes: number;
  readonly indexEntries: number;
  readonly leastEntries: number;
  readonly leastPointers: number;
  readonly pageEntries: number;
  /** Entries beyond this were never set. */
  readonly used: number;
  readonly superBlocks: number;
  readonly address: number;
}

/** Reads the array at `address`. */
export async function readExtensibleArray(
  file: Hdf5File,
  address: number,
  chunkBytes: number,
  onChunk: OnChunk,
): Promise<void> {
  const { offsetSize } = file;
  const cursor = await file.cursor(address, 16 + 6 * file.lengthSize + offsetSize, "an extensible array");
  cursor.signature("EAHD");
  cursor.version("an extensible array", 0);
  const format = readEntryFormat(cursor, chunkBytes);
  const [numberBits, indexEntries, leastEntries, leastPointers, pageBits] = cursor.take(5);
  cursor.skip(4 * file.lengthSize);
  const used = cursor.length();
  cursor.length();
  const block = cursor.offset();
  verifyChecksum(cursor, "an extensible array");
  const isPower = (value: number): boolean => value > 0 && Number.isInteger(Math.log2(value));
  if (!isPower(leastEntries) || !isPower(leastPointers) || numberBits > 64 || pageBits > 32)
    cursor.fail("an extensible array whose parts can't be", 0);
  if (block === null) return;
  const header: ArrayHeader = {
    format,
    numberBytes: Math.ceil(numberBits / 8),
    indexEntries,
    leastEntries,
    leastPointers,
    pageEntries: 2 ** pageBits,
    used,
    superBlocks: 1 + Math.max(0, numberBits - Math.log2(leastEntries)),
    address,
  };
  await readIndexBlock(file, header, block, onChunk);
}

/** Data blocks of super block `level`, and the entries of each. */
function sizesOf(header: ArrayHeader, level: number): { blocks: number; entries: number } {
  return { blocks: 2 ** (level >> 1), entries: header.leastEntries * 2 ** ((level + 1) >> 1) };
}

async function readIndexBlock(
  file: Hdf5File,
  header: ArrayHeader,
  address: number,
  onChunk: OnChunk,
): Promise<void> {
  const { format, indexEntries, leastPointers, superBlocks } = header;
  const inIndex = Math.min(superBlocks, 2 * Math.log2(leastPointers));
  const dataPointers = 2 * (leastPointers - 1);
  const size =
    6 +
    file.offsetSize +
    indexEntries * format.bytes +
    (dataPointers + superBlocks - inIndex) * file.offsetSize +
    4;
  const cursor = await file.cursor(address, size, "an extensible array's index block");
  openBlock(cursor, "EAIB", header);
  readEntries(cursor, 0, Math.min(indexEntries, header.used), format, onChunk);
  cursor.at = 6 + file.offsetSize + indexEntries * format.bytes;
  const pointers = Array.from({ length: dataPointers + superBlocks - inIndex }, () => cursor.offset());
  verifyChecksum(cursor, "an extensible array's index block");
  let first = indexEntries;
  let next = 0;
  for (let level = 0; level < superBlocks && first < header.used; level++) {
    const { blocks, entries } = sizesOf(header, level);
    if (level >= inIndex) {
      const block = pointers[dataPointers + level - inIndex];
      if (block !== null) await readSuperBlock(file, header, block, level, first, onChunk);
    } else {
      for (let i = 0; i < blocks; i++, next++) {
        const block = next < dataPointers ? pointers[next] : null;
        if (block !== null)
          await readDataBlock(file, header, block, first + i * entries, entries, () => true, onChunk);
      }
    }
    first += blocks * entries;
  }
}

async function readSuperBlock(
  file: Hdf5File,
  header: ArrayHeader,
  address: number,
  level: number,
  first: number,
  onChunk: OnChunk,
): Promise<void> {
  const { blocks, entries } = sizesOf(header, level);
  const pages = entries > header.pageEntries ? entries / header.pageEntries : 0;
  const mapBytes = Math.ceil(pages / 8);
  const prefix = 6 + file.offsetSize + header.numberBytes;
  const size = prefix + blocks * (mapBytes + file.offsetSize) + 4;
  const cursor = await file.cursor(address, size, "an extensible array's super block");
  openBlock(cursor, "EASB", header);
  cursor.at = prefix;
  const written = cursor.take(blocks * mapBytes);
  const pointers = Array.from({ length: blocks }, () => cursor.offset());
  verifyChecksum(cursor, "an extensible array's super block");
  for (let i = 0; i < blocks; i++) {
    const start = first + i * entries;
    const block = pointers[i];
    if (block === null || start >= header.used) continue;
    // the bits of all blocks stand one behind the other, though there are bytes for each
    const isWritten = (page: number): boolean => isSet(written, i * pages + page);
    await readDataBlock(file, header, block, start, entries, isWritten, onChunk);
  }
}

async function readDataBlock(
  file: Hdf5File,
  header: ArrayHeader,
  address: number,
  first: number,
  entries: number,
  isWritten: (page: number) => boolean,
  onChunk: OnChunk,
): Promise<void> {
  const { format, pageEntries, used } = header;
  const prefix = 6 + file.offsetSize + header.numberBytes;
  const wanted = Math.min(entries, used - first);
  if (entries <= pageEntries) {
    const cursor = await file.cursor(
      address,
      prefix + entries * format.bytes + 4,
      "an extensible array's block",
    );
    openBlock(cursor, "EADB", header);
    cursor.at = prefix;
    readEntries(cursor, first, wanted, format, onChunk);
    cursor.at = prefix + entries * format.bytes;
    verifyChecksum(cursor, "an extensible array's block");
    return;
  }
  const cursor = await file.cursor(address, prefix + 4, "an extensible array's block");
  openBlock(cursor, "EADB", header);
  cursor.at = prefix;
  verifyChecksum(cursor, "an extensible array's block");
  for (let page = 0; page * pageEntries < wanted; page++) {
    if (!isWritten(page)) continue;
    const at = address + prefix + 4 + page * (pageEntries * format.bytes + 4);
    await readPage(file, at, first + page * pageEntries, pageEntries, format, onChunk);
  }
}

function openBlock(cursor: Cursor, signature: string, header: ArrayHeader): void {
  cursor.signature(signature);
  cursor.version("a block of an extensible array", 0);
  cursor.skip(1);
  const start = cursor.at;
  if (cursor.offset() !== header.address) cursor.fail("this block belongs to another array", start);
}
