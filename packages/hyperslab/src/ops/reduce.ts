/** Owns reductions over named dimensions: which elements count, which variables take part, which coordinates stay. */
import { reduce } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { type Dtype, isFloat, isNumeric, isTime, isTimedelta } from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { type ReductionName, reduction } from "@hyperslab/core/reduction";
import { checkOptions } from "../check-options.js";
import { viewNode } from "../in-memory.js";
import { flatPosition } from "./flat-position.js";
import { type Labelled, coordsWithin, datasetRecord, dimsOf, parseDims, THIS } from "../labelled.js";
import { Variable } from "../variable.js";

/** Options of reductions. */
export interface ReduceOptions {
  /** Leave missing values out. By default so for floats, and for means of times. */
  readonly skipna?: boolean;
  /** `var`, `std`: delta degrees of freedom; 0 unless said otherwise. */
  readonly ddof?: number;
  /** `sum`, `prod`: NaN where there are fewer valid elements. */
  readonly minCount?: number;
  /** Keep attributes; true unless said otherwise. */
  readonly keepAttrs?: boolean;
  /** Reduced dimensions stay, of length 1. */
  readonly keepdims?: boolean;
}

/** Names of {@link ReduceOptions}. */
export const REDUCE_OPTIONS: readonly string[] = ["skipna", "ddof", "minCount", "keepAttrs", "keepdims"];

/** Dimensions: one name, several, or all where none are given. */
export type Dims = string | readonly string[] | null | undefined;

/** Dimensions, or (where all are meant) options in their place: `da.mean({ skipna: false })`. */
export type DimsOrOptions = Dims | ReduceOptions;

/** Tells dimensions from options that stand in their place. */
export function splitArguments<O extends object>(
  first: Dims | O,
  second: O | undefined,
): { dims: Dims; options: O | undefined } {
  if (typeof first === "object" && first !== null && !isList(first))
    return { dims: undefined, options: { ...first, ...second } };
  return { dims: first, options: second };
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}

/** The reductions that a dataset makes of its numeric variables only. */
const NUMERIC_ONLY: ReadonlySet<ReductionName> = new Set(["sum", "prod", "mean", "var", "std"]);

/** xarray's `numeric_only` also lets means of times through. */
export function takesPart(name: ReductionName, dtype: Dtype): boolean {
  if (!NUMERIC_ONLY.has(name))
    return dtype !== "string" || name === "count" || name === "first" || name === "last";
  if (isNumeric(dtype)) return true;
  return (name === "mean" && isTime(dtype)) || ((name === "sum" || name === "std") && isTimedelta(dtype));
}

/** Whether missing values are left out of a reduction, where nobody says. */
export function skipsMissing(name: ReductionName, dtype: Dtype, skipna?: boolean): boolean {
  if (name === "count") return true;
  if (name === "any" || name === "all") return false;
  if (skipna !== undefined) return skipna;
  return isFloat(dtype) || (isTime(dtype) && (name === "mean" || name === "first" || name === "last"));
}

/** The full description of a reduction of elements of `dtype`. */
export function reductionOf(
  name: ReductionName,
  dtype: Dtype,
  options: ReduceOptions,
): ReturnType<typeof reduction> {
  const skipna = skipsMissing(name, dtype, options.skipna);
  // a minimum of valid elements is asked of sums that skip missing ones
  const minCount = skipna && (name === "sum" || name === "prod") ? (options.minCount ?? 0) : 0;
  return reduction(name, dtype, { skipna, ddof: options.ddof ?? 0, minCount });
}

/** Reduces over `dims` (all where none are given). @throws DimensionError, DtypeError, ShapeError */
export function reduceLabelled(
  name: ReductionName,
  labelled: Labelled,
  dims: Dims,
  options: ReduceOptions = {},
): Labelled {
  checkOptions(name, options, REDUCE_OPTIONS);
  const over = parseDims(dims, dimsOf(labelled), name);
  const keepAttrs = options.keepAttrs ?? true;
  const data = new Map<string, Variable>();
  for (const [key, variable] of labelled.variables) {
    if (labelled.coordNames.has(key)) continue;
    const own = variable.dims.filter((dim) => over.includes(dim));
    if (labelled.kind === "dataset" && own.length > 0 && !takesPart(name, variable.dtype)) continue;
    data.set(key, reduceVariable(name, variable, own, options));
  }
  const left =
    labelled.kind === "array"
      ? (data.get(THIS) as Variable).dims
      : dimsOf(labelled).filter((dim) => !over.includes(dim));
  const coords = coordsWithin(
    labelled,
    left.filter((dim) => !over.includes(dim)),
  );
  const variables = new Map([...coords, ...data]);
  if (labelled.kind === "array") return { ...labelled, variables, coordNames: new Set(coords.keys()) };
  return datasetRecord(variables, coords.keys(), keepAttrs ? labelled.attrs : {});
}

/**
 * One variable over those of the dimensions that it has. A variable with none of them still passes
 * through the reduction, each element by itself, as in xarray: its standard deviation is 0.
 */
export function reduceVariable(
  name: ReductionName,
  variable: Variable,
  dims: readonly string[],
  options: ReduceOptions,
): Variable {
  const attrs = options.keepAttrs === false ? {} : variable.attrs;
  const keepdims = options.keepdims ?? false;
  if (dims.length === 0) {
    if (isInvariant(name) && variable.dims.length > 0)
      return new Variable(variable.dims, variable.node, attrs);
    if (variable.dtype === "string") return new Variable(variable.dims, variable.node, attrs);
    return new Variable(
      variable.dims,
      alone(variable.node, reductionOf(name, variable.dtype, options)),
      attrs,
    );
  }
  if (variable.dtype === "string" && name !== "count" && name !== "first" && name !== "last")
    throw new DtypeError({
      dtype: "string",
      operation: name,
      found: "strings",
      hint: "count() works on them",
    });
  const axes = dims.map((dim) => variable.dims.indexOf(dim));
  const spec = reductionOf(name, variable.dtype, options);
  const positions = (name === "argmin" || name === "argmax") && axes.length > 1;
  const reduced = positions ? flatPosition(variable.node, spec, axes) : reduce(variable.node, spec, axes);
  if (keepdims) return new Variable(variable.dims, reduced, attrs);
  const kept = variable.dims.flatMap((dim, axis) => (dims.includes(dim) ? [] : [axis]));
  return new Variable(
    kept.map((axis) => variable.dims[axis]),
    viewNode(reduced, kept),
    attrs,
  );
}

/** Reductions that leave an element as it is where there is nothing to reduce. */
function isInvariant(name: ReductionName): boolean {
  return ["sum", "prod", "mean", "min", "max", "first", "last"].includes(name);
}

/** Every element reduced by itself. */
function alone(node: Node, spec: ReturnType<typeof reduction>): Node {
  const axes = node.shape.map((_, axis) => axis);
  return viewNode(
    reduce(viewNode(node, [null, ...axes]), spec, [0]),
    axes.map((axis) => axis + 1),
  );
}
