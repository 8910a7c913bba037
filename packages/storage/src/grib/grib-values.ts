/** Owns the values of GRIB fields: bitmaps and simple packing. Other packings are named. */
import { CodecError } from "@hyperslab/core/errors";
import type { GribCursor } from "./grib-cursor.js";
import type { GribField } from "./grib-field.js";

/** Packings of edition 2 by their template's number. */
const PACKINGS: Readonly<Record<number, string>> = {
  2: "complex packing",
  3: "complex packing with spatial differences",
  4: "IEEE floats",
  40: "JPEG 2000",
  41: "PNG",
  42: "CCSDS",
  50: "spectral data",
  200: "run lengths",
};

/** How a packed integer becomes a value: (reference + packed · 2^binary) / 10^decimal. */
interface Packing {
  readonly reference: number;
  readonly binary: number;
  readonly decimal: number;
  readonly bits: number;
  /** Where the packed bits start in the message, and where they end. */
  readonly start: number;
  readonly stop: number;
}

/**
 * The values of a field in the order of rows, then columns; NaN where there is none.
 * @throws CodecError for a packing that isn't supported, FormatError for data that are cut off
 */
export function gribValues(message: GribCursor, field: GribField): Float32Array {
  const { grid, sections } = field;
  const count = grid.columns * grid.rows;
  const packing = field.edition === 1 ? packing1(message, field) : packing2(message, field);
  const { reference, binary, decimal, bits, start, stop } = packing;
  const bitmap = sections.bitmap ? sections.bitmap + 6 : 0;
  const room = bitmap
    ? (message.bytes.length - bitmap) * 8
    : bits
      ? Math.floor(((stop - start) * 8) / bits)
      : count;
  if (room < count)
    throw message.fail(`there are ${stop - start} bytes of data for ${count} values of ${bits} bits`, start);
  const present = (i: number): boolean =>
    bitmap === 0 || (message.u8(bitmap + (i >> 3)) & (128 >> (i & 7))) !== 0;
  const out = new Float32Array(count);
  const factor = 2 ** binary;
  const scale = 10 ** -decimal;
  const data = message.bytes;
  let bit = start * 8;
  const end = stop * 8;
  for (let i = 0; i < count; i++) {
    const to = grid.byColumns ? (i % grid.rows) * grid.columns + Math.floor(i / grid.rows) : i;
    if (!present(i)) {
      out[to] = NaN;
      continue;
    }
    if (bit + bits > end)
      throw message.fail(
        `there are ${stop - start} bytes of data, which end at value ${i} of ${count}`,
        start,
      );
    let packed = 0;
    for (let left = bits; left > 0;) {
      const room = 8 - (bit & 7);
      const taken = Math.min(room, left);
      packed = packed * 2 ** taken + ((data[bit >> 3] >> (room - taken)) & (2 ** taken - 1));
      bit += taken;
      left -= taken;
    }
    out[to] = (packed * factor + reference) * scale;
  }
  return out;
}

function packing1(message: GribCursor, { sections }: GribField): Packing {
  const section = message.part(sections.data, message.u24(sections.data));
  const flags = section.u8(3);
  if (flags & 0xf0)
    throw unsupported(
      flags & 128 ? "spherical harmonics" : flags & 64 ? "complex packing" : "a packing with extra flags",
    );
  return {
    reference: section.ibm(6),
    binary: section.signed(4, 2),
    decimal: message.signed(sections.representation + 26, 2),
    bits: section.u8(10),
    start: sections.data + 11,
    stop: sections.data + section.bytes.length,
  };
}

function packing2(message: GribCursor, { sections }: GribField): Packing {
  const section = message.part(sections.representation, message.u32(sections.representation));
  const template = section.u16(9);
  if (template !== 0) throw unsupported(PACKINGS[template] ?? `template 5.${template}`);
  return {
    reference: section.f32(11),
    binary: section.signed(15, 2),
    decimal: section.signed(17, 2),
    bits: section.u8(19),
    start: sections.data + 5,
    stop: sections.data + message.part(sections.data, message.u32(sections.data)).bytes.length,
  };
}

function unsupported(packing: string): CodecError {
  return new CodecError({
    codec: `GRIB ${packing}`,
    reason: "can't be read",
    hint: "repack the file with simple packing (grib_set -r -w packingType=grid_simple), or convert it to Zarr",
  });
}
