/**
 * Owns the way from HDF5's datatypes to elements of ours: plain numbers, text, fields of compounds each on its own,
 * arrays within elements as further axes. What has no dtype is named, never guessed.
 */
import { type Element, type InnerAxis, plainElement } from "@hyperslab/codecs/element";
import { type BlockData, type Dtype, type TypedArray, isDtype } from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { markUnsupported } from "./cursor.js";
import { type Datatype, type EnumMember, type Padding, typeName } from "./datatype.js";

/** How one element (or one field of it) lies in the file, and what it becomes. JSON-safe. */
export interface Hdf5Element {
  readonly dtype: Dtype;
  /** As stored. Texts of variable length are references into global heaps: bytes along an axis of their own. */
  readonly stored: Element;
  /** True for references to texts. */
  readonly isReference: boolean;
  /** Integers that fill only some bits of their bytes. */
  readonly bits: { readonly offset: number; readonly count: number; readonly signed: boolean } | null;
  /** The words that an enum has for its values (integers as text). */
  readonly words: readonly (readonly [word: string, value: string])[] | null;
  /** What the file calls it. */
  readonly type: string;
  /** The field of a compound that it is: `a.b`; "" for whole elements. */
  readonly path: string;
  /** How texts of a fixed length are filled up; null where there are none. */
  readonly padding: Padding | null;
}

/** One array that a dataset gives: the whole elements (`path` is ""), or a field (`a.b` for a nested one). */
export interface Hdf5Field {
  readonly path: string;
  /** Or why it can't be read; the others can. */
  readonly element: Hdf5Element | DtypeError;
}

/** Fields of one compound at most. */
const MOST_FIELDS = 4096;

/** The arrays that a type gives. @param offsetSize of the file: references to texts hold an address */
export function fieldsOf(type: Datatype, offsetSize: number): Hdf5Field[] {
  const fields: Hdf5Field[] = [];
  collect(type, "", { bytes: type.size, offset: 0 }, type.kind === "compound", offsetSize, fields);
  return fields;
}

function collect(
  type: Datatype,
  path: string,
  record: { readonly bytes: number; readonly offset: number },
  isField: boolean,
  offsetSize: number,
  fields: Hdf5Field[],
): void {
  if (type.kind === "compound" && !complexParts(type)) {
    for (const member of type.members) {
      const inside = { bytes: record.bytes, offset: record.offset + member.offset };
      const name = path === "" ? member.name : `${path}.${member.name}`;
      collect(member.type, name, inside, true, offsetSize, fields);
    }
    return;
  }
  if (fields.length >= MOST_FIELDS) return;
  const found = elementOf(type, [], offsetSize);
  const isWhole = record.offset === 0 && record.bytes === type.size;
  const placed =
    found instanceof DtypeError || !isField
      ? found
      : { ...found, path, stored: isWhole ? found.stored : { ...found.stored, record } };
  fields.push({ path, element: placed });
}

function elementOf(type: Datatype, axes: readonly InnerAxis[], offsetSize: number): Hdf5Element | DtypeError {
  const make = (stored: Element, more: Partial<Hdf5Element> = {}): Hdf5Element => {
    const inner = [...axes, ...(stored.inner ?? [])];
    return {
      dtype: stored.dtype,
      stored: inner.length ? { ...stored, inner } : stored,
      isReference: false,
      bits: null,
      words: null,
      type: typeName(type),
      path: "",
      padding: null,
      ...more,
    };
  };
  switch (type.kind) {
    case "integer":
    case "bitfield": {
      const dtype = `${type.signed ? "int" : "uint"}${type.size * 8}`;
      if (!isDtype(dtype) || dtype === "string") return unreadable(type);
      const isWhole = type.bitOffset === 0 && type.precision === type.size * 8;
      const bits = isWhole ? null : { offset: type.bitOffset, count: type.precision, signed: type.signed };
      return make(plainElement(dtype, type.littleEndian), { bits });
    }
    case "float": {
      const dtype = `float${type.size * 8}`;
      if (!type.ieee || !isDtype(dtype) || dtype === "string") return unreadable(type);
      return make(plainElement(dtype, type.littleEndian));
    }
    case "string":
      return make(
        { dtype: "string", kind: "bytes", size: type.size, littleEndian: true },
        { padding: type.padding },
      );
    case "varstring": {
      const bytes: InnerAxis = { length: 8 + offsetSize };
      if (type.size !== bytes.length) return unreadable(type);
      return make({ ...plainElement("uint8"), inner: [bytes] }, { dtype: "string", isReference: true });
    }
    case "enum": {
      const base = elementOf(type.base, axes, offsetSize);
      if (base instanceof DtypeError || type.base.kind !== "integer") return unreadable(type);
      if (isTruth(type.members) && base.dtype === "int8")
        return { ...base, dtype: "bool", stored: { ...base.stored, dtype: "bool" }, type: "bool" };
      const { littleEndian, signed } = type.base;
      const words = type.members.map(
        ({ name, bytes }) => [name, String(integerOf(bytes, littleEndian, signed))] as const,
      );
      return { ...base, words, type: typeName(type) };
    }
    case "array": {
      const base = elementOf(type.base, [...axes, ...type.shape.map((length) => ({ length }))], offsetSize);
      return base instanceof DtypeError ? base : { ...base, type: typeName(type) };
    }
    case "complex":
    case "compound": {
      const part = type.kind === "complex" ? type.base : complexParts(type);
      const base = part && elementOf(part, [], offsetSize);
      if (!base || base instanceof DtypeError) return unreadable(type);
      return make({ ...base.stored, inner: [{ name: "complex", length: 2 }] });
    }
    case "opaque":
      return make({ ...plainElement("uint8"), inner: [{ name: `bytes${type.size}`, length: type.size }] });
    case "vlen":
    case "reference":
    case "time":
      return unreadable(type);
  }
}

