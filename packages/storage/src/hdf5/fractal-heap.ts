/**
 * Owns fractal heaps: objects (links, attributes, shared messages) by their heap ids, whether they lie in the heap's
 * blocks (managed), on their own (huge), or in the id itself (tiny). Knows nothing of what objects hold.
 */
import { walkBTree2 } from "./b-tree-2.js";
import { Cursor, bytesFor } from "./cursor.js";
import type { Hdf5File } from "./hdf5-file.js";
import { verifyChecksum } from "./metadata-checksum.js";

interface HeapHeader {
  readonly idBytes: number;
  readonly checksums: boolean;
  readonly hugeTree: number | null;
  readonly tableWidth: number;
  readonly startBytes: number;
  readonly mostDirect: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly root: number | null;
  /** 0 where the root is a block of objects itself. */
  readonly rootRows: number;
}

interface HugeObject {
  readonly address: number;
  readonly length: number;
}

/** A huge object's own length is believed up to this. */
const LONGEST_OBJECT = 2 ** 28;
const MOST_ROWS = 64;

/** Reads objects of the heap at an address. */
export class FractalHeap {
  readonly #file: Hdf5File;
  readonly #header: HeapHeader;
  readonly #blocks: Map<number, Promise<Cursor>> = new Map();
  #huge: Promise<ReadonlyMap<number, HugeObject>> | undefined;

  private constructor(file: Hdf5File, header: HeapHeader) {
    this.#file = file;
    this.#header = header;
  }

  static async open(file: Hdf5File, address: number): Promise<FractalHeap> {
    return new FractalHeap(file, await readHeader(file, address));
  }

  /** A cursor over the object of a heap id. @throws FormatError */
  async object(id: Cursor): Promise<Cursor> {
    const first = id.uint8();
    if (first >> 6 !== 0) id.unsupported(`version ${first >> 6} of a heap id is not known`, 0);
    const kind = (first >> 4) & 3;
    switch (kind) {
      case 0:
        return this.#managed(id.uint(this.#header.offsetBytes), id.uint(this.#header.lengthBytes), id);
      case 1:
        return this.#hugeObject(id);
      case 2: {
        const isLong = this.#header.idBytes > 17;
        const length = isLong ? ((first & 15) << 8) | id.uint8() : first & 15;
        return id.part(length + 1);
      }
      default:
        return id.fail(`a heap id of kind ${kind}`, 0);
    }
  }

  async #managed(offset: number, length: number, id: Cursor): Promise<Cursor> {
    const { root, rootRows, startBytes } = this.#header;
    if (root === null) return id.fail("an id of a heap that is empty", 0);
    let [address, rows, start] = [root, rootRows, 0];
    let bytes = startBytes;
    for (let depth = 0; rows > 0; depth++) {
      if (depth > 32) id.fail("the blocks of this heap have no end", 0);
      const { row, column, rowStart, rowBytes } = this.#place(offset - start, id);
      if (row >= rows) id.fail(`the heap has no byte ${offset}`, 0);
      const { tableWidth } = this.#header;
      const child = await this.#child(address, rows, row * tableWidth + column);
      start += rowStart + column * rowBytes;
      address = child;
      bytes = rowBytes;
      rows = row < this.#directRows ? 0 : Math.log2(rowBytes / (startBytes * tableWidth)) + 1;
    }
    const block = await this.#block(address, bytes);
    const within = new Cursor(block.bytes, this.#file, block.address);
    within.skip(offset - start);
    return within.part(length);
  }

