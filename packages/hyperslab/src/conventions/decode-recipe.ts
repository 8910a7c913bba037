/**
 * Owns the reading of CF attributes: from what is stored to a recipe for its meaning, as pure data.
 * The rules are xarray's. Applies nothing to values (decode-values.ts, decode-times.ts).
 */
import {
  type Dtype,
  type FloatDtype,
  type IntegerDtype,
  type TimeUnit,
  isDtype,
  isFloat,
  isInteger,
  itemSize,
} from "@hyperslab/core/dtype";
import { ConventionError } from "@hyperslab/core/errors";
import type { Attribute } from "@hyperslab/storage/source";
import { readFillValues } from "./fill-values.js";
import {
  type DatetimeUnits,
  type DurationName,
  isDatetimeUnits,
  isDuration,
  parseDatetimeUnits,
} from "./time-units.js";

/** How the numbers of a variable become times. */
export type TimeRecipe =
  | { readonly kind: "datetime"; readonly units: DatetimeUnits }
  | { readonly kind: "timedelta"; readonly units: DurationName; readonly unit: TimeUnit };

/**
 * What to do with stored values, in this order: see them as `view`, take those in `mask` for missing,
 * convert to `dtype`, multiply by `scale`, add `offset`, then decode as `time` or take for truth values.
 */
export interface DecodeRecipe {
  readonly name: string;
  readonly stored: Dtype;
  readonly view: IntegerDtype | null;
  /** Compared before conversion. Missing is NaN in floats, and NaT where `time` makes times of integers. */
  readonly mask: readonly (number | bigint)[];
  /** Of the numbers after masking and scaling; times have a dtype of their own then, which depends on the values. */
  readonly dtype: Dtype;
  readonly scale: number | null;
  readonly offset: number | null;
  readonly time: TimeRecipe | null;
  /** True where numbers are stored for truth values. `dtype` is `bool` then. */
  readonly bool: boolean;
  /** What is left of the attributes. */
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** What was used up, and what writing needs to undo it; `dtype` is the stored one. */
  readonly encoding: Readonly<Record<string, Attribute>>;
  readonly warnings: readonly string[];
}

export interface DecodeOptions {
  /** Apply fill values, `scale_factor`, `add_offset` and `_Unsigned`. Default true. */
  readonly maskAndScale?: boolean;
  /** Decode "… since …" as times. Default true. */
  readonly decodeTimes?: boolean;
  /** Decode durations: true also those that only have a unit; default those that say so in `dtype`. */
  readonly decodeTimedelta?: boolean;
  /** Dtypes of numeric attributes, where the format knows them. Without it they count as float64. */
  readonly attributeDtypes?: Readonly<Record<string, Attribute>>;
}

type Bag = Record<string, Attribute>;

/** True where values stay as they are stored. */
export function isIdentity(recipe: DecodeRecipe): boolean {
  return (
    recipe.view === null &&
    recipe.mask.length === 0 &&
    recipe.dtype === recipe.stored &&
    recipe.scale === null &&
    recipe.offset === null &&
    recipe.time === null
  );
}

/**
 * The meaning of a stored variable.
 *
 * @param name - for errors and warnings
 * @param dtype - as stored
 * @param stored - its attributes
 * @throws ConventionError for times, scales or offsets that can't be understood
 */
export function decodeRecipe(
  name: string,
  dtype: Dtype,
  stored: Readonly<Record<string, Attribute>>,
  options: DecodeOptions = {},
): DecodeRecipe {
  const { maskAndScale = true } = options;
  const attributes: Bag = { ...stored };
  const encoding: Bag = {};
  const warnings: string[] = [];
  const time = timeRecipe(name, attributes, options, warnings);
  let out: Dtype = dtype;
  let view: IntegerDtype | null = null;
  let mask: readonly (number | bigint)[] = [];
  let scale: number | null = null;
  let offset: number | null = null;
  if (maskAndScale) {
    const packed = "scale_factor" in stored || "add_offset" in stored;
    const fill = readFillValues(name, dtype, attributes);
    ({ view, mask } = fill);
    warnings.push(...fill.warnings);
    for (const key of ["missing_value", "_FillValue"]) delete attributes[key];
    Object.assign(encoding, fill.raw);
    move(attributes, encoding, "_Unsigned");
    out = view ?? dtype;
    if (packed) {
      scale = factor(name, "scale_factor", attributes, encoding);
      offset = factor(name, "add_offset", attributes, encoding);
    }
    const chosen = (): Dtype =>
      packedDtype(view ?? dtype, stored, options.attributeDtypes ?? {}, mask.length > 0);
    if (mask.length > 0) out = packed ? chosen() : maskedDtype(out, time !== null);
    if (packed && (time !== null || !("_FillValue" in fill.raw || "missing_value" in fill.raw)))
      out = chosen();
  }
  if (time?.kind === "datetime") {
    move(attributes, encoding, "units");
    move(attributes, encoding, "calendar");
  } else if (time) {
    move(attributes, encoding, "units");
    delete attributes["dtype"];
  }
  const bool =
    attributes["dtype"] === "bool" && time === null && (isInteger(out) || isFloat(out) || out === "bool");
  encoding["dtype"] = dtype;
  if (bool) {
    delete attributes["dtype"];
    encoding["dtype"] = "bool";
    out = "bool";
  }
  return {
    name,
    stored: dtype,
    view,
    mask,
    dtype: out,
    scale,
    offset,
    time,
    bool,
    attributes,
    encoding,
    warnings,
  };
}

