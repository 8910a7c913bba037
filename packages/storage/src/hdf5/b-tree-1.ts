/** Owns version 1 B-trees: walking all leaves, with their keys. Knows what keys look like, not what they lead to. */
import type { Cursor } from "./cursor.js";
import type { Hdf5File } from "./hdf5-file.js";

/** Groups have type 0, chunks type 1. */
export type BTree1Type = 0 | 1;

/** Trees are never deeper. */
const DEEPEST = 32;

/**
 * Calls `leaf` for each child of each leaf node, in the order of keys.
 * @param keyBytes length of a key
 * @param leaf gets a cursor at the child's left key, and the child's address
 */
export async function walkBTree1(
  file: Hdf5File,
  root: number,
  type: BTree1Type,
  keyBytes: number,
  leaf: (key: Cursor, child: number) => void,
): Promise<void> {
  const seen = new Set<number>();
  const visit = async (address: number, level: number | null): Promise<void> => {
    const node = await readNode(file, address, type, keyBytes);
    if (seen.has(address) || (level !== null && node.level !== level) || node.level > DEEPEST)
      node.cursor.fail("this B-tree node stands in its tree where it can't", 0);
    seen.add(address);
    const { cursor, count } = node;
    if (node.level === 0) {
      for (let i = 0; i < count; i++) {
        const at = cursor.at;
        cursor.at = at + keyBytes;
        const child = cursor.definedOffset("a child of a B-tree");
        cursor.at = at;
        leaf(cursor, child);
        cursor.at = at + keyBytes + file.offsetSize;
      }
      return;
    }
    const children: number[] = [];
    for (let i = 0; i < count; i++) {
      cursor.skip(keyBytes);
      children.push(cursor.definedOffset("a child of a B-tree"));
    }
    // nodes lie apart: where each costs a request, a few are asked for at once
    const reads = children.map((child) => (): Promise<void> => prefetch(file, child));
    for (let i = 0; i < children.length; i++) {
      if (file.store.lasting && i % AHEAD === 0)
        await Promise.all(reads.slice(i, i + AHEAD).map((read) => read()));
      await visit(children[i], node.level - 1);
    }
  };
  await visit(root, null);
}

const AHEAD = 16;

async function prefetch(file: Hdf5File, address: number): Promise<void> {
  await file.cursorUpTo(address, 4096, 1, "a B-tree node");
}

async function readNode(
  file: Hdf5File,
  address: number,
  type: BTree1Type,
  keyBytes: number,
): Promise<{ level: number; count: number; cursor: Cursor }> {
  const head = 8 + 2 * file.offsetSize;
  const prefix = await file.cursor(address, head, "a B-tree node");
  prefix.signature("TREE");
  const found = prefix.uint8();
  if (found !== type) prefix.fail(`this B-tree is of type ${found}, not ${type}`, 4);
  const level = prefix.uint8();
  const count = prefix.uint16();
  const cursor = await file.cursor(
    address,
    head + count * (keyBytes + file.offsetSize) + (count > 0 ? keyBytes : 0),
    "a B-tree node",
  );
  cursor.at = head;
  return { level, count, cursor };
}
