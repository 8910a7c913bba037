/** Owns selection by position. */
import { type AxisSelection, positions, slice } from "@hyperslab/core/box";
import { ArgumentError, DimensionError, ShapeError } from "@hyperslab/core/errors";
import { inMemoryBlock } from "../evaluate.js";
import { selectNode, viewNode } from "../in-memory.js";
import {
  type HasLabels,
  type Labelled,
  arrayVariable,
  coordsOf,
  dimsOf,
  hasLabels,
  mapVariables,
  sizesOf,
  withVariables,
} from "../labelled.js";
import { type LabelSlice, isLabelSlice } from "../label.js";
import { Variable } from "../variable.js";

/** Positions on one dimension: one (the dimension goes), a slice, a list, a mask, or a 1-D array of them. */
export type Positional =
  | number
  | LabelSlice
  | readonly number[]
  | readonly boolean[]
  | Int32Array
  | HasLabels;

/** Positions found otherwise, with the dimension they will stand on. */
export interface Picked {
  readonly kind: "picked";
  readonly positions: Int32Array;
  readonly dim: string;
  /** Coordinates that come with the list of positions. */
  readonly coords: ReadonlyMap<string, Variable>;
}

type OneSelection = number | AxisSelection | Picked;

/** Selects positions on each named dimension. @throws DimensionError, ShapeError for positions outside */
export function isel(
  labelled: Labelled,
  indexers: Readonly<Record<string, Positional | undefined>>,
  options: { drop?: boolean; missingDims?: "raise" | "ignore" } = {},
): Labelled {
  const sizes = sizesOf(labelled);
  const selections = new Map<string, OneSelection>();
  for (const [dim, indexer] of Object.entries(indexers)) {
    if (indexer === undefined) continue;
    const length = sizes.get(dim);
    if (length === undefined) {
      if (options.missingDims === "ignore") continue;
      throw new DimensionError({ dim, dims: [...sizes.keys()], operation: "isel" });
    }
    selections.set(dim, toSelection(dim, indexer, length));
  }
  return applySelections(labelled, selections, options.drop ?? false);
}

/** Applies one selection a dimension: to variables, and to coordinates, of which scalars stay. */
export function applySelections(
  labelled: Labelled,
  selections: ReadonlyMap<string, OneSelection>,
  drop = false,
): Labelled {
  if (selections.size === 0) return labelled;
  const selected = mapVariables(labelled, (variable, _, isCoord) => {
    const one = selectVariable(variable, selections);
    return drop && isCoord && one.dims.length === 0 && variable.dims.length > 0 ? undefined : one;
  });
  const extra = new Map<string, Variable>();
  for (const one of selections.values())
    if (isPicked(one))
      for (const [name, variable] of one.coords) if (!selected.variables.has(name)) extra.set(name, variable);
  if (extra.size === 0) return selected;
  return withVariables(selected, new Map([...coordsOf(selected), ...extra, ...selected.variables]), [
    ...selected.coordNames,
    ...extra.keys(),
  ]);
}

/** One variable under selections of dimensions, of which it may have some. */
function selectVariable(variable: Variable, selections: ReadonlyMap<string, OneSelection>): Variable {
  const touched = variable.dims.some((dim) => selections.has(dim));
  if (!touched) return variable;
  const dims: string[] = [];
  const kept: number[] = [];
  const perAxis = variable.dims.map((dim, axis): AxisSelection => {
    const one = selections.get(dim);
    if (typeof one === "number") return slice(one, 1);
    dims.push(one && isPicked(one) ? one.dim : dim);
    kept.push(axis);
    if (one === undefined) return slice(0, variable.shape[axis]);
    return isPicked(one) ? positions(one.positions) : one;
  });
  if (new Set(dims).size !== dims.length)
    throw new ArgumentError({
      asked: `selection on (${variable.dims.join(", ")})`,
      found: `two lists of positions along the same dimension, (${dims.join(", ")})`,
      hint: "give each list a dimension of its own",
    });
  const node = viewNode(selectNode(variable.node, perAxis), kept);
  return new Variable(dims, node, variable.attrs, variable.encoding);
}

