/**
 * Owns netCDF-4's dimensions as HDF5 has them: dimension scales, their lengths and numbers, and which variable has
 * which, with the hidden attributes that say so. Knows no data.
 */
import type { Attribute, Attributes } from "../source.js";
import { type DecodedAttribute, attributeValue, readReferenceLists } from "./attribute-value.js";
import type { Hdf5Dataset } from "./dataset.js";
import { GlobalHeaps } from "./global-heap.js";

/** A dimension of a group. */
export interface Dimension {
  readonly name: string;
  length: number;
  readonly isUnlimited: boolean;
  /** netCDF's number of it, where the file knows it. */
  readonly id: number | null;
}

/** A dataset with its attributes decoded, and what they say of dimensions. */
export interface Variable {
  readonly name: string;
  readonly dataset: Hdf5Dataset;
  readonly attributes: ReadonlyMap<string, DecodedAttribute>;
  /** Where the dataset is a dimension scale: what its dimension is. */
  readonly scale: Dimension | null;
  /** A dimension, but not a variable. */
  readonly isPure: boolean;
  /** Addresses of scales for each axis. */
  readonly scales: readonly (readonly number[])[] | null;
  /** Numbers of the dimension of each axis. */
  readonly dimIds: readonly number[] | null;
}

const PURE = "This is a netCDF dimension but not a netCDF variable";
/** What netCDF puts before a variable's name where a dimension has it already. */
const PREFIX = "_nc4_non_coord_";

/** Attributes that netCDF keeps to itself. */
const HIDDEN: ReadonlySet<string> = new Set([
  "CLASS",
  "NAME",
  "DIMENSION_LIST",
  "REFERENCE_LIST",
  "DIMENSION_LABELS",
  "_Netcdf4Dimid",
  "_Netcdf4Coordinates",
  "_NCProperties",
  "_nc3_strict",
  "_NCCOPY",
]);

/** Attributes as people see them, and their dtypes. */
export function visibleAttributes(attributes: ReadonlyMap<string, DecodedAttribute>): {
  values: Attributes;
  dtypes: Record<string, string>;
} {
  const values: Record<string, Attribute> = {};
  const dtypes: Record<string, string> = {};
  for (const [name, { value, dtype }] of attributes) {
    if (HIDDEN.has(name)) continue;
    values[name] = value;
    dtypes[name] = dtype;
  }
  return { values, dtypes };
}

/** Decodes a dataset's attributes. @param link the name that it has in its group */
export async function readVariable(link: string, dataset: Hdf5Dataset): Promise<Variable> {
  const { file, space } = dataset;
  const heaps = new GlobalHeaps(file);
  const attributes = new Map<string, DecodedAttribute>();
  let scales: number[][] | null = null;
  for (const raw of dataset.attributes) {
    if (raw.name === "DIMENSION_LIST") scales = await readReferenceLists(file, heaps, raw);
    const decoded = raw.name === "REFERENCE_LIST" ? null : await attributeValue(file, heaps, raw);
    if (decoded) attributes.set(raw.name, decoded);
  }
  const text = (name: string): string => String(attributes.get(name)?.value ?? "");
  const name = link.startsWith(PREFIX) ? link.slice(PREFIX.length) : link;
  const isScale = text("CLASS") === "DIMENSION_SCALE" && space.shape.length > 0;
  const id = attributes.get("_Netcdf4Dimid")?.value;
  const ids = attributes.get("_Netcdf4Coordinates")?.value;
  const list = Array.isArray(ids) ? ids : ids === undefined ? null : [ids];
  return {
    name,
    dataset,
    attributes,
    scale: isScale
      ? {
          name,
          length: space.shape[0],
          isUnlimited: space.maxShape[0] === null,
          id: typeof id === "number" ? id : null,
        }
      : null,
    isPure: isScale && text("NAME").startsWith(PURE),
    scales: scales?.length === space.shape.length ? scales : null,
    dimIds: list?.length === space.shape.length ? list.map(Number) : null,
  };
}

/** The dimensions that are known in a group: its own, and those of the groups above it. */
export class Dimensions {
  readonly #byAddress: Map<number, Dimension> = new Map();
  readonly #byId: Map<number, Dimension> = new Map();
  /** Those of the innermost group. */
  readonly own: Map<string, Dimension> = new Map();
  #count = 0;

  /** Begins a group below the one so far. @param variables all of the group's */
  enter(variables: readonly Variable[]): void {
    this.own.clear();
    for (const { scale, dataset } of variables) {
      if (!scale) continue;
      this.#byAddress.set(dataset.address, scale);
      if (scale.id !== null) this.#byId.set(scale.id, scale);
      this.own.set(scale.name, scale);
      this.#count++;
    }
  }

  /** Dimensions without limit are as long as the longest array along them. */
  stretch(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const dims = this.#known(variable);
      variable.dataset.space.shape.forEach((length, axis) => {
        const dim = dims[axis];
        if (dim?.isUnlimited && length > dim.length) dim.length = length;
      });
    }
  }

  /**
   * The dimension of each axis. Axes without one share unnamed ones of their length, as in netCDF; numbers count on from
   * the dimensions of this group and those above it, not of the whole file.
   */
  of(variable: Variable): Dimension[] {
    const { space } = variable.dataset;
    const found: Dimension[] = [];
    this.#known(variable).forEach((known, axis) => {
      const fits = known && (known.length === space.shape[axis] || known.isUnlimited);
      found.push(fits ? known : this.#unnamed(space.shape[axis], space.maxShape[axis] === null, found));
    });
    return found;
  }

  #known(variable: Variable): (Dimension | undefined)[] {
    const { scale, dimIds, scales, dataset } = variable;
    const { shape } = dataset.space;
    if (dimIds?.every((id) => this.#byId.has(id))) return dimIds.map((id) => this.#byId.get(id));
    if (scale) return shape.map((_, axis) => (axis === 0 ? scale : undefined));
    if (scales) return scales.map((list) => list.map((at) => this.#byAddress.get(at)).find((dim) => dim));
    return shape.map(() => undefined);
  }

  #unnamed(length: number, isUnlimited: boolean, taken: readonly Dimension[]): Dimension {
    for (const dim of this.own.values())
      if (dim.length === length && dim.isUnlimited === isUnlimited && !taken.includes(dim)) return dim;
    const dim: Dimension = { name: `phony_dim_${this.#count++}`, length, isUnlimited, id: null };
    this.own.set(dim.name, dim);
    return dim;
  }
}
