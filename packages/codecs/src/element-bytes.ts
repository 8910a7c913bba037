/**
 * Owns the way between an array's elements in memory and their bytes in a chunk: byte order, booleans, text of
 * fixed length, fields of records. Knows no compression and no order of axes.
 */
import { isUtf8 } from "node:buffer";
import { type BlockData, viewOf } from "@hyperslab/core/dtype";
import { CodecError } from "@hyperslab/core/errors";
import { fromElements, NATIVE_LITTLE, swapBytes } from "./byte-order.js";
import { type Element, valuesOf } from "./element.js";
import { countsToUnits } from "./time-count.js";

const UTF8 = new TextEncoder();

/** True where the chunk's bytes are the typed array's own. */
export function isNative(element: Element): boolean {
  return element.kind === "plain" && (element.size === 1 || element.littleEndian === NATIVE_LITTLE);
}

/** The bytes behind a typed array. */
export function memoryOf(data: Exclude<BlockData, string[]>): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Elements of a chunk's bytes. For typed arrays: a view of `bytes` where it may be (`own` says that nobody else
 * needs them as they are), else a copy; or `out`, filled.
 */
export function decodeElements(
  stored: Uint8Array,
  element: Element,
  owned: boolean,
  out?: BlockData,
): BlockData {
  const bytes = element.record ? gatherField(stored, element) : stored;
  const own = owned || bytes !== stored;
  if (element.dtype === "string") return decodeTexts(bytes, element, out as string[] | undefined);
  let memory: Uint8Array;
  if (out !== undefined && !Array.isArray(out)) {
    memory = memoryOf(out);
    // what was decoded in place is there already
    if (memory.buffer !== bytes.buffer || memory.byteOffset !== bytes.byteOffset) memory.set(bytes);
  } else {
    // Node cuts small Buffers out of a pool that they share: nobody may own a piece of that
    const pooled = own && bytes.byteLength < 65536 && bytes.byteLength !== bytes.buffer.byteLength;
    const asItIs =
      !pooled && bytes.byteOffset % element.size === 0 && (own || (isNative(element) && !element.count));
    memory = asItIs && (own || element.dtype !== "bool") ? bytes : new Uint8Array(bytes);
  }
  if (!isNative(element)) swapBytes(memory, element.size);
  if (element.dtype === "bool") for (let i = 0; i < memory.length; i++) if (memory[i] > 1) memory[i] = 1;
  if (element.count)
    countsToUnits(new BigInt64Array(memory.buffer, memory.byteOffset, memory.length / 8), element.count);
  return Array.isArray(out) || out === undefined
    ? viewOf(element.dtype, memory.buffer, memory.byteOffset, memory.length / element.size)
    : out;
}

/** The bytes of one field of every record, without what lies between them. */
function gatherField(bytes: Uint8Array, element: Element): Uint8Array {
  const { record, size } = element;
  if (!record) return bytes;
  const width = size * valuesOf(element);
  const count = Math.floor(bytes.length / record.bytes);
  const out = new Uint8Array(count * width);
  for (let i = 0, from = record.offset, to = 0; i < count; i++, from += record.bytes)
    for (let end = from + width, at = from; at < end;) out[to++] = bytes[at++];
  return out;
}

/**
 * Bytes of elements: a view where the order is the native one.
 * @throws CodecError for a text that is too long, and for fields of records, which can only be read
 */
export function encodeElements(data: BlockData, element: Element): Uint8Array {
  if (element.record || element.count)
    throw new CodecError({
      codec: "bytes",
      reason: `${element.record ? "fields of records" : "times in this unit"} can only be read`,
      hint: "write to an array of a plain dtype",
    });
  if (Array.isArray(data)) return encodeTexts(data, element);
  return fromElements(data, element.littleEndian);
}

function decodeTexts(bytes: Uint8Array, { kind, size, littleEndian }: Element, out?: string[]): string[] {
  const count = size === 0 ? 0 : bytes.length / size;
  const texts = out ?? new Array<string>(count);
  if (size === 0) return texts.fill("");
  if (kind === "bytes") {
    const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < count; i++) {
      let stop = (i + 1) * size;
      while (stop > i * size && bytes[stop - 1] === 0) stop--;
      texts[i] = textOfBytes(buffer, i * size, stop);
    }
    return texts;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < count; i++) {
    const points: number[] = [];
    for (let at = i * size; at < (i + 1) * size; at += 4) points.push(view.getUint32(at, littleEndian));
    while (points.length && points[points.length - 1] === 0) points.pop();
    const wrong = points.find((point) => point > 0x10ffff);
    if (wrong !== undefined)
      throw new CodecError({ codec: "bytes", reason: `code point 0x${wrong.toString(16)} in text ${i}` });
    texts[i] = String.fromCodePoint(...points);
  }
  return texts;
}

/** Bytes that are no UTF-8 come through one by one, as Latin-1: nothing of them is lost. */
export function textOfBytes(buffer: Buffer, start: number, stop: number): string {
  const text = buffer.toString("utf8", start, stop);
  const whole = !text.includes("\ufffd") || isUtf8(buffer.subarray(start, stop));
  return whole ? text : buffer.toString("latin1", start, stop);
}

function encodeTexts(texts: readonly string[], { kind, size, littleEndian }: Element): Uint8Array {
  const out = new Uint8Array(texts.length * size);
  const view = new DataView(out.buffer);
  texts.forEach((text, i) => {
    if (kind === "bytes") {
      const bytes = UTF8.encode(text);
      if (bytes.length > size) throw tooLong(text, bytes.length, size, "bytes");
      out.set(bytes, i * size);
      return;
    }
    const points = Array.from(text, (letter) => letter.codePointAt(0) ?? 0);
    if (points.length * 4 > size) throw tooLong(text, points.length, size / 4, "characters");
    points.forEach((point, k) => view.setUint32(i * size + k * 4, point, littleEndian));
  });
  return out;
}

function tooLong(text: string, length: number, room: number, what: string): CodecError {
  const start = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new CodecError({
    codec: "bytes",
    reason: `text "${start}" of ${length} ${what}, where an element holds ${room}`,
    hint: "create the array with longer elements, or of variable length",
  });
}
