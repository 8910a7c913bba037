/** Owns selection by label. */
import { type AxisSelection, positions } from "@hyperslab/core/box";
import { ArgumentError, DimensionError, NameError } from "@hyperslab/core/errors";
import { inMemoryBlock } from "../evaluate.js";
import { type Method, indexOf } from "../indexes.js";
import { type Label, type LabelSlice, type Tolerance, isLabelSlice } from "../label.js";
import {
  type HasLabels,
  type Labelled,
  arrayVariable,
  coordsOf,
  dimensionCoord,
  hasLabels,
  namesOf,
  sizesOf,
} from "../labelled.js";
import { type Picked, type Positional, applySelections, toSelection } from "./isel.js";

/** Labels on one dimension: one (the dimension goes), a slice with both ends, a list, or a 1-D array of them. */
export type Labels = Label | LabelSlice | readonly Label[] | HasLabels;

/** How labels that are not there are met. */
export interface SelOptions {
  readonly method?: Method;
  readonly tolerance?: Tolerance;
  /** Leave out the coordinates that become scalars. */
  readonly drop?: boolean;
}

const METHODS: readonly string[] = ["nearest", "ffill", "pad", "bfill", "backfill"] satisfies Method[];

/** Selects labels on each named dimension. @throws LabelError, DimensionError, NameError */
export function sel(
  labelled: Labelled,
  indexers: Readonly<Record<string, Labels | undefined>>,
  options: SelOptions = {},
): Labelled {
  if (options.method !== undefined && !METHODS.includes(options.method))
    throw new ArgumentError({
      asked: `sel with method "${String(options.method)}"`,
      found: "no such method",
      hint: `use ${METHODS.join(", ")}`,
    });
  const selections = new Map<string, number | AxisSelection | Picked>();
  for (const [dim, labels] of Object.entries(indexers))
    if (labels !== undefined) selections.set(dim, locate(labelled, dim, labels, options));
  return applySelections(labelled, selections, options.drop);
}

function locate(
  labelled: Labelled,
  dim: string,
  labels: Labels,
  { method, tolerance }: SelOptions,
): number | AxisSelection | Picked {
  const coord = dimensionCoord(labelled, dim);
  if (!coord) return withoutLabels(labelled, dim, labels, method);
  const index = indexOf(dim, coord);
  if (isLabelSlice(labels)) {
    if (method !== undefined || tolerance !== undefined)
      throw new ArgumentError({
        asked: `sel(${dim}=slice(…)) with method "${method}"`,
        found: "a slice, which includes what lies between its ends",
        hint: "leave the method out",
      });
    return index.between(labels.start, labels.stop, labels.step ?? 1);
  }
  if (hasLabels(labels)) return fromArray(dim, labels.labelled, index, method, tolerance);
  if (isList(labels)) {
    if (labels.length > 0 && labels.every((label) => typeof label === "boolean") && index.dtype !== "bool")
      return positions(labels.flatMap((keep, i) => (keep ? [i] : [])));
    return positions(index.locateAll(labels, method, tolerance));
  }
  return index.locate(labels, method, tolerance);
}

function isList(labels: Label | readonly Label[]): labels is readonly Label[] {
  return typeof labels === "object" && !(labels instanceof Date);
}

function fromArray(
  dim: string,
  labelled: Labelled,
  index: ReturnType<typeof indexOf>,
  method?: Method,
  tolerance?: Tolerance,
): number | AxisSelection | Picked {
  const variable = arrayVariable(labelled);
  const block = inMemoryBlock(variable.node);
  if (!block || variable.dims.length > 1)
    throw new ArgumentError({
      asked: `labels on "${dim}"`,
      found: block ? `an array of ${variable.dims.length} dimensions` : "a lazy array",
      hint: "give at most one dimension, in memory: await compute() first",
    });
  const keys = Array.from(block.data as ArrayLike<Label>);
  if (block.dtype === "bool" && index.dtype !== "bool")
    return positions(keys.flatMap((keep, i) => (keep ? [i] : [])));
  if (variable.dims.length === 0) return index.locate(keys[0], method, tolerance);
  const found = index.locateAll(keys, method, tolerance);
  const coords = new Map([...coordsOf(labelled)].filter(([name]) => name !== dim));
  return { kind: "picked", positions: found, dim: variable.dims[0], coords };
}

/** A dimension without labels is selected by position, as if they were 0, 1, 2, … */
function withoutLabels(
  labelled: Labelled,
  dim: string,
  labels: Labels,
  method?: Method,
): number | AxisSelection | Picked {
  const length = sizesOf(labelled).get(dim);
  if (length === undefined) {
    if (labelled.variables.has(dim))
      throw new DimensionError({
        dim,
        dims: [...sizesOf(labelled).keys()],
        operation: "sel",
        hint: `"${dim}" is a coordinate, not a dimension; swapDims() to it, or isel() its dimension`,
      });
    throw namesOf(labelled).length && sizesOf(labelled).size === 0
      ? new NameError({ name: dim, names: namesOf(labelled), operation: "sel" })
      : new DimensionError({ dim, dims: [...sizesOf(labelled).keys()], operation: "sel" });
  }
  if (method !== undefined)
    throw new ArgumentError({
      asked: `sel(${dim}=…) with method "${method}"`,
      found: `dimension "${dim}" has no labels`,
      hint: `assignCoords({ ${dim}: … }) first`,
    });
  return toSelection(dim, labels as Positional, length);
}
