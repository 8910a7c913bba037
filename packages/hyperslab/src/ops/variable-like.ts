/** Owns what users give for a variable, and its way into one. */
import { literal } from "@hyperslab/array/build";
import type { Dtype } from "@hyperslab/core/dtype";
import { ArgumentError, DimensionError } from "@hyperslab/core/errors";
import type { Attributes } from "@hyperslab/storage/source";
import { settled } from "../evaluate.js";
import {
  type HasLabels,
  type Labelled,
  arrayVariable,
  coordsOf,
  hasLabels,
  isDimensionCoord,
} from "../labelled.js";
import { type ArrayLike, toBlock } from "../ndarray.js";
import { Variable } from "../variable.js";

/** Dimensions, data and attributes in one list, as in xarray; or data with names of dimensions spelt out. */
export type DimsAndData =
  | readonly [dims: string | readonly string[], data: ArrayLike, attrs?: Attributes]
  | {
      readonly dims: string | readonly string[];
      readonly data: ArrayLike;
      readonly attrs?: Attributes;
      readonly dtype?: Dtype;
      readonly shape?: readonly number[];
    };

/** A DataArray, a Variable, dimensions with data, a scalar, or (under the name of a dimension) a list of labels. */
export type VariableLike = HasLabels | Variable | DimsAndData | ArrayLike;

/** The variable, and the coordinates that came with it. @throws ArgumentError, DimensionError */
export function toVariable(
  name: string,
  value: VariableLike,
  knownDims: readonly string[],
): { variable: Variable; coords: ReadonlyMap<string, Variable>; from: Labelled | null } {
  const alone = (variable: Variable): ReturnType<typeof toVariable> => ({
    variable: isDimensionCoord(name, variable) ? settled(variable) : variable,
    coords: new Map(),
    from: null,
  });
  if (value instanceof Variable) return alone(value);
  if (hasLabels(value)) {
    const variable = arrayVariable(value.labelled);
    return {
      variable: isDimensionCoord(name, variable) ? settled(variable) : variable,
      coords: coordsOf(value.labelled),
      from: value.labelled,
    };
  }
  if (isTuple(value)) return alone(fromParts(name, value[0], value[1], value[2]));
  if (isSpelt(value))
    return alone(fromParts(name, value.dims, value.data, value.attrs, value.dtype, value.shape));
  const block = toBlock(value as ArrayLike);
  if (block.shape.length === 0) return alone(new Variable([], literal(block)));
  if (block.shape.length === 1 && (knownDims.includes(name) || knownDims.length === 0))
    return alone(new Variable([name], literal(block)));
  throw new DimensionError({
    dim: name,
    dims: knownDims,
    operation: `data for "${name}"`,
    hint: `say its dimensions: { ${name}: [["x", "y"], data] }`,
  });
}

function isTuple(value: unknown): value is readonly [string | readonly string[], ArrayLike, Attributes?] {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) return false;
  const [dims, data, attrs] = value as unknown[];
  const names =
    typeof dims === "string" || (Array.isArray(dims) && dims.every((dim) => typeof dim === "string"));
  // ["a", "b"] is a list of two labels, ["x", [1, 2]] a dimension with its data
  const described =
    typeof data === "object" ||
    (Array.isArray(dims) && dims.length === 0) ||
    (value.length === 3 && typeof attrs === "object");
  return names && described && !(data instanceof Date);
}

function isSpelt(
  value: unknown,
): value is Extract<DimsAndData, { readonly data: ArrayLike; readonly dims: unknown }> {
  return typeof value === "object" && value !== null && "dims" in value && "data" in value;
}

function fromParts(
  name: string,
  dims: string | readonly string[],
  data: ArrayLike,
  attrs: Attributes = {},
  dtype?: Dtype,
  shape?: readonly number[],
): Variable {
  const list = typeof dims === "string" ? [dims] : dims;
  const block = toBlock(data, dtype, shape);
  if (block.shape.length !== list.length)
    throw new ArgumentError({
      asked: `"${name}" with dimensions (${list.join(", ")})`,
      found: `data of shape (${block.shape.join(", ")})`,
      hint: "name every axis, or give the shape of a flat array",
    });
  return new Variable(list, literal(block), attrs);
}