function timeRecipe(
  name: string,
  attributes: Bag,
  options: DecodeOptions,
  warnings: string[],
): TimeRecipe | null {
  const { decodeTimes = true, decodeTimedelta } = options;
  const { units, calendar, dtype } = attributes;
  if (decodeTimes && isDatetimeUnits(units)) {
    if (calendar !== undefined && typeof calendar !== "string")
      throw new ConventionError({
        variable: name,
        attribute: "calendar",
        found: `${String(calendar)} is no name`,
      });
    const parsed = parseDatetimeUnits(name, units, calendar ?? null);
    warnings.push(...parsed.warnings);
    return { kind: "datetime", units: parsed.units };
  }
  if (!isDuration(units)) return null;
  const said = typeof dtype === "string" && dtype.startsWith("timedelta64");
  if (said && (decodeTimedelta ?? decodeTimes))
    return { kind: "timedelta", units, unit: saidUnit(name, dtype, warnings) };
  return decodeTimedelta === true ? { kind: "timedelta", units, unit: "ns" } : null;
}

/** The unit of a `dtype` attribute; durations are kept in seconds or finer. */
function saidUnit(name: string, dtype: string, warnings: string[]): TimeUnit {
  const unit = /^timedelta64\[(\w+)\]$/.exec(dtype)?.[1];
  if (unit === "s" || unit === "ms" || unit === "us" || unit === "ns") return unit;
  if (unit === undefined || !["W", "D", "h", "m"].includes(unit))
    throw new ConventionError({
      variable: name,
      attribute: "dtype",
      found: `"${dtype}" is no duration that is known here`,
    });
  warnings.push(`variable "${name}": durations of ${dtype} are decoded to seconds`);
  return "s";
}

function move(from: Bag, to: Bag, key: string): void {
  const value = from[key];
  delete from[key];
  if (value !== undefined && value !== null) to[key] = value;
}

/** A scale or an offset; null where it is absent. */
function factor(name: string, key: string, attributes: Bag, encoding: Bag): number | null {
  const stored = attributes[key];
  move(attributes, encoding, key);
  if (stored === undefined || stored === null) return null;
  const value = Array.isArray(stored) && stored.length === 1 ? (stored[0] as Attribute) : stored;
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  throw new ConventionError({
    variable: name,
    attribute: key,
    found: `${JSON.stringify(value)} is not one number`,
    hint: "open with maskAndScale: false to have the stored numbers",
  });
}

/** The dtype that holds the values and a missing one. */
function maskedDtype(dtype: Dtype, isTime: boolean): Dtype {
  if (!isInteger(dtype)) return dtype;
  if (isTime) return "int64";
  return itemSize(dtype) <= 2 ? "float32" : "float64";
}

/** xarray's choice for packed values: as narrow as scale and offset are, where nothing is lost by it. */
function packedDtype(
  dtype: Dtype,
  stored: Readonly<Record<string, Attribute>>,
  dtypes: Readonly<Record<string, Attribute>>,
  masked: boolean,
): Dtype {
  const typeOf = (key: string): Dtype | null => {
    const value = stored[key];
    if (value === undefined || value === null) return null;
    const said = dtypes[key];
    return typeof said === "string" && isDtype(said) && !Array.isArray(value) ? said : "float64";
  };
  const [scale, offset] = [typeOf("scale_factor"), typeOf("add_offset")];
  if (scale !== null && scale === offset && (scale === "float32" || scale === "float64"))
    return isInteger(dtype) && itemSize(dtype) === 4 ? "float64" : scale;
  if (offset !== null) return "float64";
  if (scale === null) return narrowFloat(dtype);
  // integers have no missing value
  return masked && isInteger(scale) ? "float64" : scale;
}

function narrowFloat(dtype: Dtype): FloatDtype {
  if (isFloat(dtype)) return itemSize(dtype) <= 4 ? "float32" : "float64";
  return isInteger(dtype) && itemSize(dtype) <= 2 ? "float32" : "float64";
}