  /** The row and column of a block that holds a byte, counted from the start of an indirect block. */
  #place(offset: number, id: Cursor): { row: number; column: number; rowStart: number; rowBytes: number } {
    const { startBytes, tableWidth } = this.#header;
    let rowStart = 0;
    let rowBytes = startBytes;
    for (let row = 0; row < MOST_ROWS; row++) {
      if (row > 1) rowBytes *= 2;
      const column = Math.floor((offset - rowStart) / rowBytes);
      if (column < tableWidth) return { row, column, rowStart, rowBytes };
      rowStart += rowBytes * tableWidth;
    }
    return id.fail(`the heap has no byte ${offset}`, 0);
  }

  get #directRows(): number {
    const { mostDirect, startBytes } = this.#header;
    return Math.log2(mostDirect / startBytes) + 2;
  }

  /** The address of child number `index` of an indirect block. */
  async #child(address: number, rows: number, index: number): Promise<number> {
    const { tableWidth, offsetBytes } = this.#header;
    const { offsetSize } = this.#file;
    const size = 5 + offsetSize + offsetBytes + rows * tableWidth * offsetSize + 4;
    const block = await this.#file.cursor(address, size, "an indirect block of a heap");
    block.signature("FHIB");
    block.version("an indirect block of a heap", 0);
    block.at = size - 4;
    verifyChecksum(block, "an indirect block of a heap");
    block.at = 5 + offsetSize + offsetBytes + index * offsetSize;
    return block.definedOffset("a block of a heap");
  }

  /** A block of objects, whole: offsets count from its first byte. */
  #block(address: number, bytes: number): Promise<Cursor> {
    let block = this.#blocks.get(address);
    if (!block) this.#blocks.set(address, (block = this.#readBlock(address, bytes)));
    return block;
  }

  async #readBlock(address: number, size: number): Promise<Cursor> {
    const block = await this.#file.cursor(address, size, "a block of a heap");
    block.signature("FHDB");
    block.version("a block of a heap", 0);
    if (!this.#header.checksums) return block;
    const at = 5 + this.#file.offsetSize + this.#header.offsetBytes;
    // the checksum stands in the middle of what it is of, as zeros
    const copy = new Uint8Array(size + 4);
    copy.set(block.bytes);
    copy.fill(0, at, at + 4);
    copy.set(block.bytes.subarray(at, at + 4), size);
    const check = new Cursor(copy, this.#file, address);
    check.at = size;
    verifyChecksum(check, "a block of a heap");
    return block;
  }

  async #hugeObject(id: Cursor): Promise<Cursor> {
    const { idBytes, hugeTree } = this.#header;
    const { offsetSize, lengthSize } = this.#file;
    if (idBytes - 1 >= offsetSize + lengthSize)
      return this.#own({ address: id.definedOffset("a huge object"), length: id.length() }, id);
    const number = id.uint(Math.min(lengthSize, idBytes - 1));
    if (hugeTree === null) return id.fail("an id of a huge object in a heap without any", 0);
    this.#huge ??= this.#readHuge(hugeTree);
    const found = (await this.#huge).get(number);
    return found ? this.#own(found, id) : id.fail(`the heap has no huge object ${number}`, 0);
  }

  #own({ address, length }: HugeObject, id: Cursor): Promise<Cursor> {
    if (length > LONGEST_OBJECT) id.fail(`an object of ${length} bytes in a heap`, 0);
    return this.#file.cursor(address, length, "a huge object of a heap");
  }

  async #readHuge(tree: number): Promise<ReadonlyMap<number, HugeObject>> {
    const found = new Map<number, HugeObject>();
    await walkBTree2(this.#file, tree, [1], (record) => {
      const address = record.definedOffset("a huge object");
      const length = record.length();
      found.set(record.length(), { address, length });
    });
    return found;
  }
}

async function readHeader(file: Hdf5File, address: number): Promise<HeapHeader> {
  const { offsetSize, lengthSize } = file;
  const size = 26 + 12 * lengthSize + 3 * offsetSize;
  const cursor = await file.cursor(address, size, "a fractal heap");
  cursor.signature("FRHP");
  cursor.version("a fractal heap", 0);
  const idBytes = cursor.uint16();
  const filterBytes = cursor.uint16();
  if (filterBytes > 0) cursor.unsupported("a fractal heap with filters is not known");
  const flags = cursor.uint8();
  const mostManaged = cursor.uint32();
  cursor.length();
  const hugeTree = cursor.offset();
  cursor.length();
  cursor.offset();
  cursor.skip(8 * lengthSize);
  const tableWidth = cursor.uint16();
  const startBytes = cursor.length();
  const mostDirect = cursor.length();
  const heapBits = cursor.uint16();
  cursor.uint16();
  const root = cursor.offset();
  const rootRows = cursor.uint16();
  verifyChecksum(cursor, "a fractal heap");
  const isPower = (value: number): boolean => value > 0 && Number.isInteger(Math.log2(value));
  if (!isPower(tableWidth) || !isPower(startBytes) || !isPower(mostDirect) || mostDirect < startBytes)
    cursor.fail(`a heap of ${tableWidth} blocks a row, of ${startBytes} to ${mostDirect} bytes`, 0);
  const offsetBytes = Math.ceil(heapBits / 8);
  if (offsetBytes < 1 || offsetBytes > 8 || rootRows > MOST_ROWS)
    cursor.fail(`a heap of ${heapBits} bits in ${rootRows} rows`, 0);
  return {
    idBytes,
    checksums: (flags & 2) !== 0,
    hugeTree,
    tableWidth,
    startBytes,
    mostDirect,
    offsetBytes,
    lengthBytes: Math.min(Math.ceil(Math.log2(mostDirect) / 8), bytesFor(mostManaged)),
    root,
    rootRows,
  };
}
