/** Owns attributes: finding all of an object, in its header or (many) in a heap, and their type, shape and bytes. */
import { sizeOf } from "@hyperslab/core/shape";
import { walkBTree2 } from "./b-tree-2.js";
import type { Cursor } from "./cursor.js";
import { type Dataspace, readDataspace } from "./dataspace.js";
import { type Datatype, readDatatype } from "./datatype.js";
import { FractalHeap } from "./fractal-heap.js";
import type { Hdf5File } from "./hdf5-file.js";
import { MESSAGE, type ObjectHeader, messageOf } from "./object-header.js";
import { bodyOf, sharedBody } from "./shared-message.js";

/** An attribute whose value has not been decoded. */
export interface RawAttribute {
  readonly name: string;
  readonly type: Datatype;
  readonly space: Dataspace;
  readonly bytes: Uint8Array;
}

/** B-trees of attributes by name, and by order. */
const NAME_TREE = 8;
const ORDER_TREE = 9;

/** All attributes of an object, in the order of their creation where the file knows it. */
export async function readAttributes(file: Hdf5File, header: ObjectHeader): Promise<RawAttribute[]> {
  const attributes: RawAttribute[] = [];
  for (const message of header.messages)
    if (message.type === MESSAGE.attribute)
      attributes.push(await readAttribute(file, await bodyOf(file, message)));
  const info = messageOf(header, MESSAGE.attributeInfo);
  if (info) attributes.push(...(await readDense(file, info.body())));
  return attributes;
}

async function readDense(file: Hdf5File, info: Cursor): Promise<RawAttribute[]> {
  info.version("attribute information", 0);
  const flags = info.uint8();
  if (flags & 1) info.skip(2);
  const heapAddress = info.offset();
  const tree = info.offset();
  if (heapAddress === null || tree === null) return [];
  const heap = await FractalHeap.open(file, heapAddress);
  const found: { id: Cursor; shared: boolean; order: number }[] = [];
  await walkBTree2(file, tree, [NAME_TREE, ORDER_TREE], (record) => {
    const id = record.part(8);
    found.push({ id, shared: (record.uint8() & 2) !== 0, order: record.uint32() });
  });
  if (flags & 1) found.sort((a, b) => a.order - b.order);
  const attributes: RawAttribute[] = [];
  for (const { id, shared } of found) {
    const stored = await heap.object(id);
    const body = shared ? await sharedBody(file, stored, MESSAGE.attribute) : stored;
    attributes.push(await readAttribute(file, body));
  }
  return attributes;
}

async function readAttribute(file: Hdf5File, cursor: Cursor): Promise<RawAttribute> {
  const version = cursor.version("an attribute", 1, 2, 3);
  const flags = cursor.uint8();
  const sizes = [cursor.uint16(), cursor.uint16(), cursor.uint16()];
  if (version === 3) cursor.skip(1);
  const padded = (size: number): number => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const name = cursor.text(padded(sizes[0]));
  const part = async (size: number, isShared: boolean, type: number): Promise<Cursor> => {
    const own = cursor.part(padded(size));
    return isShared ? sharedBody(file, own, type) : own;
  };
  const isNew = version > 1;
  const type = readDatatype(await part(sizes[1], isNew && (flags & 1) !== 0, MESSAGE.datatype));
  const space = readDataspace(await part(sizes[2], isNew && (flags & 2) !== 0, MESSAGE.dataspace));
  const count = space.kind === "null" ? 0 : sizeOf(space.shape);
  return { name, type, space, bytes: cursor.take(count * type.size) };
}
