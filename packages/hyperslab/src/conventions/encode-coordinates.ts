/**
 * Owns what is written of the relations between variables: `coordinates`, `bounds` and the like, the other way
 * round from coordinates.ts. Works on names, dimensions and attributes alone.
 */
import type { Attribute } from "@hyperslab/storage/source";
import { RELATED } from "./coordinates.js";
import { isDatetimeUnits } from "./time-units.js";

type Bag = Readonly<Record<string, Attribute>>;

/** What is asked of a variable. */
export interface RelatedVariable {
  readonly dims: readonly string[];
  readonly attrs: Bag;
  readonly encoding: Bag;
}

export interface RelationAttributes {
  /** Attributes to add, by variable. */
  readonly byVariable: ReadonlyMap<string, Bag>;
  /** Attributes to add to the dataset: coordinates that no variable has. */
  readonly global: Bag;
  /** Units and calendar that bounds inherit from what they bound, by the bounds' name. */
  readonly bounds: ReadonlyMap<string, Bag>;
  /** Attributes of bounds that only repeat those of what they bound, and are left out; by the bounds' name. */
  readonly repeated: ReadonlyMap<string, readonly string[]>;
}

/** What bounds have from what they bound, without saying so. */
const INHERITED = [
  "units",
  "calendar",
  "standard_name",
  "axis",
  "positive",
  "long_name",
  "leap_month",
  "leap_year",
  "month_lengths",
];

/**
 * The attributes that say how variables belong together. What was decoded is said as it was before, as far as
 * the variables are still there.
 *
 * @param coordinates - names of the coordinates that label no dimension
 */
export function relationAttributes(
  variables: ReadonlyMap<string, RelatedVariable>,
  coordinates: readonly string[],
): RelationAttributes {
  const byVariable = new Map<string, Record<string, Attribute>>();
  const said = new Set<string>();
  for (const [name, { encoding }] of variables)
    for (const key of RELATED) {
      const value = encoding[key];
      if (typeof value !== "string") continue;
      byVariable.set(name, { ...byVariable.get(name), [key]: value });
      for (const word of words(value)) said.add(word);
    }
  const written = new Set<string>();
  for (const [name, { dims, attrs, encoding }] of variables) {
    if (coordinates.includes(name) || dims.includes(name)) continue;
    const before = encoding["coordinates"] ?? attrs["coordinates"];
    const kept = typeof before === "string" ? words(before).filter((word) => coordinates.includes(word)) : [];
    const fitting = coordinates.filter(
      (one) => !said.has(one) && variables.get(one)?.dims.every((dim) => dims.includes(dim)),
    );
    const list = kept.length ? kept : [...fitting].sort();
    for (const one of list) written.add(one);
    if (list.length) byVariable.set(name, { ...byVariable.get(name), coordinates: list.join(" ") });
  }
  const left = coordinates.filter((name) => !written.has(name) && !said.has(name));
  return {
    byVariable,
    global: left.length ? { coordinates: [...left].sort().join(" ") } : {},
    ...boundsOf(variables),
  };
}

function boundsOf(
  variables: ReadonlyMap<string, RelatedVariable>,
): Pick<RelationAttributes, "bounds" | "repeated"> {
  const bounds = new Map<string, Bag>();
  const repeated = new Map<string, readonly string[]>();
  for (const { attrs, encoding } of variables.values()) {
    const name = attrs["bounds"] ?? encoding["bounds"];
    const own = typeof name === "string" ? variables.get(name) : undefined;
    if (!own || typeof name !== "string") continue;
    repeated.set(name, INHERITED);
    const { units, calendar } = encoding;
    if (!isDatetimeUnits(units)) continue;
    bounds.set(name, { units, ...(calendar === undefined ? {} : { calendar }) });
  }
  return { bounds, repeated };
}

function words(text: string): string[] {
  return text.split(/[\s:]+/).filter((word) => word !== "");
}
