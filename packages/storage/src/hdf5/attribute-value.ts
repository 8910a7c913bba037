/** Owns the values of attributes: bytes in, JSON scalars and lists out, as netCDF4 and xarray show them. */
import { valuesOf } from "@hyperslab/codecs/element";
import { decodeElements, textOfBytes } from "@hyperslab/codecs/element-bytes";
import { DtypeError } from "@hyperslab/core/errors";
import { fromFloat16 } from "@hyperslab/core/float16";
import type { Attribute } from "../source.js";
import type { RawAttribute } from "./attribute.js";
import { Cursor } from "./cursor.js";
import { fieldsOf, finishElements } from "./element-type.js";
import type { GlobalHeaps } from "./global-heap.js";
import type { Hdf5File } from "./hdf5-file.js";

/** A decoded attribute, and what its elements were: a dtype's name, for those who write it again. */
export interface DecodedAttribute {
  readonly value: Attribute;
  readonly dtype: string;
}

/** The value of an attribute; null where it is of a type that attributes can't show (compounds, references). */
export async function attributeValue(
  file: Hdf5File,
  heaps: GlobalHeaps,
  raw: RawAttribute,
): Promise<DecodedAttribute | null> {
  const fields = fieldsOf(raw.type, file.offsetSize);
  const [field] = fields;
  if (fields.length !== 1 || field.path !== "" || field.element instanceof DtypeError) return null;
  const { element } = field;
  const { dtype, stored } = element;
  const isList = raw.space.kind === "simple";
  let values: Attribute[];
  if (element.isReference) {
    const width = valuesOf(stored);
    if (width !== 8 + file.offsetSize) return null;
    values = await readTexts(file, heaps, raw.bytes);
  } else {
    const data = decodeElements(raw.bytes.slice(), stored, true);
    finishElements(data, element);
    values = Array.from(data as ArrayLike<number | bigint | string>, (value): Attribute => {
      if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
      if (dtype === "bool") return value !== 0;
      return dtype === "float16" ? fromFloat16(Number(value)) : value;
    });
  }
  if (raw.space.kind === "null") return { value: dtype === "string" ? "" : [], dtype };
  const scalar = values.length === 1 && (!isList || raw.space.shape.length <= 1) && !stored.inner?.length;
  return { value: scalar || (element.isReference && values.length === 1) ? values[0] : values, dtype };
}

/** Texts of variable length: each element says how long it is, and where. */
export async function readTexts(
  file: Hdf5File,
  heaps: GlobalHeaps,
  references: Uint8Array,
): Promise<string[]> {
  const places = readReferences(file, references);
  const addresses = new Set(places.flatMap((place) => (place ? [place.address] : [])));
  const collections = new Map<number, ReadonlyMap<number, Uint8Array>>();
  await Promise.all(
    Array.from(addresses, async (address) => collections.set(address, await heaps.collection(address))),
  );
  return places.map((place) => {
    const collection = place && collections.get(place.address);
    if (!place || !collection) return "";
    const bytes = heaps.in(collection, place).subarray(0, place.length);
    const end = bytes.indexOf(0);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, end === -1 ? bytes.length : end);
    return textOfBytes(buffer, 0, buffer.length);
  });
}

/** The lists of addresses that an attribute of object references holds, one list for each element. */
export async function readReferenceLists(
  file: Hdf5File,
  heaps: GlobalHeaps,
  raw: RawAttribute,
): Promise<number[][] | null> {
  const { type } = raw;
  if (type.kind !== "vlen" || type.base.kind !== "reference" || type.base.size !== file.offsetSize)
    return null;
  const lists: number[][] = [];
  for (const place of readReferences(file, raw.bytes)) {
    const list: number[] = [];
    if (place) {
      const bytes = await heaps.object(place);
      const cursor = new Cursor(bytes, file, place.address);
      for (let i = 0; i < place.length && cursor.left >= file.offsetSize; i++) {
        const address = cursor.offset();
        if (address !== null) list.push(address);
      }
    }
    lists.push(list);
  }
  return lists;
}

/** What elements of variable length hold: a length, and a place in a global heap; null for nothing. */
function readReferences(
  file: Hdf5File,
  bytes: Uint8Array,
): ({ readonly length: number; readonly address: number; readonly index: number } | null)[] {
  const cursor = new Cursor(bytes, file, 0);
  const width = 8 + file.offsetSize;
  return Array.from({ length: Math.floor(bytes.length / width) }, () => {
    const length = cursor.uint32();
    const address = cursor.offset();
    const index = cursor.uint32();
    return length === 0 || address === null || (address === 0 && index === 0)
      ? null
      : { length, address, index };
  });
}
