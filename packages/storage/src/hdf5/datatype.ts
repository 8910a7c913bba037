/** Owns datatype messages of all versions: bytes in, a description of the type out. Knows no dtypes of ours. */
import type { Cursor } from "./cursor.js";

/** One member of a compound type. */
export interface Member {
  readonly name: string;
  /** Bytes from the start of the compound. */
  readonly offset: number;
  readonly type: Datatype;
}

/** A type as the file has it; `size` is that of one element in bytes. */
export type Datatype = { readonly size: number } & (
  | {
      readonly kind: "integer" | "bitfield";
      readonly littleEndian: boolean;
      readonly signed: boolean;
      /** Bits that count, and how many stand below them. */
      readonly precision: number;
      readonly bitOffset: number;
    }
  | {
      readonly kind: "float";
      readonly littleEndian: boolean;
      /** True for the IEEE format of this size. */
      readonly ieee: boolean;
      /** For people: where the format is another one. */
      readonly format: string;
    }
  | { readonly kind: "string"; readonly padding: Padding; readonly utf8: boolean }
  | { readonly kind: "varstring"; readonly utf8: boolean }
  | { readonly kind: "vlen"; readonly base: Datatype }
  | { readonly kind: "enum"; readonly base: Datatype; readonly members: readonly EnumMember[] }
  | { readonly kind: "compound"; readonly members: readonly Member[] }
  | { readonly kind: "array"; readonly base: Datatype; readonly shape: readonly number[] }
  | { readonly kind: "complex"; readonly base: Datatype }
  | { readonly kind: "reference"; readonly of: "object" | "region" | "other" }
  | { readonly kind: "opaque"; readonly tag: string }
  | { readonly kind: "time" }
);

/** How a fixed string is filled up: with zeros after the text, with zeros, with spaces. */
export type Padding = "ended" | "zeros" | "spaces";

export interface EnumMember {
  readonly name: string;
  /** As the base type has it. */
  readonly bytes: Uint8Array;
}

const DEEPEST = 24;
const PADDINGS: readonly Padding[] = ["ended", "zeros", "spaces"];
/** Exponent location and size, mantissa location and size, bias, by the bytes of an IEEE number. */
const IEEE: Readonly<Record<number, string>> = {
  2: "10 5 0 10 15",
  4: "23 8 0 23 127",
  8: "52 11 0 52 1023",
};

/** Reads the type at the cursor, which then stands behind it. @throws FormatError */
export function readDatatype(cursor: Cursor, depth = 0): Datatype {
  const start = cursor.at;
  if (depth > DEEPEST) cursor.fail(`a datatype is nested deeper than ${DEEPEST}`);
  const first = cursor.uint8();
  const [version, kind] = [first >> 4, first & 15];
  if (version < 1 || version > 5) cursor.unsupported(`version ${version} of a datatype is not known`, start);
  const bits = cursor.uint(3);
  const size = cursor.uint32();
  const type = readKind(cursor, kind, version, bits, size, depth, start);
  if (type.size === 0 && type.kind !== "string") cursor.fail("a datatype of no bytes", start);
  return type;
}

function readKind(
  cursor: Cursor,
  kind: number,
  version: number,
  bits: number,
  size: number,
  depth: number,
  start: number,
): Datatype {
  switch (kind) {
    case 0:
    case 4: {
      const [bitOffset, precision] = [cursor.uint16(), cursor.uint16()];
      if (precision === 0 || bitOffset + precision > size * 8)
        cursor.fail(`${precision} bits from bit ${bitOffset} don't fit into ${size} bytes`, start);
      return {
        kind: kind === 0 ? "integer" : "bitfield",
        size,
        littleEndian: (bits & 1) === 0,
        signed: kind === 0 && (bits & 8) !== 0,
        precision,
        bitOffset,
      };
    }
    case 1:
      return readFloat(cursor, bits, size);
    case 2:
      cursor.skip(2);
      return { kind: "time", size };
    case 3:
      return {
        kind: "string",
        size,
        padding: PADDINGS[bits & 15] ?? "zeros",
        utf8: ((bits >> 4) & 15) === 1,
      };
    case 5: {
      const tag = cursor.text(Math.min(cursor.left, Math.ceil((bits & 255) / 8) * 8));
      return { kind: "opaque", size, tag };
    }
    case 6:
      return { kind: "compound", size, members: readMembers(cursor, version, bits & 0xffff, size, depth) };
    case 7: {
      const of = (bits & 15) === 0 ? "object" : (bits & 15) === 1 ? "region" : "other";
      return { kind: "reference", size, of };
    }
    case 8: {
      const base = readDatatype(cursor, depth + 1);
      const count = bits & 0xffff;
      const names = Array.from({ length: count }, () => {
        const from = cursor.at;
        const name = cursor.zeroEnded();
        if (version < 3) cursor.align(8, from);
        return name;
      });
      const members = names.map((name): EnumMember => ({ name, bytes: cursor.take(base.size) }));
      return { kind: "enum", size, base, members };
    }
    case 9: {
      const base = readDatatype(cursor, depth + 1);
      if ((bits & 15) === 1) return { kind: "varstring", size, utf8: ((bits >> 8) & 15) === 1 };
      return { kind: "vlen", size, base };
    }
    case 10: {
      const rank = cursor.uint8();
      if (version < 3) cursor.skip(3);
      const shape = Array.from({ length: rank }, () => cursor.uint32());
      if (version < 3) cursor.skip(4 * rank);
      const base = readDatatype(cursor, depth + 1);
      const bytes = shape.reduce((product, length) => product * length, base.size);
      if (bytes !== size) cursor.fail(`an array type of ${bytes} bytes says that it has ${size}`, start);
      return { kind: "array", size, base, shape };
    }
    case 11: {
      const base = readDatatype(cursor, depth + 1);
      if (base.size * 2 !== size)
        cursor.fail(`a complex type of ${size} bytes with parts of ${base.size}`, start);
      return { kind: "complex", size, base };
    }
    default:
      return cursor.unsupported(`datatype class ${kind} is not known`, start);
  }
}