function isPicked(one: OneSelection): one is Picked {
  return typeof one === "object" && one.kind === "picked";
}

/** What positions on a dimension of `length` mean. @throws ShapeError, ArgumentError */
export function toSelection(dim: string, indexer: Positional, length: number): OneSelection {
  if (typeof indexer === "number") return position(dim, indexer, length);
  if (typeof indexer !== "object" || indexer === null) return position(dim, indexer, length);
  if (isLabelSlice(indexer)) return positionSlice(dim, indexer, length);
  if (hasLabels(indexer)) return fromArray(dim, indexer.labelled, length);
  const list = Array.from<number | boolean>(indexer);
  return positions(
    typeof list[0] === "boolean"
      ? fromMask(dim, list as boolean[], length)
      : list.map((one) => position(dim, one as number, length)),
  );
}

function position(dim: string, index: number, length: number): number {
  const counted = index < 0 ? index + length : index;
  if (Number.isInteger(index) && counted >= 0 && counted < length) return counted;
  if (typeof index !== "number" || Number.isNaN(index))
    throw new ArgumentError({
      asked: `isel(${dim}=${JSON.stringify(index)})`,
      found: `${typeof index === "number" ? "NaN" : `a ${typeof index}`}, which is no position`,
      hint: "give whole numbers, or select labels with sel()",
    });
  throw new ShapeError({
    asked: `isel(${dim}=${index})`,
    found: `a dimension of length ${length}`,
    hint: `give a whole number from ${-length} to ${length - 1}`,
  });
}

function fromMask(dim: string, mask: readonly boolean[], length: number): number[] {
  if (mask.length !== length)
    throw new ShapeError({ asked: `a mask on "${dim}" of length ${length}`, found: `length ${mask.length}` });
  return mask.flatMap((keep, i) => (keep ? [i] : []));
}

/** Positions in an array: a scalar, or a list along a dimension that may have another name. */
function fromArray(dim: string, labelled: Labelled, length: number): OneSelection {
  const variable = arrayVariable(labelled);
  const block = inMemoryBlock(variable.node);
  if (!block || variable.dims.length > 1)
    throw new ArgumentError({
      asked: `positions on "${dim}"`,
      found: block ? `an array of ${variable.dims.length} dimensions` : "a lazy array",
      hint: "give at most one dimension, in memory: await compute() first",
    });
  const raw = Array.from(block.data as ArrayLike<number | bigint>, Number);
  const list =
    block.dtype === "bool" && variable.dims.length === 1
      ? fromMask(dim, raw.map(Boolean), length)
      : raw.map((one) => position(dim, one, length));
  if (variable.dims.length === 0) return list[0];
  // labels of the dimension itself are those that the selection picks
  const coords = new Map(
    [...coordsOf(labelled)].filter(([name]) => name !== dim && dimsOf(labelled).length === 1),
  );
  if (block.dtype === "bool") return positions(list);
  return { kind: "picked", positions: Int32Array.from(list), dim: variable.dims[0], coords };
}

/** Python's rule for slices: negative ends count from the end, and ends outside are moved inside. */
function positionSlice(dim: string, { start, stop, step }: LabelSlice, length: number): AxisSelection {
  const by = step ?? 1;
  for (const end of [start, stop, step])
    if (end !== null && !(typeof end === "number" && Number.isInteger(end)))
      throw new ArgumentError({
        asked: `isel(${dim}=slice(${String(start)}, ${String(stop)}, ${String(step)}))`,
        found: `${typeof end} ${String(end)}`,
        hint: "positions are whole numbers; select labels with sel()",
      });
  if (by === 0) throw new ArgumentError({ asked: "slice", found: "a step of 0", hint: "give 1 or -1" });
  const [low, high] = by > 0 ? [0, length] : [-1, length - 1];
  const clamp = (end: number): number => Math.min(high, Math.max(low, end < 0 ? end + length : end));
  const from = start === null ? (by > 0 ? low : high) : clamp(Number(start));
  const to = stop === null ? (by > 0 ? high : low) : clamp(Number(stop));
  const count = Math.max(0, Math.ceil((to - from) / by));
  return count === 0 ? slice(0, 0) : slice(from, count, by);
}
