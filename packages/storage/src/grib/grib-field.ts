/**
 * Owns what the sections of GRIB messages (editions 1 and 2) say of a field: parameter, times, level and grid. Values are
 * `grib-values.ts`'s.
 */
import type { GribCursor } from "./grib-cursor.js";

/** A regular grid of latitudes and longitudes, in degrees, in the order of its values. */
export interface GribGrid {
  readonly columns: number;
  readonly rows: number;
  readonly latitudes: readonly [first: number, last: number];
  readonly longitudes: readonly [first: number, last: number];
  /** Values go down the columns first. */
  readonly byColumns: boolean;
}

/** One field. Times in seconds. */
export interface GribField {
  readonly edition: 1 | 2;
  /** `table.number`, or `discipline.category.number`. */
  readonly parameter: string;
  /** Seconds since 1970 at which the forecast starts. */
  readonly reference: number;
  /** Seconds from then to the (end of the) time that the values hold for. */
  readonly step: number;
  /** eccodes' name of the kind of level. */
  readonly levelType: string;
  readonly level: number;
  /** Where the values are a mean, a sum, … over a time. */
  readonly stepType: string;
  readonly grid: GribGrid;
  readonly sections: GribSections;
}

/** Points of one grid at most: a field that is all one value needs no bytes for them. */
const MOST_POINTS = 2 ** 25;

/** Where the parts of a field stand, from the start of its message; 0 for a part that isn't there. */
export interface GribSections {
  /** Edition 1: the product definition, edition 2: data representation. */
  readonly representation: number;
  readonly bitmap: number;
  readonly data: number;
}

const LEVELS_1: Readonly<Record<number, string>> = { 1: "surface", 100: "isobaricInhPa", 102: "meanSea", 103: "heightAboveSea", 105: "heightAboveGround", 107: "sigma", 109: "hybrid", 111: "depthBelowLand", 112: "depthBelowLandLayer", 113: "theta", 117: "potentialVorticity", 200: "entireAtmosphere" }; // prettier-ignore
const LEVELS_2: Readonly<Record<number, string>> = { 1: "surface", 8: "nominalTop", 10: "entireAtmosphere", 100: "isobaricInhPa", 101: "meanSea", 102: "heightAboveSea", 103: "heightAboveGround", 104: "sigma", 105: "hybrid", 106: "depthBelowLand", 107: "theta", 109: "potentialVorticity", 200: "entireAtmosphere" }; // prettier-ignore
const UNITS: Readonly<Record<number, number>> = {
  0: 60,
  1: 3600,
  2: 86400,
  10: 10800,
  11: 21600,
  12: 43200,
  13: 1,
  254: 1,
};
const KINDS_1: Readonly<Record<number, string>> = { 2: "range", 3: "avg", 4: "accum", 5: "diff" };
const KINDS_2: Readonly<Record<number, string>> = { 0: "avg", 1: "accum", 2: "max", 3: "min", 4: "diff" };

/** The field of a message of edition 1. @throws FormatError, which names what isn't supported */
export function fieldOfEdition1(message: GribCursor): GribField {
  const product = message.part(8, message.u24(8));
  const flags = product.u8(7);
  if (!(flags & 128)) throw message.fail("it has no grid description, which isn't supported", 8);
  const gridAt = 8 + product.bytes.length;
  const grid = message.part(gridAt, message.u24(gridAt));
  const bitmap = flags & 64 ? gridAt + grid.bytes.length : 0;
  const data = bitmap ? bitmap + message.u24(bitmap) : gridAt + grid.bytes.length;
  const year = (product.u8(24) - 1) * 100 + product.u8(12);
  const unit = unitOf(message, product.u8(17));
  const range = product.u8(20);
  const [p1, p2] = [product.u8(18), product.u8(19)];
  let steps: number;
  if (range === 0) steps = p1;
  else if (range === 1) steps = 0;
  else if (range === 10) steps = p1 * 256 + p2;
  else if (range in KINDS_1) steps = p2;
  else throw message.fail(`its kind of time range is ${range}, which isn't supported`, 28);
  const type = product.u8(9);
  // layers have two bounds of one byte each; the first names them
  const isLayer = type === 112;
  return {
    edition: 1,
    parameter: `${product.u8(3)}.${product.u8(8)}`,
    reference: secondsOf(product, [year, product.u8(13), product.u8(14), product.u8(15), product.u8(16), 0]),
    step: steps * unit,
    levelType: LEVELS_1[type] ?? `level${type}`,
    level: isLayer ? product.u8(10) : product.u16(10),
    stepType: KINDS_1[range] ?? "instant",
    grid: grid1(grid),
    sections: { representation: 8, bitmap, data },
  };
}