function readFloat(cursor: Cursor, bits: number, size: number): Datatype {
  const [offset, precision] = [cursor.uint16(), cursor.uint16()];
  const [exponentAt, exponentBits] = [cursor.uint8(), cursor.uint8()];
  const [mantissaAt, mantissaBits] = [cursor.uint8(), cursor.uint8()];
  const bias = cursor.uint32();
  const layout = `${exponentAt} ${exponentBits} ${mantissaAt} ${mantissaBits} ${bias}`;
  const isVax = (bits & 0x40) !== 0;
  const usual =
    offset === 0 &&
    precision === size * 8 &&
    !isVax &&
    ((bits >> 4) & 3) === 2 &&
    ((bits >> 8) & 255) === size * 8 - 1;
  return {
    kind: "float",
    size,
    littleEndian: (bits & 1) === 0,
    ieee: usual && IEEE[size] === layout,
    format: isVax
      ? "VAX order"
      : `${exponentBits} bits of exponent, ${mantissaBits} of mantissa, bias ${bias}`,
  };
}

function readMembers(cursor: Cursor, version: number, count: number, size: number, depth: number): Member[] {
  const offsetBytes = size < 2 ** 8 ? 1 : size < 2 ** 16 ? 2 : size < 2 ** 24 ? 3 : 4;
  const members: Member[] = [];
  for (let i = 0; i < count; i++) {
    const from = cursor.at;
    const name = cursor.zeroEnded();
    if (version < 3) cursor.align(8, from);
    const offset = version < 3 ? cursor.uint32() : cursor.uint(offsetBytes);
    let shape: number[] = [];
    if (version === 1) {
      // what became the array type
      const rank = cursor.uint8();
      cursor.skip(11);
      shape = [cursor.uint32(), cursor.uint32(), cursor.uint32(), cursor.uint32()].slice(
        0,
        Math.min(4, rank),
      );
    }
    const base = readDatatype(cursor, depth + 1);
    const type: Datatype = shape.length
      ? {
          kind: "array",
          base,
          shape,
          size: shape.reduce((product, length) => product * length, base.size),
        }
      : base;
    if (offset + type.size > size)
      cursor.fail(`member "${name}" ends at byte ${offset + type.size} of a compound of ${size}`, from);
    members.push({ name, offset, type });
  }
  return members;
}

/** What people call a type. */
export function typeName(type: Datatype): string {
  switch (type.kind) {
    case "integer":
      return `${type.signed ? "int" : "uint"}${type.size * 8}`;
    case "bitfield":
      return `bitfield of ${type.size} bytes`;
    case "float":
      return `float${type.size * 8}${type.ieee ? "" : ` (${type.format})`}`;
    case "string":
      return `string of ${type.size} bytes`;
    case "varstring":
      return "string of variable length";
    case "vlen":
      return `variable-length lists of ${typeName(type.base)}`;
    case "enum":
      return `enum of ${typeName(type.base)}`;
    case "compound":
      return `compound {${type.members.map(({ name, type: of }) => `${name}: ${typeName(of)}`).join(", ")}}`;
    case "array":
      return `array (${type.shape.join(", ")}) of ${typeName(type.base)}`;
    case "complex":
      return `complex of ${typeName(type.base)}`;
    case "reference":
      return `reference (${type.of})`;
    case "opaque":
      return `opaque bytes (${type.size})${type.tag ? ` "${type.tag}"` : ""}`;
    case "time":
      return "HDF5 time";
  }
}
