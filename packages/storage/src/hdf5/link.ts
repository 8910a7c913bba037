/** Owns the links of a group: in symbol tables (old), in messages, or (many) in a heap; hard, soft and external. */
import { walkBTree1 } from "./b-tree-1.js";
import { walkBTree2 } from "./b-tree-2.js";
import type { Cursor } from "./cursor.js";
import { FractalHeap } from "./fractal-heap.js";
import type { Hdf5File } from "./hdf5-file.js";
import { readLocalHeap } from "./local-heap.js";
import { MESSAGE, type ObjectHeader, messageOf } from "./object-header.js";

export type Link = { readonly name: string; readonly order: number } & (
  | { readonly kind: "hard"; readonly address: number }
  | { readonly kind: "soft"; readonly target: string }
  | { readonly kind: "external"; readonly file: string; readonly target: string }
  | { readonly kind: "unknown"; readonly number: number }
);

/** B-trees of links by name, and by order of creation. */
const NAME_TREE = 5;
const ORDER_TREE = 6;
const SYMBOLIC = 2;

/** True for the header of a group. */
export function isGroup(header: ObjectHeader): boolean {
  return header.messages.some(
    ({ type }) => type === MESSAGE.symbolTable || type === MESSAGE.linkInfo || type === MESSAGE.link,
  );
}

/** All links of a group, in the order of their creation where the file knows it, else by name. */
export async function readLinks(file: Hdf5File, header: ObjectHeader): Promise<Link[]> {
  const links: Link[] = [];
  const table = messageOf(header, MESSAGE.symbolTable);
  if (table) links.push(...(await readSymbolTable(file, table.body())));
  let isOrdered = false;
  const info = messageOf(header, MESSAGE.linkInfo);
  if (info) {
    const body = info.body();
    body.version("link information", 0);
    const flags = body.uint8();
    isOrdered = (flags & 1) !== 0;
    if (isOrdered) body.skip(8);
    const heap = body.offset();
    const tree = body.offset();
    if (heap !== null && tree !== null) links.push(...(await readDense(file, heap, tree)));
  }
  for (const message of header.messages)
    if (message.type === MESSAGE.link) links.push(readLink(message.body()));
  if (isOrdered && links.every(({ order }) => order >= 0)) return links.sort((a, b) => a.order - b.order);
  return links.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function readDense(file: Hdf5File, heapAddress: number, tree: number): Promise<Link[]> {
  const heap = await FractalHeap.open(file, heapAddress);
  const ids: Cursor[] = [];
  await walkBTree2(file, tree, [NAME_TREE, ORDER_TREE], (record, size, type) => {
    const head = type === NAME_TREE ? 4 : 8;
    record.skip(head);
    ids.push(record.part(size - head));
  });
  const links: Link[] = [];
  for (const id of ids) links.push(readLink(await heap.object(id)));
  return links;
}

function readLink(cursor: Cursor): Link {
  cursor.version("a link", 1);
  const flags = cursor.uint8();
  const kind = flags & 8 ? cursor.uint8() : 0;
  const order = flags & 4 ? cursor.uint64() : -1;
  if (flags & 16) cursor.skip(1);
  const name = cursor.text(cursor.uint(1 << (flags & 3)));
  switch (kind) {
    case 0:
      return { kind: "hard", name, order, address: cursor.definedOffset(`the object "${name}"`) };
    case 1:
      return { kind: "soft", name, order, target: cursor.text(cursor.uint16()) };
    case 64: {
      const value = cursor.part(cursor.uint16());
      value.skip(1);
      return { kind: "external", name, order, file: value.zeroEnded(), target: value.zeroEnded() };
    }
    default:
      return { kind: "unknown", name, order, number: kind };
  }
}

async function readSymbolTable(file: Hdf5File, body: Cursor): Promise<Link[]> {
  const tree = body.definedOffset("a group's B-tree");
  const names = await readLocalHeap(file, body.definedOffset("a group's names"));
  const nodes: number[] = [];
  await walkBTree1(file, tree, 0, file.lengthSize, (_, child) => nodes.push(child));
  const links: Link[] = [];
  for (const node of nodes) links.push(...(await readSymbolNode(file, node, names)));
  return links;
}

async function readSymbolNode(
  file: Hdf5File,
  address: number,
  names: (offset: number) => string,
): Promise<Link[]> {
  const prefix = await file.cursor(address, 8, "a symbol table node");
  prefix.signature("SNOD");
  prefix.version("a symbol table node", 1);
  prefix.skip(1);
  const count = prefix.uint16();
  const entry = 2 * file.offsetSize + 24;
  const cursor = await file.cursor(address, 8 + count * entry, "a symbol table node");
  cursor.skip(8);
  return Array.from({ length: count }, (): Link => {
    const fields = cursor.part(entry);
    const name = names(fields.uint(file.offsetSize));
    const object = fields.offset();
    const cached = fields.uint32();
    fields.skip(4);
    if (cached === SYMBOLIC) return { kind: "soft", name, order: -1, target: names(fields.uint32()) };
    return {
      kind: "hard",
      name,
      order: -1,
      address: object ?? fields.fail(`the address of the object "${name}" is undefined`, 0),
    };
  });
}
