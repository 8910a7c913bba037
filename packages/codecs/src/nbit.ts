/**
 * Owns HDF5's n-bit filter (5), reading only: of each number the bits that its type uses, one after another. Numbers may
 * be elements, or lie in arrays and compounds. What is beside the bits in use becomes 0: signs are the reader's.
 */
import { CodecError } from "@hyperslab/core/errors";
import { swapBytes } from "./byte-order.js";
import type { Codec, CodecSpec } from "./codec.js";
import { clientData } from "./configuration.js";
import { damaged, deliver, outputFor, readOnly, sizeError } from "./output.js";
import { memoryFor } from "./wasm-memory.js";

/** A number at a place within an element, or bytes that are stored whole. */
interface Field {
  readonly at: number;
  readonly size: number;
  readonly littleEndian: boolean;
  /** Bits in use, and how many are below them. */
  readonly precision: number;
  readonly offset: number;
}

interface Layout {
  readonly codec: string;
  readonly count: number;
  readonly size: number;
  readonly fields: readonly Field[];
  /** Nothing was left out of any element: they are stored as they are. */
  readonly isPlain: boolean;
}

const CLASS = { atomic: 1, array: 2, compound: 3, whole: 4 } as const;
const MAX_FIELDS = 1 << 16;
const MAX_DEPTH = 32;

/** Configuration: `values`, HDF5's client data, in which types contain types. */
export function nbitCodec(spec: CodecSpec): Codec {
  const layout = layoutOf(spec);
  return {
    name: spec.name,
    decode: (bytes, size, out) => nbitDecode(layout, bytes, size, out),
    encode: readOnly(spec.name),
  };
}

function layoutOf(spec: CodecSpec): Layout {
  const values = clientData(spec, 5);
  const fields: Field[] = [];
  let at = 3;
  const bad = (reason: string): CodecError =>
    new CodecError({ codec: spec.name, reason, hint: "the file's filter message is damaged" });
  const next = (): number => {
    if (at >= values.length) throw bad("the description of the type ends too early");
    return values[at++];
  };
  /** @returns bytes of the type that begins at `at`, whose fields are added */
  const readType = (start: number, depth: number): number => {
    if (depth > MAX_DEPTH) throw bad(`types within types, ${MAX_DEPTH} deep`);
    const kind = next();
    const size = next();
    if (size === 0) throw bad("a type of no bytes");
    switch (kind) {
      case CLASS.atomic: {
        const [order, precision, offset] = [next(), next(), next()];
        if (precision === 0 || precision + offset > 8 * size || order > 1)
          throw bad(`${precision} bits from bit ${offset} on in ${size} bytes`);
        fields.push({ at: start, size, littleEndian: order === 0, precision, offset });
        break;
      }
      case CLASS.array: {
        const from = at;
        const inner = readType(start, depth + 1);
        if (size % inner) throw bad(`an array of ${size} bytes with elements of ${inner}`);
        for (let i = 1; i < size / inner; i++) {
          if (fields.length > MAX_FIELDS) throw bad("too many numbers in an element");
          at = from;
          readType(start + i * inner, depth + 1);
        }
        break;
      }
      case CLASS.compound: {
        const members = next();
        for (let i = 0; i < members; i++) {
          const place = next();
          const inner = readType(start + place, depth + 1);
          if (place + inner > size) throw bad(`a member of ${inner} bytes at ${place} of ${size}`);
        }
        break;
      }
      case CLASS.whole:
        // bytes in their order
        fields.push({ at: start, size, littleEndian: false, precision: 8 * size, offset: 0 });
        break;
      default:
        throw bad(`a type of class ${kind}`);
    }
    if (fields.length > MAX_FIELDS) throw bad("too many numbers in an element");
    return size;
  };
  const size = readType(0, 0);
  return { codec: spec.name, count: values[2], size, fields, isPlain: values[1] !== 0 };
}

function nbitDecode(
  layout: Layout,
  bytes: Uint8Array,
  expected: number | null,
  out?: Uint8Array,
): Uint8Array {
  const { codec, count, size, fields } = layout;
  if (layout.isPlain) return deliver(codec, bytes, expected, out);
  const length = count * size;
  if (expected !== null && length !== expected) throw sizeError(codec, length, expected);
  const bits = fields.reduce((sum, { precision }) => sum + precision, 0);
  if (bits * count > bytes.length * 8)
    throw damaged(codec, `${count} elements of ${bits} bits in ${bytes.length} bytes`);
  const target = outputFor(codec, length, expected, out);
  const [first] = fields;
  const isNumber = fields.length === 1 && [1, 2, 4, 8].includes(size) && first.size === size;
  if (!isNumber) return unpackElements(layout, bytes, target);
  const wasm = memoryFor(target, bytes.length + length);
  const source = wasm.place(bytes);
  const to = wasm.addressOf(target) ?? wasm.scratch(length);
  wasm.kernels.unpackFields(source, first.precision, first.offset, to, size, count);
  wasm.take(to, target);
  if (!first.littleEndian) swapBytes(target, size);
  return target;
}

/** Elements of any make, field by field, bits from the highest on. */
function unpackElements({ count, size, fields }: Layout, bytes: Uint8Array, target: Uint8Array): Uint8Array {
  target.fill(0);
  let bit = 0;
  /** At most eight. */
  const take = (width: number): number => {
    const word = (bytes[bit >> 3] << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    const value = (word >> (16 - (bit & 7) - width)) & ((1 << width) - 1);
    bit += width;
    return value;
  };
  for (let i = 0; i < count; i++)
    for (const { at, size: fieldSize, littleEndian, precision, offset } of fields) {
      const start = i * size + at;
      if (!littleEndian && precision === 8 * fieldSize) {
        for (let k = 0; k < fieldSize; k++) target[start + k] = take(8);
        continue;
      }
      // bytes from the most to the least significant; the first and the last may hold a part
      for (let high = precision + offset; high > offset;) {
        const index = (high - 1) >> 3;
        const low = Math.max(8 * index, offset);
        const value = take(high - low) << (low & 7);
        target[start + (littleEndian ? index : fieldSize - 1 - index)] |= value;
        high = low;
      }
    }
  return target;
}