/** The type of both parts of a compound that is a complex number, as h5py writes them. */
function complexParts(type: Extract<Datatype, { kind: "compound" }>): Datatype | null {
  const [re, im] = type.members;
  if (type.members.length !== 2 || re.type.kind !== "float" || im.type.kind !== "float") return null;
  const names = `${re.name} ${im.name}`;
  const isComplex =
    (names === "r i" || names === "real imag") &&
    re.offset === 0 &&
    im.offset === re.type.size &&
    type.size === 2 * re.type.size &&
    re.type.ieee &&
    im.type.ieee &&
    im.type.size === re.type.size &&
    im.type.littleEndian === re.type.littleEndian;
  return isComplex ? re.type : null;
}

/** h5py's truth values. */
function isTruth(members: readonly EnumMember[]): boolean {
  const values = new Map(members.map(({ name, bytes }) => [name, bytes]));
  return values.size === 2 && values.get("FALSE")?.[0] === 0 && values.get("TRUE")?.[0] === 1;
}

/** An integer of any size from its bytes. */
export function integerOf(bytes: Uint8Array, littleEndian: boolean, signed: boolean): bigint {
  let value = 0n;
  for (let i = 0; i < bytes.length; i++)
    value = (value << 8n) | BigInt(bytes[littleEndian ? bytes.length - 1 - i : i]);
  return signed ? BigInt.asIntN(bytes.length * 8, value) : value;
}

function unreadable(type: Datatype): DtypeError {
  return markUnsupported(
    new DtypeError({
      dtype: typeName(type),
      found: "an element type that can't be read",
      hint: "readable are integers of 1, 2, 4 and 8 bytes, IEEE floats of 2, 4 and 8, text, enums, complex numbers, opaque bytes, and arrays and compounds of these",
    }),
  );
}

/** Makes values of what was read as it is stored, in place: the bits that count, texts without their padding. */
export function finishElements(data: BlockData, { bits, padding }: Hdf5Element): void {
  if (Array.isArray(data)) trimTexts(data, padding);
  else if (bits && !(data instanceof Float32Array) && !(data instanceof Float64Array)) takeBits(data, bits);
}

/** Numbers of which only some bits count, put right in place. */
function takeBits(
  data: Exclude<TypedArray, Float32Array | Float64Array>,
  bits: NonNullable<Hdf5Element["bits"]>,
): void {
  const { offset, count, signed } = bits;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < data.length; i++) {
      const value = BigInt.asUintN(64, data[i]) >> BigInt(offset);
      data[i] = signed ? BigInt.asIntN(count, value) : BigInt.asUintN(count, value);
    }
    return;
  }
  const unused = 32 - count;
  for (let i = 0; i < data.length; i++) {
    const value = (data[i] >>> offset) << unused;
    data[i] = signed ? value >> unused : value >>> unused;
  }
}

/** Texts without what they are filled up with; zeros at their ends are gone already. */
function trimTexts(texts: string[], padding: Padding | null): void {
  if (padding === null || padding === "zeros") return;
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i];
    if (padding === "spaces") texts[i] = text.replace(/ +$/, "");
    else if (text.includes("\0")) texts[i] = text.slice(0, text.indexOf("\0"));
  }
}
