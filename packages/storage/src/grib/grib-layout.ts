/**
 * Owns how the fields of a GRIB file make up arrays: one for each parameter and kind of level, over times, steps and levels;
 * coordinates; and the references to them. Reads nothing.
 */
import { regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import type { SourceRef } from "@hyperslab/core/source-ref";
import type { ArrayInfo, Attribute, Attributes } from "../source.js";
import type { GribGrid } from "./grib-field.js";
import type { IndexedField } from "./grib-index.js";
import { parameterNamed } from "./grib-parameters.js";

/** An array whose planes are fields. */
export interface FieldsLayout {
  readonly kind: "fields";
  /** Planes along each axis before the grid's. */
  readonly outer: readonly number[];
  readonly rows: number;
  readonly columns: number;
  /** In C order: byte offset, length and number in its message of each plane's field; -1, 0, 0 for one that isn't there. */
  readonly places: readonly number[];
}

/** A coordinate, whose values are few. */
export interface ValuesLayout {
  readonly kind: "values";
  readonly dtype: "float64" | "datetime64[ns]" | "timedelta64[ns]";
  readonly shape: readonly number[];
  /** Numbers, or integers as text. */
  readonly values: readonly (number | string)[];
}

/** A coordinate of a regular grid. */
export interface LineLayout {
  readonly kind: "line";
  readonly length: number;
  readonly first: number;
  readonly last: number;
}

/** The number at a position of a regular coordinate. */
export function lineAt({ length, first, last }: LineLayout, position: number): number {
  return length === 1 ? first : first + (position * (last - first)) / (length - 1);
}

/** The `detail` of a reference: JSON. */
export interface GribDetail {
  readonly key: string;
  readonly array: FieldsLayout | ValuesLayout | LineLayout;
  readonly dims: readonly string[];
  readonly attributes: Attributes;
}

/** @throws FormatError where the reference is none of ours */
export function gribDetailFrom(ref: SourceRef): GribDetail {
  const detail = ref.detail as Partial<GribDetail> | null;
  if (ref.format === "grib" && typeof detail?.key === "string" && Array.isArray(detail.dims) && detail.array)
    return detail as GribDetail;
  throw new FormatError({
    path: ref.path,
    format: "reference to an array of a GRIB file",
    reason: `its detail is ${String(JSON.stringify(ref.detail)).slice(0, 200)}`,
    hint: "open the file anew with this version",
  });
}

export function describeGrib({ array, dims, attributes }: GribDetail): ArrayInfo {
  if (array.kind === "line") {
    const shape = [array.length];
    return { dtype: "float64", shape, grid: wholeGrid(shape), dims, attributes, encoding: {} };
  }
  if (array.kind === "values") {
    const { dtype, shape } = array;
    return { dtype, shape, grid: wholeGrid(shape), dims, attributes, encoding: {} };
  }
  const shape = [...array.outer, array.rows, array.columns];
  return {
    dtype: "float32" satisfies Dtype,
    shape,
    // a field is read as a whole; small ones together
    grid: regularGrid(shape, chunksOf(array)),
    dims,
    attributes,
    encoding: { chunks: [array.rows, array.columns] },
  };
}

const BLOCK_BYTES = 4 * 1024 * 1024;

function chunksOf({ outer, rows, columns }: FieldsLayout): number[] {
  let room = Math.max(1, Math.floor(BLOCK_BYTES / (rows * columns * 4)));
  const planes = outer.toReversed().map((length) => {
    const taken = Math.min(length, room);
    room = taken < length ? 1 : Math.max(1, Math.floor(room / Math.max(1, taken)));
    return Math.max(1, taken);
  });
  return [...planes.toReversed(), rows, columns];
}

/** Names of dimensions that are already taken, by what they hold: equal coordinates share one. */
type Known = Map<string, { readonly name: string; readonly detail: Omit<GribDetail, "key"> }>;

/**
 * The arrays of a file by name.
 * @throws FormatError where two fields have the same place
 */
export function arraysOfFields(
  path: string,
  fields: readonly IndexedField[],
): Map<string, Omit<GribDetail, "key">> {
  const groups = new Map<string, IndexedField[]>();
  for (const one of fields) {
    const { parameter, levelType, level, stepType, grid } = one.field;
    const { name } = parameterNamed(parameter, levelType, level);
    const id = JSON.stringify([name, parameter, levelType, stepType, grid]);
    const group = groups.get(id);
    if (group) group.push(one);
    else groups.set(id, [one]);
  }
  const known: Known = new Map();
  const arrays = new Map<string, Omit<GribDetail, "key">>();
  for (const group of groups.values()) {
    const { parameter, levelType, level, stepType } = group[0].field;
    const { name, longName, units } = parameterNamed(parameter, levelType, level);
    const own = [name, `${name}_${levelType}`, `${name}_${levelType}_${stepType}`].find(
      (one) => !arrays.has(one),
    );
    const told = {
      long_name: longName,
      units,
      GRIB_parameter: parameter,
      GRIB_typeOfLevel: levelType,
      GRIB_stepType: stepType,
      GRIB_edition: group[0].field.edition,
    };
    arrays.set(own ?? `${name}_${arrays.size}`, fieldsArray(path, group, known, told));
  }
  for (const { name, detail } of known.values()) arrays.set(name, detail);
  return arrays;
}

function fieldsArray(
  path: string,
  group: readonly IndexedField[],
  known: Known,
  attributes: Record<string, Attribute>,
): Omit<GribDetail, "key"> {
  const [{ field }] = group;
  const axes = [
    {
      name: "time",
      of: (one: IndexedField) => one.field.reference,
      dtype: "datetime64[ns]",
      told: { standard_name: "forecast_reference_time", long_name: "initial time of forecast" },
    },
    {
      name: "step",
      of: (one: IndexedField) => one.field.step,
      dtype: "timedelta64[ns]",
      told: { standard_name: "forecast_period", long_name: "time since forecast_reference_time" },
    },
    {
      name: field.levelType,
      of: (one: IndexedField) => one.field.level,
      dtype: "float64",
      told: levelAttributes(field.levelType),
    },
  ] as const;
  const kept: { readonly values: readonly number[]; readonly of: (one: IndexedField) => number }[] = [];
  const dims: string[] = [];
  const scalars: string[] = [];
  for (const { name, of, dtype, told } of axes) {
    const values = [...new Set(group.map(of))].sort((a, b) => (name === "isobaricInhPa" ? b - a : a - b));
    const texts =
      dtype === "float64"
        ? values
        : values.map((value) => `${Math.round(value)}000000000`.replace(/^(-?)0+$/, "0"));
    const single = values.length === 1;
    const dim = coordinate(
      known,
      name,
      { kind: "values", dtype, shape: single ? [] : [values.length], values: texts },
      single,
      told,
    );
    if (single) scalars.push(dim);
    else {
      dims.push(dim);
      kept.push({ values, of });
    }
  }
  const { grid } = field;
  for (const [name, array, told] of gridCoordinates(grid))
    dims.push(coordinate(known, name, array, false, told));
  const outer = kept.map(({ values }) => values.length);
  const total = outer.reduce((product, length) => product * length, 1);
  const places = new Array<number>(3 * total).fill(0);
  for (let i = 0; i < total; i++) places[3 * i] = -1;
  const index = kept.map(({ values }) => new Map(values.map((value, i) => [value, i])));
  for (const one of group) {
    const plane = kept.reduce((at, { of }, axis) => at * outer[axis] + (index[axis].get(of(one)) ?? 0), 0);
    if (places[3 * plane] !== -1)
      throw new FormatError({
        path,
        format: "GRIB",
        offset: one.offset,
        reason: `parameter ${one.field.parameter} comes twice for one time, step and level (members of an ensemble, perhaps), which isn't supported`,
        hint: "split the file (grib_copy)",
      });
    [places[3 * plane], places[3 * plane + 1], places[3 * plane + 2]] = [one.offset, one.length, one.number];
  }
  return {
    array: { kind: "fields", outer, rows: grid.rows, columns: grid.columns, places },
    dims,
    attributes: { ...attributes, coordinates: scalars.join(" ") },
  };
}

/** The name of a coordinate: one that holds the same already, or a new one. */
function coordinate(
  known: Known,
  name: string,
  array: ValuesLayout | LineLayout,
  isScalar: boolean,
  attributes: Attributes,
): string {
  const id = JSON.stringify([name, array]);
  const same = known.get(id);
  if (same) return same.name;
  const taken = new Set(Array.from(known.values(), (one) => one.name));
  let own = name;
  for (let i = 1; taken.has(own); i++) own = `${name}_${i}`;
  known.set(id, { name: own, detail: { array, dims: isScalar ? [] : [own], attributes } });
  return own;
}

function levelAttributes(type: string): Attributes {
  if (type === "isobaricInhPa")
    return { units: "hPa", positive: "down", standard_name: "air_pressure", long_name: "pressure" };
  if (type === "heightAboveGround")
    return { units: "m", positive: "up", standard_name: "height", long_name: "height above the surface" };
  return { long_name: `original GRIB coordinate for key: level(${type})`, units: "1" };
}

function gridCoordinates(grid: GribGrid): [string, LineLayout, Attributes][] {
  const line = ([first, last]: readonly [number, number], length: number): LineLayout => ({
    kind: "line",
    length,
    first,
    last,
  });
  const named = (name: string, units: string): Attributes => ({
    units,
    standard_name: name,
    long_name: name,
  });
  return [
    ["latitude", line(grid.latitudes, grid.rows), named("latitude", "degrees_north")],
    ["longitude", line(grid.longitudes, grid.columns), named("longitude", "degrees_east")],
  ];
}
