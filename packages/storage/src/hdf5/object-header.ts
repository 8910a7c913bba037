/** Owns object headers of versions 1 and 2: from an address to the object's messages, through all continuations. */
import { Cursor } from "./cursor.js";
import type { Hdf5File } from "./hdf5-file.js";
import { verifyChecksum } from "./metadata-checksum.js";

/** Types of messages that this reader looks at, by their number in the file. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFillValue: 0x04,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  groupInfo: 0x0a,
  filters: 0x0b,
  attribute: 0x0c,
  sharedMessageTable: 0x0f,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** The last type that HDF5 2.0 knows. */
const LAST_TYPE = 0x18;

/** One message of an object. */
export interface Message {
  readonly type: number;
  /** The body lies elsewhere: what stands here says where. */
  readonly shared: boolean;
  /** A new cursor over the body alone. */
  body(): Cursor;
}

export interface ObjectHeader {
  readonly address: number;
  readonly messages: readonly Message[];
}

/** Headers of small objects come with one read. */
const FIRST = 1024;
const MOST_MESSAGES = 2 ** 17;
const MOST_BYTES = 2 ** 26;

/** A part of a header that has yet to be read. */
interface Continuation {
  readonly address: number;
  readonly length: number;
}

/** Reads the header at `address`. @throws FormatError */
export async function readObjectHeader(file: Hdf5File, address: number): Promise<ObjectHeader> {
  const start = await file.cursorUpTo(address, FIRST, 16, "an object header");
  const isNew = start.bytes[0] === 0x4f;
  const messages: Message[] = [];
  const waiting: Continuation[] = [];
  const seen = new Set<number>([address]);
  const enlist = isNew
    ? await startOfVersion2(file, start, messages, waiting)
    : await startOfVersion1(file, start, messages, waiting);
  let bytes = 0;
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    bytes += next.length;
    if (seen.has(next.address) || bytes > MOST_BYTES || messages.length > MOST_MESSAGES)
      start.fail("the continuations of this object header have no end", 0);
    seen.add(next.address);
    enlist(await file.cursor(next.address, next.length, "the continuation of an object header"));
  }
  return { address, messages };
}

/** The first message of a type. */
export function messageOf(header: ObjectHeader, type: number): Message | undefined {
  return header.messages.find((message) => message.type === type);
}

/** Reads the first part of a header; gives what reads the others. */
async function startOfVersion1(
  file: Hdf5File,
  start: Cursor,
  messages: Message[],
  waiting: Continuation[],
): Promise<(part: Cursor) => void> {
  start.version("an object header", 1);
  start.skip(1);
  const declared = start.uint16();
  start.skip(4);
  const length = start.uint32();
  const enlist = (part: Cursor): void => {
    while (part.left >= 8 && messages.length < declared) {
      const type = part.uint16();
      const size = part.uint16();
      const flags = part.uint8();
      part.skip(3);
      addMessage(part.part(size), type, flags, messages, waiting);
    }
  };
  enlist(await file.cursor(start.address + 16, length, "an object header"));
  return enlist;
}

async function startOfVersion2(
  file: Hdf5File,
  start: Cursor,
  messages: Message[],
  waiting: Continuation[],
): Promise<(part: Cursor) => void> {
  start.signature("OHDR");
  start.version("an object header", 2);
  const flags = start.uint8();
  if (flags & 0x20) start.skip(16);
  if (flags & 0x10) start.skip(4);
  const length = start.uint(1 << (flags & 3));
  const prefix = start.at;
  const whole = await file.cursor(start.address, prefix + length + 4, "an object header");
  const fields = flags & 4 ? 6 : 4;
  const enlist = (part: Cursor): void => {
    const end = part.bytes.length - 4;
    // what is shorter than a message is a gap
    while (part.at + fields <= end) {
      const type = part.uint8();
      const size = part.uint16();
      const own = part.uint8();
      if (flags & 4) part.skip(2);
      if (part.at + size > end) part.fail(`a message of ${size} bytes does not fit into its object header`);
      addMessage(part.part(size), type, own, messages, waiting);
    }
    part.at = end;
    verifyChecksum(part, "an object header");
  };
  whole.skip(prefix);
  enlist(whole);
  return (part) => {
    part.signature("OCHK");
    enlist(part);
  };
}

function addMessage(
  body: Cursor,
  type: number,
  flags: number,
  messages: Message[],
  waiting: Continuation[],
): void {
  if (type > LAST_TYPE && flags & 0x80) body.unsupported(`a message of the unknown type ${type}`);
  if (type === MESSAGE.continuation) {
    waiting.push({ address: body.definedOffset("a continuation"), length: body.length() });
  }
  messages.push({
    type,
    shared: (flags & 2) !== 0,
    body: () => new Cursor(body.bytes, body.file, body.address),
  });
}