/** All fields of a message of edition 2: its parts may be repeated. @throws FormatError */
export function fieldsOfEdition2(message: GribCursor): GribField[] {
  const fields: GribField[] = [];
  const discipline = message.u8(6);
  let reference = NaN;
  let grid: GribGrid | undefined;
  let product: Pick<GribField, "parameter" | "step" | "levelType" | "level" | "stepType"> | undefined;
  let [representation, bitmap] = [0, 0];
  for (let at = 16; message.u32(at) !== 0x37373737;) {
    const section = message.part(at, Math.max(5, message.u32(at)));
    switch (section.u8(4)) {
      case 1:
        reference = secondsOf(section, [
          section.u16(12),
          section.u8(14),
          section.u8(15),
          section.u8(16),
          section.u8(17),
          section.u8(18),
        ]);
        break;
      case 3:
        grid = grid2(section);
        break;
      case 4:
        product = product2(section, discipline);
        break;
      case 5:
        representation = at;
        break;
      case 6:
        // 254: the one before holds on
        if (section.u8(5) !== 254) bitmap = section.u8(5) === 0 ? at : 0;
        if (section.u8(5) > 0 && section.u8(5) < 254) throw section.fail("its bitmap is a predefined one");
        break;
      case 7:
        if (!grid || !product || !representation || Number.isNaN(reference))
          throw section.fail("data stand before what describes them");
        fields.push({
          edition: 2,
          reference,
          grid,
          ...product,
          sections: { representation, bitmap, data: at },
        });
    }
    at += section.bytes.length;
  }
  return fields;
}

function unitOf(message: GribCursor, unit: number): number {
  const seconds = UNITS[unit];
  if (seconds === undefined) throw message.fail(`its unit of time is ${unit}, which isn't supported`);
  return seconds;
}

/** Seconds since 1970 of year, month, day, hour, minute and second. */
function secondsOf(
  section: GribCursor,
  date: readonly [number, number, number, number, number, number],
): number {
  const [year, month, day, hour, minute, second] = date;
  const isDate =
    year > 99 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 31 &&
    hour <= 24 &&
    minute < 60 &&
    second < 61;
  if (!isDate) throw section.fail(`its date is ${date.join(", ")}`);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

function product2(
  section: GribCursor,
  discipline: number,
): Pick<GribField, "parameter" | "step" | "levelType" | "level" | "stepType"> {
  const template = section.u16(7);
  // instants and time ranges, of one forecast or of members of an ensemble
  const range = { 8: 34, 11: 37, 12: 36 }[template];
  if (![0, 1, 2].includes(template) && range === undefined)
    throw section.fail(`its product definition template is 4.${template}, which isn't supported`, 7);
  const type = section.u8(22);
  const scaled = section.u8(23) === 255 ? 0 : section.signed(24, 4) / 10 ** section.signed(23, 1);
  const unit = unitOf(section, section.u8(17));
  let step = section.signed(18, 4) * unit;
  if (range !== undefined) {
    const at = range + 7 + 5;
    // the range follows on the forecast time
    step += section.u32(at + 3) * unitOf(section, section.u8(at + 2));
  }
  return {
    parameter: `${discipline}.${section.u8(9)}.${section.u8(10)}`,
    step,
    levelType: LEVELS_2[type] ?? `level${type}`,
    level: type === 100 ? scaled / 100 : scaled,
    stepType: range === undefined ? "instant" : (KINDS_2[section.u8(range + 12)] ?? "range"),
  };
}

function grid1(section: GribCursor): GribGrid {
  const type = section.u8(5);
  if (type !== 0)
    throw section.fail(`its grid is of type ${type}: only regular latitudes and longitudes are supported`, 5);
  const degrees = (at: number): number => section.signed(at, 3) / 1000;
  return gridOf(
    section,
    [section.u16(6), section.u16(8)],
    [degrees(10), degrees(17)],
    [degrees(13), degrees(20)],
    section.u8(27),
  );
}

function grid2(section: GribCursor): GribGrid {
  const template = section.u16(12);
  if (template !== 0)
    throw section.fail(
      `its grid has template 3.${template}: only regular latitudes and longitudes are supported`,
      12,
    );
  const [basic, parts] = [section.u32(38), section.u32(42)];
  const unit = basic === 0 || basic === 0xffffffff ? 1e6 : parts / basic;
  const degrees = (at: number): number => section.signed(at, 4) / unit;
  return gridOf(
    section,
    [section.u32(30), section.u32(34)],
    [degrees(46), degrees(55)],
    [degrees(50), degrees(59)],
    section.u8(71),
  );
}

function gridOf(
  section: GribCursor,
  [columns, rows]: readonly [number, number],
  latitudes: readonly [number, number],
  [west, east]: readonly [number, number],
  scanning: number,
): GribGrid {
  if (columns === 0xffff || rows === 0xffff || columns === 0xffffffff || rows === 0xffffffff)
    throw section.fail("its grid is a reduced one, which isn't supported");
  if (!(columns > 0 && rows > 0 && columns * rows <= MOST_POINTS))
    throw section.fail(`its grid has ${columns} x ${rows} points`);
  if (scanning & 16) throw section.fail("its rows run to and fro, which isn't supported");
  // 350 to 10 degrees goes over the meridian
  const last = !(scanning & 128) && east < west ? east + 360 : east;
  return { columns, rows, latitudes, longitudes: [west, last], byColumns: (scanning & 32) !== 0 };
}
