/** Owns what is done group by group: reductions, arithmetic with one value a group, and functions of users. */
import { cast, elementwise, groupReduce, reduce } from "@hyperslab/array/build";
import { positions } from "@hyperslab/core/box";
import { isFloat, isTime } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import type { OperatorName } from "@hyperslab/core/operator";
import type { ReductionName } from "@hyperslab/core/reduction";
import { settled } from "../evaluate.js";
import { viewNode } from "../in-memory.js";
import {
  type HasLabels,
  type Labelled,
  arrayRecord,
  coordsOf,
  dataOf,
  datasetRecord,
  dimsOf,
  mapData,
  mapVariables,
  parseDims,
} from "../labelled.js";
import { Variable, withNode } from "../variable.js";
import { align } from "./align.js";
import { broadcastVariable, nodeWithDims } from "./broadcast.js";
import { concat } from "./concat.js";
import { binary } from "./elementwise.js";
import { groupVariance } from "./group-variance.js";
import type { Grouping } from "./grouping.js";
import { applySelections } from "./isel.js";
import { type Dims, type ReduceOptions, reduceVariable, reductionOf, takesPart } from "./reduce.js";

/** Reductions that may be made one axis after the other. */
const STEPWISE: ReadonlySet<ReductionName> = new Set(["sum", "prod", "min", "max", "any", "all"]);

/**
 * Reduces every group. The dimension of the groups takes the place of the grouped one. `dims` may
 * name further dimensions to reduce along with it.
 *
 * @throws DimensionError, DtypeError; ArgumentError for further dimensions with positions and spans of time
 */
export function reduceGroups(
  name: ReductionName,
  labelled: Labelled,
  grouping: Grouping,
  dims: Dims,
  options: ReduceOptions,
): Labelled {
  const { dim, labels } = grouping;
  const over = dims === undefined || dims === null ? [dim] : parseDims(dims, dimsOf(labelled), name);
  if (!over.includes(dim))
    throw new ArgumentError({
      asked: `groupBy("${grouping.name}").${name}("${over.join('", "')}")`,
      found: `the groups are along "${dim}"`,
      hint: `name "${dim}" too, or reduce before grouping`,
    });
  const extra = over.filter((one) => one !== dim);
  const data = new Map<string, Variable>();
  for (const [key, variable] of dataOf(labelled)) {
    if (labelled.kind === "dataset" && !takesPart(name, variable.dtype)) continue;
    data.set(key, reduceOne(name, variable, grouping, extra, options));
  }
  return withGroupCoords(labelled, grouping, over, data, labels, options.keepAttrs ?? true);
}

function withGroupCoords(
  labelled: Labelled,
  grouping: Grouping,
  over: readonly string[],
  data: ReadonlyMap<string, Variable>,
  labels: Variable,
  keepAttrs: boolean,
): Labelled {
  const coords = new Map([[grouping.name, labels]]);
  for (const [key, variable] of coordsOf(labelled))
    if (key !== grouping.name && !variable.dims.some((one) => over.includes(one))) coords.set(key, variable);
  const variables = new Map([...coords, ...data]);
  if (labelled.kind === "array") return { ...labelled, variables, coordNames: new Set(coords.keys()) };
  return datasetRecord(variables, coords.keys(), keepAttrs ? labelled.attrs : {});
}

function reduceOne(
  name: ReductionName,
  variable: Variable,
  grouping: Grouping,
  extra: readonly string[],
  options: ReduceOptions,
): Variable {
  const { dim, codes, labels } = grouping;
  const groups = labels.shape[0];
  const axis = variable.dims.indexOf(dim);
  if (axis === -1) {
    // xarray joins the results of all groups: what has no group dimension is repeated for each of them
    const own = reduceVariable(
      name,
      variable,
      variable.dims.filter((one) => extra.includes(one)),
      options,
    );
    const sizes = own.dims.map((one, i): [string, number] => [one, own.shape[i]]);
    return broadcastVariable(own, new Map([[grouping.name, groups], ...sizes]));
  }
  const attrs = options.keepAttrs === false ? {} : variable.attrs;
  const axes = variable.dims.flatMap((one, i) => (extra.includes(one) ? [i] : []));
  const kept = variable.dims.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  const dims = kept.map((i) => (i === axis ? grouping.name : variable.dims[i]));
  const spec = reductionOf(name, variable.dtype, options);
  const grouped = (reduction: typeof spec): Variable["node"] =>
    groupReduce(variable.node, reduction, axis, codes, groups);
  if (axes.length === 0) return new Variable(dims, grouped(spec), attrs);
  if (STEPWISE.has(name) || name === "count") {
    const first = grouped(spec);
    const again = reductionOf(name === "count" ? "sum" : name, first.dtype, options);
    return new Variable(dims, viewNode(reduce(first, again, axes), kept), attrs);
  }
  if (name === "mean") {
    // sums of sums keep all digits, and the mean has the dtype of a mean
    const { dtype } = grouped(spec);
    const wide = isFloat(variable.dtype) ? cast(variable.node, "float64") : variable.node;
    const sum = groupReduce(wide, reductionOf("sum", wide.dtype, options), axis, codes, groups);
    const total = reduce(sum, reductionOf("sum", sum.dtype, options), axes);
    const count = grouped(reductionOf("count", variable.dtype, options));
    const number = reduce(count, reductionOf("sum", count.dtype, options), axes);
    const mean = cast(elementwise("divide", [total, number]), dtype);
    return new Variable(dims, viewNode(mean, kept), attrs);
  }
  if ((name === "var" || name === "std") && !isTime(variable.dtype)) {
    const { dtype } = grouped(spec);
    const { skipna, ddof } = spec;
    const variance = groupVariance(variable.node, { axis, codes, groups, axes, skipna, ddof });
    const made = name === "std" ? elementwise("sqrt", [variance]) : variance;
    return new Variable(dims, viewNode(cast(made, dtype), kept), attrs);
  }
  throw new ArgumentError({
    asked: `${name} of groups over "${extra.join('", "')}" too`,
    found: "it can't be made one dimension after the other",
    hint: "name the grouped dimension alone",
  });
}

