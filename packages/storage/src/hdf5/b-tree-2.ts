/** Owns version 2 B-trees: walking all records. Knows what records of no type mean. */
import { type Cursor, bytesFor } from "./cursor.js";
import type { Hdf5File } from "./hdf5-file.js";
import { verifyChecksum } from "./metadata-checksum.js";

const DEEPEST = 32;
/** Signature, version, type and checksum of a node. */
const NODE_PREFIX = 6;
const NODE_OVERHEAD = 10;

interface Tree {
  readonly type: number;
  readonly nodeSize: number;
  readonly recordSize: number;
  /** By the height of a node: most records in it, bytes of that number, bytes of the number of all below it. */
  readonly levels: readonly { readonly most: number; readonly allBytes: number; readonly all: number }[];
  readonly countBytes: number;
}

/**
 * Calls `record` for each record, in the order of the tree.
 * @param type what the tree has to hold
 * @param record gets a cursor over the one record, and its length
 */
export async function walkBTree2(
  file: Hdf5File,
  address: number,
  types: readonly number[],
  record: (cursor: Cursor, size: number, type: number) => void,
): Promise<void> {
  const size = 16 + file.offsetSize + 2 + file.lengthSize + 4;
  const header = await file.cursor(address, size, "a B-tree");
  header.signature("BTHD");
  header.version("a B-tree", 0);
  const type = header.uint8();
  if (!types.includes(type))
    header.fail(`this B-tree holds records of type ${type}, not ${types.join(" or ")}`, 5);
  const nodeSize = header.uint32();
  const recordSize = header.uint16();
  const depth = header.uint16();
  header.skip(2);
  const root = header.offset();
  const count = header.uint16();
  header.length();
  verifyChecksum(header, "a B-tree");
  if (root === null) return;
  if (depth > DEEPEST || recordSize === 0 || nodeSize < NODE_OVERHEAD + recordSize || nodeSize > 2 ** 26)
    header.fail(`a B-tree of depth ${depth} with nodes of ${nodeSize} bytes and records of ${recordSize}`, 0);
  const tree = treeOf(file, type, nodeSize, recordSize, depth);
  await visit(file, tree, root, count, depth, record, new Set());
}

function treeOf(file: Hdf5File, type: number, nodeSize: number, recordSize: number, depth: number): Tree {
  const leaf = Math.floor((nodeSize - NODE_OVERHEAD) / recordSize);
  const countBytes = bytesFor(leaf);
  const levels = [{ most: leaf, allBytes: 0, all: leaf }];
  for (let level = 1; level <= depth; level++) {
    const below = levels[level - 1];
    const pointer = file.offsetSize + countBytes + below.allBytes;
    const most = Math.floor((nodeSize - NODE_OVERHEAD - pointer) / (recordSize + pointer));
    const all = (most + 1) * below.all + most;
    levels.push({ most, all, allBytes: bytesFor(all) });
  }
  return { type, nodeSize, recordSize, levels, countBytes };
}

async function visit(
  file: Hdf5File,
  tree: Tree,
  address: number,
  count: number,
  level: number,
  record: (cursor: Cursor, size: number, type: number) => void,
  seen: Set<number>,
): Promise<void> {
  const { recordSize, levels, countBytes } = tree;
  const cursor = await file.cursor(address, tree.nodeSize, "a B-tree node");
  cursor.signature(level === 0 ? "BTLF" : "BTIN");
  cursor.version("a B-tree node", 0);
  if (cursor.uint8() !== tree.type) cursor.fail("this B-tree node is of another type than its tree", 5);
  if (seen.has(address) || count > levels[level].most)
    cursor.fail(`this B-tree node stands in its tree where it can't, or has no room for ${count} records`, 0);
  seen.add(address);
  const pointerBytes = level === 0 ? 0 : file.offsetSize + countBytes + levels[level - 1].allBytes;
  cursor.at = NODE_PREFIX + count * recordSize + (level === 0 ? 0 : (count + 1) * pointerBytes);
  verifyChecksum(cursor, "a B-tree node");
  const children: { address: number; count: number }[] = [];
  if (level > 0) {
    cursor.at = NODE_PREFIX + count * recordSize;
    for (let i = 0; i <= count; i++) {
      const child = cursor.definedOffset("a child of a B-tree");
      const records = cursor.uint(countBytes);
      if (level > 1) cursor.skip(levels[level - 1].allBytes);
      children.push({ address: child, count: records });
    }
  }
  for (let i = 0; i <= count; i++) {
    const child = children[i];
    if (child) await visit(file, tree, child.address, child.count, level - 1, record, seen);
    if (i === count) break;
    cursor.at = NODE_PREFIX + i * recordSize;
    record(cursor.part(recordSize), recordSize, tree.type);
  }
}
