/**
 * Owns what variables say of each other: which are coordinates, and what the bounds of a time axis
 * inherit from it. Works on names and attributes alone.
 */
import { ArgumentError } from "@hyperslab/core/errors";
import type { Attribute } from "@hyperslab/storage/source";
import { isDatetimeUnits } from "./time-units.js";

type Bag = Readonly<Record<string, Attribute>>;

/** What is asked of a variable. */
export interface NamedVariable {
  readonly dims: readonly string[];
  readonly attributes: Bag;
}

export interface CoordinateNames {
  /** Variables that are coordinates. */
  readonly coordinates: ReadonlySet<string>;
  /** Of each variable, the attributes that were used up: they belong to its encoding. */
  readonly used: ReadonlyMap<string, Bag>;
  /** The same, of the dataset. */
  readonly usedGlobal: Bag;
  readonly warnings: readonly string[];
}

/** Which attributes name coordinates: `coordinates` (true is the same), also `bounds` and the like, or none. */
export type DecodeCoords = boolean | "coordinates" | "all";

/** Attributes that name other variables, and those among them with roles in front of the names. */
export const RELATED: readonly string[] = [
  "bounds",
  "grid_mapping",
  "climatology",
  "geometry",
  "node_coordinates",
  "node_count",
  "part_node_count",
  "interior_ring",
  "cell_measures",
  "formula_terms",
];
const WITH_ROLES = new Set(["grid_mapping", "cell_measures", "formula_terms"]);

/**
 * The coordinates of a dataset: variables named like a dimension, and those that a `coordinates`
 * attribute names (of a variable or of the dataset). With `all`, also those of `bounds`,
 * `grid_mapping` and the like; with `false`, only the dimensions' own.
 */
export function coordinateNames(
  variables: ReadonlyMap<string, NamedVariable>,
  global: Bag,
  decodeCoords: DecodeCoords = true,
): CoordinateNames {
  if (typeof decodeCoords !== "boolean" && decodeCoords !== "coordinates" && decodeCoords !== "all")
    throw new ArgumentError({
      asked: `decodeCoords ${JSON.stringify(decodeCoords)}`,
      found: "no such choice",
      hint: 'use true, false, "coordinates" or "all"',
    });
  const coordinates = new Set<string>();
  const used = new Map<string, Bag>();
  const usedGlobal: Record<string, Attribute> = {};
  const warnings: string[] = [];
  for (const { dims } of variables.values())
    for (const dim of dims) if (variables.has(dim)) coordinates.add(dim);
  if (decodeCoords === false) return { coordinates, used, usedGlobal, warnings };
  const add = (names: readonly string[]): void => {
    for (const name of names) if (variables.has(name)) coordinates.add(name);
  };
  for (const [name, { attributes }] of variables) {
    const taken: Record<string, Attribute> = {};
    const named = attributes["coordinates"];
    if (typeof named === "string") {
      taken["coordinates"] = named;
      add(words(named));
    }
    for (const key of decodeCoords === "all" ? RELATED : []) {
      const value = attributes[key];
      if (typeof value !== "string") continue;
      const names = relatedNames(key, value);
      const absent = names?.filter((one) => !variables.has(one)) ?? [];
      if (names === null)
        warnings.push(`variable "${name}": ${key} "${value}" begins with no role; it is left alone`);
      else if (absent.length)
        warnings.push(`variable "${name}": ${key} names ${absent.join(", ")}, which is not there`);
      else {
        taken[key] = value;
        add(names);
      }
    }
    if (Object.keys(taken).length) used.set(name, taken);
  }
  const named = global["coordinates"];
  if (typeof named === "string") {
    usedGlobal["coordinates"] = named;
    add(words(named));
  }
  return { coordinates, used, usedGlobal, warnings };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** The variables of "a" or "role: a b role: c"; null where the roles are broken. */
function relatedNames(key: string, value: string): string[] | null {
  const parts = words(value.replaceAll(" :", ":"));
  if (!WITH_ROLES.has(key) || parts.length < 2) return parts;
  if (!parts[0].endsWith(":")) return null;
  // a grid mapping comes first and its coordinates follow; elsewhere the role comes first
  return key === "grid_mapping"
    ? parts.filter((part) => part.endsWith(":")).map((part) => part.slice(0, -1))
    : parts.filter((part) => !part.endsWith(":"));
}

/**
 * The attributes of every variable, where the bounds of a time axis have its `units` and `calendar`
 * unless they have their own. To be applied before the variables are decoded.
 */
export function withBoundsAttributes(variables: ReadonlyMap<string, NamedVariable>): Map<string, Bag> {
  const out = new Map<string, Bag>([...variables].map(([name, one]) => [name, one.attributes]));
  for (const { attributes } of variables.values()) {
    const { units, calendar, bounds } = attributes;
    if (!isDatetimeUnits(units) || typeof bounds !== "string") continue;
    const own = out.get(bounds);
    if (own) out.set(bounds, { units, ...(calendar === undefined ? {} : { calendar }), ...own });
  }
  return out;
}