/** `labelled` with, for every group, the value of `other` for it: anomalies from a climatology. */
export function groupArithmetic(
  name: OperatorName,
  labelled: Labelled,
  grouping: Grouping,
  other: HasLabels,
): Labelled {
  const { dim, codes, labels } = grouping;
  if (!dimsOf(other.labelled).includes(grouping.name))
    throw new ArgumentError({
      asked: `arithmetic of groups "${grouping.name}"`,
      found: `an object with dimensions (${dimsOf(other.labelled).join(", ")})`,
      hint: `give one with dimension "${grouping.name}"`,
    });
  const template = arrayRecord(labels, new Map([[grouping.name, labels]]));
  const [aligned] = align([other.labelled, template], "right", `groupBy ${name}`);
  // scalar coordinates go with the groups, and so will be along the dimension, as in xarray
  const onGroups = mapVariables(aligned, (variable, _, isCoord) =>
    isCoord && variable.dims.length === 0
      ? settled(broadcastVariable(variable, new Map([[grouping.name, labels.shape[0]]])))
      : variable,
  );
  const inGroup = codes.includes(-1) ? positions([...codes.keys()].filter((i) => codes[i] !== -1)) : null;
  const main = inGroup ? applySelections(labelled, new Map([[dim, inGroup]])) : labelled;
  const picked = codes.filter((code) => code !== -1);
  const expanded = applySelections(
    onGroups,
    new Map([
      [grouping.name, { kind: "picked", positions: picked, dim, coords: new Map<string, Variable>() }],
    ]),
  );
  const result = binary(name, main, { labelled: expanded });
  // variables that did not have the dimension of the groups have it in front now
  return mapData(result, (variable, key) => {
    const before = main.variables.get(key)?.dims ?? [];
    if (before.includes(dim) || !variable.dims.includes(dim)) return variable;
    const order = [dim, ...variable.dims.filter((one) => one !== dim)];
    return withNode(variable, nodeWithDims(variable, order), order);
  });
}

/** The part of the object that belongs to one group. */
export function groupAt(labelled: Labelled, grouping: Grouping, group: number): Labelled {
  return applySelections(labelled, new Map([[grouping.dim, positions(positionsOf(grouping, group))]]));
}

/** Positions of one group. */
export function positionsOf({ codes }: Grouping, group: number): number[] {
  return [...codes.keys()].filter((position) => codes[position] === group);
}

/**
 * Joins what a function made of every group: in the order of the original positions where the
 * results kept the dimension, along the dimension of the groups where they did not.
 */
export function joinGroups(results: readonly Labelled[], grouping: Grouping): Labelled {
  const { dim, codes, labels } = grouping;
  if (results.length === 0) throw new ArgumentError({ asked: "map over groups", found: "no groups" });
  if (!dimsOf(results[0]).includes(dim)) {
    const joined = concat(results, grouping.name, { dataVars: "all" });
    const variables = new Map([[grouping.name, labels], ...joined.variables]);
    variables.set(grouping.name, labels);
    return { ...joined, variables, coordNames: new Set([grouping.name, ...joined.coordNames]) };
  }
  const joined = concat(results, dim);
  const order = results.flatMap((_, group) => positionsOf(grouping, group));
  const total = [...codes].filter((code) => code !== -1).length;
  if (order.length !== total || dimLength(joined, dim) !== total) return joined;
  const back = new Int32Array(Math.max(-1, ...order) + 1).fill(-1);
  order.forEach((position, i) => (back[position] = i));
  return applySelections(joined, new Map([[dim, positions(back.filter((i) => i !== -1))]]));
}

function dimLength(labelled: Labelled, dim: string): number {
  for (const variable of labelled.variables.values()) {
    const axis = variable.dims.indexOf(dim);
    if (axis !== -1) return variable.shape[axis];
  }
  return -1;
}
