/** Owns elementwise operations between labelled objects: alignment, broadcasting by name, attributes. */
import { type Operand, type TypedScalar, cast, elementwise } from "@hyperslab/array/build";
import type { Dtype } from "@hyperslab/core/dtype";
import { asDtype, isTime } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import type { OperatorName } from "@hyperslab/core/operator";
import type { Scalar } from "@hyperslab/core/promotion";
import {
  type HasLabels,
  type Labelled,
  THIS,
  arrayVariable,
  dataOf,
  datasetRecord,
  hasLabels,
  mapData,
} from "../labelled.js";
import { dateToCount, parseTime } from "../times.js";
import { Variable } from "../variable.js";
import { type Join, align } from "./align.js";
import { nodeWithDims, unifiedSizes } from "./broadcast.js";
import { mergeAttrs } from "./merge-attrs.js";
import { mergeCoords } from "./merge-coords.js";

/** What stands beside an array in an operation: a number, a boolean, a string, a date, a typed scalar. */
export type ScalarLike = Scalar | Date | TypedScalar;

/** Options of operations between two objects. */
export interface BinaryOptions {
  /** How labels are matched; `inner` unless said otherwise. */
  readonly join?: Join;
}

/** `name(labelled, other)`, or the other way round with `swapped`. @throws DtypeError, AlignmentError, ShapeError */
export function binary(
  name: OperatorName,
  labelled: Labelled,
  other: HasLabels | ScalarLike,
  options: BinaryOptions = {},
  swapped = false,
): Labelled {
  const apply = (a: Variable, b: Variable | ScalarLike): Variable =>
    swapped ? combineVariables(name, [b, a]) : combineVariables(name, [a, b]);
  if (!hasLabels(other)) return mapData(labelled, (variable) => apply(variable, other));
  const right = other.labelled;
  if (labelled.kind === "array" && right.kind === "dataset") {
    // a dataset beside an array: every variable of the dataset beside the array
    return binary(name, right, { labelled }, options, !swapped);
  }
  const join = options.join ?? "inner";
  const [a, b] = align([labelled, right], join, name);
  const coords = mergeCoords(swapped ? [b, a] : [a, b], name);
  if (a.kind === "array") {
    const variable = apply(arrayVariable(a), arrayVariable(b));
    const variables = new Map([...coords, [THIS, variable] as const]);
    return { ...a, name: a.name === b.name ? a.name : null, variables, coordNames: new Set(coords.keys()) };
  }
  const data = new Map<string, Variable>();
  if (b.kind === "array") {
    for (const [key, variable] of dataOf(a)) data.set(key, apply(variable, arrayVariable(b)));
  } else {
    const others = dataOf(b);
    for (const [key, variable] of dataOf(a)) {
      const partner = others.get(key);
      if (partner) data.set(key, apply(variable, partner));
      else if (join === "left" || join === "outer") data.set(key, apply(variable, NaN));
    }
    if (join === "right" || join === "outer")
      for (const [key, variable] of others) if (!data.has(key)) data.set(key, apply(variable, NaN));
  }
  // an array brings no attributes to a dataset's own
  const attrs = mergeAttrs(
    [a.attrs, b.kind === "array" ? arrayVariable(b).attrs : b.attrs],
    "drop_conflicts",
  );
  return datasetRecord(new Map([...coords, ...data]), coords.keys(), attrs);
}

/** An elementwise operation on every data variable. */
export function unary(name: OperatorName, labelled: Labelled): Labelled {
  return mapData(
    labelled,
    (variable) => new Variable(variable.dims, elementwise(name, [variable.node]), variable.attrs),
  );
}

/** An operation over variables, lined up by name; attributes that differ are dropped. */
function combineVariables(name: OperatorName, operands: readonly (Variable | ScalarLike)[]): Variable {
  const variables = operands.filter((operand) => operand instanceof Variable);
  const dims = [...unifiedSizes(variables).keys()];
  const nodes = operands.map((operand) =>
    operand instanceof Variable ? nodeWithDims(operand, dims) : asOperand(operand, variables[0].dtype),
  );
  const attrs = mergeAttrs(
    variables.map((variable) => variable.attrs),
    "drop_conflicts",
  );
  return new Variable(dims, elementwise(name, nodes), attrs);
}

/** A scalar as nodes take it: dates and, beside times, strings become counts of the dtype beside them. */
export function asOperand(value: ScalarLike, beside: Dtype): Operand {
  if (value instanceof Date) {
    const dtype: Dtype = isTime(beside) ? beside : "datetime64[ms]";
    return { value: dateToCount(value, dtype), dtype };
  }
  if (typeof value === "string" && isTime(beside)) return { value: parseTime(value, beside), dtype: beside };
  if (value === undefined || value === null || (typeof value === "object" && !("value" in value)))
    throw new ArgumentError({
      asked: "an operand",
      found: value === null ? "null" : typeof value,
      hint: "give a DataArray, a Dataset, a number, a string or a Date",
    });
  return value;
}

/** `astype` of every data variable. @throws DtypeError where there is no cast */
export function astype(labelled: Labelled, dtype: Dtype): Labelled {
  return mapData(
    labelled,
    (variable) => new Variable(variable.dims, cast(variable.node, asDtype(dtype)), variable.attrs),
  );
}
