/**
 * Owns frames: how messages and their binary parts lie in one WebSocket message. Knows no message.
 *
 * ```text
 * 0   u32  magic "HYSL"          all numbers little-endian
 * 4   u32  H, bytes of the head
 * 8   u32  P, number of parts
 * 12  u32  0
 * 16  u64  × P, bytes of each part
 *     head: msgpack, a list: a message, the number of its parts, the next message, …
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

/** A message and the raw bytes that travel behind it. */
export interface Packet {
  readonly message: unknown;
  readonly parts: readonly Uint8Array[];
}

/**
 * The pieces of a frame, to be sent one after the other as one WebSocket message; parts are not copied
 * where they are large.
 * @throws ProtocolError where the frame would be larger than the other side takes
 */
export function encodeFrame(packets: readonly Packet[]): Uint8Array[] {
  const list: unknown[] = [];
  const parts: Uint8Array[] = [];
  for (const packet of packets) {
    list.push(packet.message, packet.parts.length);
    for (const part of packet.parts) parts.push(part);
  }
  const head = packr.pack(list);
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

/**
 * Takes a frame apart; lengths are checked before anything is unpacked. Parts are views of its bytes.
 * @param fragments the frame, in one piece or as it was sent: parts that came alone are not copied
 * @throws ProtocolError
 */
export function decodeFrame(fragments: Uint8Array | readonly Uint8Array[]): Packet[] {
  const all = fragments instanceof Uint8Array ? [fragments] : fragments;
  const bytes = plain(all.length === 1 ? all[0] : (all[0] ?? ZEROS.subarray(0, 0)));
  let length = 0;
  for (const fragment of all) length += fragment.length;
  if (bytes.length < FIXED) return refuse(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) return refuse("no magic number");
  const headLength = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  if (headLength > MAX_HEAD) return refuse(`a head of ${headLength} bytes`);
  if (count > MAX_PARTS || FIXED + 8 * count > bytes.length) return refuse(`${count} parts`);
  const headStart = FIXED + 8 * count;
  const headEnd = headStart + headLength + padding(headLength);
  if (headEnd > bytes.length) return refuse(`a head of ${headLength} bytes in a frame of ${length}`);
  const sizes: number[] = [];
  let announced = headEnd;
  for (let i = 0; i < count; i++) {
    const size = Number(view.getBigUint64(FIXED + 8 * i, true));
    if (size > length - announced) return refuse(`a part of ${size} bytes in a frame of ${length}`);
    sizes.push(size);
    announced += size + padding(size);
  }
  if (announced !== length) return refuse(`${length} bytes where the head announces ${announced}`);
  const list = unpack(bytes.subarray(headStart, headStart + headLength));
  const parts = partsOf(all, bytes, headEnd, sizes);
  return packetsOf(list, parts);
}

function refuse(found: string): never {
  throw new ProtocolError({ asked: "read a frame", found, hint: "the peer speaks another protocol" });
}

/** A Buffer's slice is a view where a Uint8Array's is a copy: parts must not be Buffers. */
function plain(data: Uint8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}

function partsOf(
  fragments: readonly Uint8Array[],
  bytes: Uint8Array,
  headEnd: number,
  sizes: readonly number[],
): Uint8Array[] {
  const apart = fragments.length > 1 && bytes.length === headEnd ? apartAsSent(fragments, sizes) : null;
  if (apart) return apart;
  const whole = fragments.length > 1 ? plain(Buffer.concat(fragments)) : bytes;
  let at = headEnd;
  return sizes.map((size) => {
    const part = whole.subarray(at, at + size);
    at += size + padding(size);
    return part;
  });
}

/** The parts, where each came in a fragment of its own; null where the frame was cut elsewhere. */
function apartAsSent(fragments: readonly Uint8Array[], sizes: readonly number[]): Uint8Array[] | null {
  const parts: Uint8Array[] = [];
  let next = 1;
  for (const size of sizes) {
    if (size === 0) {
      parts.push(new Uint8Array());
      continue;
    }
    if (fragments[next]?.length !== size) return null;
    parts.push(plain(fragments[next++]));
    if (padding(size) === 0) continue;
    if (fragments[next]?.length !== padding(size)) return null;
    next++;
  }
  return next === fragments.length ? parts : null;
}

function packetsOf(list: unknown, parts: readonly Uint8Array[]): Packet[] {
  // as version 1 greeted: it is understood, so that it can be told that it is too old
  if (Array.isArray(list) && list.length === 1) return [{ message: list[0], parts }];
  if (!Array.isArray(list) || list.length % 2 !== 0) return refuse("a head that is no list of pairs");
  const packets: Packet[] = [];
  let next = 0;
  for (let i = 0; i < list.length; i += 2) {
    const count: unknown = list[i + 1];
    if (typeof count !== "number" || !(count >= 0) || next + count > parts.length)
      return refuse(`${String(count)} parts of a message, where ${parts.length - next} are left`);
    packets.push({ message: list[i], parts: count === 0 ? NO_PARTS : parts.slice(next, next + count) });
    next += count;
  }
  if (next !== parts.length) return refuse(`${parts.length - next} parts that belong to no message`);
  return packets;
}

const NO_PARTS: readonly Uint8Array[] = [];
