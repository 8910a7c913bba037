/**
 * Owns frames: how messages and their binary parts lie in one WebSocket message. Knows no message.
 *
 * ```text
 * 0   u32  magic "HYSL"          all numbers little-endian
 * 4   u32  H, bytes of the head
 * 8   u32  P, number of parts
 * 12  u32  0
 * 16  u64  × P, bytes of each part
 *     head: msgpack, a list of messages; the parts belong to the last one
 *     parts; head and parts are padded with zeros to multiples of 8
 * ```
 */
import { ProtocolError } from "@hyperslab/core/errors";
import { Packr } from "msgpackr";

/** A frame that is larger is refused, by both sides. */
export const MAX_FRAME: number = 2 ** 30;
/** Messages are small; what is large travels as a part. */
export const MAX_HEAD: number = 2 ** 24;
const MAX_PARTS = 2 ** 16;
const MAGIC = 0x4c535948;
const FIXED = 16;
/** Frames up to this size are sent as one buffer. */
const SMALL = 2 ** 16;

// plain msgpack, without msgpackr's record extension: any language reads it, and nothing is compiled from what peers send
const packr = new Packr({ useRecords: false });

/** Small data as msgpack. No typed arrays, no undefined: see `program-bytes.ts` for richer data. */
export function pack(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** @throws ProtocolError for bytes that are not msgpack */
export function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch (cause) {
    throw new ProtocolError({ asked: "read msgpack", found: String(cause) });
  }
}

const padding = (length: number): number => (8 - (length % 8)) % 8;
const ZEROS = new Uint8Array(8);

/**
 * The pieces of a frame, to be sent one after the other as one WebSocket message; parts are not copied
 * where they are large.
 * @throws ProtocolError where the frame would be larger than the other side takes
 */
export function encodeFrame(messages: readonly unknown[], parts: readonly Uint8Array[] = []): Uint8Array[] {
  const head = packr.pack(messages);
  const table = FIXED + 8 * parts.length;
  const headEnd = table + head.length + padding(head.length);
  let total = headEnd;
  for (const part of parts) total += part.length + padding(part.length);
  if (total > MAX_FRAME || head.length > MAX_HEAD)
    throw new ProtocolError({
      asked: `send ${total} bytes in one message`,
      found: `at most ${MAX_FRAME} are taken, ${MAX_HEAD} of them before the parts`,
      hint: "cut the array into smaller chunks",
    });
  const first = new Uint8Array(total <= SMALL ? total : headEnd);
  const view = new DataView(first.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, head.length, true);
  view.setUint32(8, parts.length, true);
  parts.forEach((part, i) => view.setBigUint64(FIXED + 8 * i, BigInt(part.length), true));
  first.set(head, table);
  if (total <= SMALL) {
    let at = headEnd;
    for (const part of parts) {
      first.set(part, at);
      at += part.length + padding(part.length);
    }
    return [first];
  }
  const pieces: Uint8Array[] = [first];
  for (const part of parts) {
    if (part.length > 0) pieces.push(part);
    if (padding(part.length) > 0) pieces.push(ZEROS.subarray(0, padding(part.length)));
  }
  return pieces;
}

export interface Frame {
  readonly messages: readonly unknown[];
  /** Of the last message; views of the frame's bytes. */
  readonly parts: readonly Uint8Array[];
}

/** Takes a frame apart; lengths are checked before anything is unpacked. @throws ProtocolError */
export function decodeFrame(data: Uint8Array): Frame {
  // a Buffer's slice is a view where a Uint8Array's is a copy: parts must not be Buffers
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
  const refuse = (found: string): never => {
    throw new ProtocolError({ asked: "read a frame", found, hint: "the peer speaks another protocol" });
  };
  if (bytes.length < FIXED) return refuse(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) return refuse("no magic number");
  const headLength = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  if (headLength > MAX_HEAD) return refuse(`a head of ${headLength} bytes`);
  if (count > MAX_PARTS || FIXED + 8 * count > bytes.length) return refuse(`${count} parts`);
  let at = FIXED + 8 * count;
  const headStart = at;
  at += headLength + padding(headLength);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const length = Number(view.getBigUint64(FIXED + 8 * i, true));
    if (length > bytes.length - at) return refuse(`a part of ${length} bytes in a frame of ${bytes.length}`);
    parts.push(bytes.subarray(at, at + length));
    at += length + padding(length);
  }
  if (at !== bytes.length) return refuse(`${bytes.length} bytes where the head announces ${at}`);
  const messages = unpack(bytes.subarray(headStart, headStart + headLength));
  if (!Array.isArray(messages)) return refuse("a head that is not a list");
  return { messages, parts };
}
