/** Owns messages that lie elsewhere: in a committed datatype's header, or in the file's heap of shared messages. */
import type { Cursor } from "./cursor.js";
import { FractalHeap } from "./fractal-heap.js";
import type { Hdf5File } from "./hdf5-file.js";
import { verifyChecksum } from "./metadata-checksum.js";
import { MESSAGE, type Message, type ObjectHeader, messageOf, readObjectHeader } from "./object-header.js";

/** Chains of shared messages are never long. */
const DEEPEST = 4;

/** The body of a message, wherever it is. @throws FormatError */
export async function bodyOf(file: Hdf5File, message: Message): Promise<Cursor> {
  const body = message.body();
  return message.shared ? sharedBody(file, body, message.type) : body;
}

/** The body that a shared message's fields (at the cursor) point to; the cursor then stands behind them. */
export async function sharedBody(file: Hdf5File, pointer: Cursor, type: number, depth = 0): Promise<Cursor> {
  if (depth > DEEPEST) pointer.fail("shared messages that point to each other");
  const version = pointer.version("a shared message", 1, 2, 3);
  const kind = pointer.uint8();
  if (version === 1) pointer.skip(6);
  if (version === 3 && kind === 1) return heapBody(file, pointer.part(8), type);
  const start = pointer.at;
  const header = await readObjectHeader(file, pointer.definedOffset("a shared message"));
  const found = messageOf(header, type);
  if (!found) return pointer.fail(`there is no message of type ${type} where a shared one should be`, start);
  return found.shared ? sharedBody(file, found.body(), type, depth + 1) : found.body();
}

const heaps: WeakMap<object, Map<number, Promise<FractalHeap>>> = new WeakMap();

async function heapBody(file: Hdf5File, id: Cursor, type: number): Promise<Cursor> {
  let known = heaps.get(file.superblock);
  if (!known) heaps.set(file.superblock, (known = new Map()));
  let heap = known.get(type);
  if (!heap) known.set(type, (heap = openHeap(file, id, type)));
  return (await heap).object(id);
}

/** The heap for messages of a type, by the master table in the superblock's extension. */
async function openHeap(file: Hdf5File, id: Cursor, type: number): Promise<FractalHeap> {
  const { extension } = file.superblock;
  const header: ObjectHeader | null = extension === null ? null : await readObjectHeader(file, extension);
  const message = header && messageOf(header, MESSAGE.sharedMessageTable);
  if (!message) return id.fail("a message is in the heap of shared messages, which the file doesn't have", 0);
  const fields = message.body();
  fields.version("a shared message table", 0);
  const address = fields.definedOffset("the shared message table");
  const count = fields.uint8();
  const entry = 14 + 2 * file.offsetSize;
  const table = await file.cursor(address, 4 + count * entry + 4, "the shared message table");
  table.signature("SMTB");
  table.at = 4 + count * entry;
  verifyChecksum(table, "the shared message table");
  for (let i = 0; i < count; i++) {
    table.at = 4 + i * entry;
    table.version("an index of shared messages", 0);
    table.skip(1);
    const types = table.uint16();
    table.skip(10 + file.offsetSize);
    if (types & (1 << type)) return FractalHeap.open(file, table.definedOffset("a heap of shared messages"));
  }
  return id.fail(`there is no heap for shared messages of type ${type}`, 0);
}
