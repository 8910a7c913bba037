/** Owns the joining of objects along a dimension, and the merging of variables into one dataset. */
import { concat as concatNodes, literal } from "@hyperslab/array/build";
import { AlignmentError, ArgumentError } from "@hyperslab/core/errors";
import { sameVariable } from "../equality.js";
import { settled } from "../evaluate.js";
import {
  type Labelled,
  THIS,
  arrayVariable,
  dataOf,
  datasetRecord,
  dimsOf,
  isDimensionCoord,
} from "../labelled.js";
import { type ArrayLike, toBlock } from "../ndarray.js";
import { Variable } from "../variable.js";
import { type Join, align } from "./align.js";
import { broadcastVariable } from "./broadcast.js";
import { mergeCoords } from "./merge-coords.js";

/** Options of {@link concat}. */
export interface ConcatOptions {
  /** How labels of the other dimensions are matched; `outer` unless said otherwise. */
  readonly join?: Join;
  /** `all` (the default): every data variable gets the dimension; `minimal`: those that have it already. */
  readonly dataVars?: "all" | "minimal";
  /** Labels of the dimension; where none are given, those of the objects. */
  readonly labels?: ArrayLike;
}

/**
 * Objects of one kind behind each other along `dim`, which may be new. Other coordinates get the
 * dimension where they differ.
 *
 * @throws ArgumentError, AlignmentError, ShapeError
 */
export function concat(objects: readonly Labelled[], dim: string, options: ConcatOptions = {}): Labelled {
  const [first] = objects;
  if (!first) throw new ArgumentError({ asked: "concat", found: "no objects", hint: "give at least one" });
  if (objects.some(({ kind }) => kind !== first.kind))
    throw new ArgumentError({
      asked: "concat",
      found: "DataArrays and Datasets",
      hint: "give objects of one kind",
    });
  const aligned = align(objects, options.join ?? "outer", "concat", [dim]);
  const lengths = aligned.map((object) => lengthOn(object, dim));
  const names = unionOfNames(aligned);
  const isNew = aligned.every((object) => !dimsOf(object).includes(dim));
  const variables = new Map<string, Variable>();
  const coordNames = new Set<string>();
  for (const [name, isCoord] of names) {
    const found = aligned.map((object) => object.variables.get(name));
    const present = found.filter((variable) => variable !== undefined);
    if (present.length < aligned.length) {
      // a coordinate that not all have is dropped where it would have to be joined; data must be everywhere
      if (isCoord) continue;
      throw new ArgumentError({
        asked: `concat along "${dim}"`,
        found: `variable "${name}" is missing from ${aligned.length - present.length} of ${aligned.length} objects`,
        hint: "drop or assign it first",
      });
    }
    const has = present.some((variable) => variable.dims.includes(dim));
    const same = present.every((variable) => sameVariable(variable, present[0]));
    const join = has || name === dim || (isCoord ? !same : isNew || (options.dataVars ?? "all") === "all");
    if (!join && !same)
      throw new AlignmentError({
        dim,
        operation: "concat",
        found: `variable "${name}" differs and does not have the dimension`,
        hint: 'dataVars: "all" joins it too',
      });
    variables.set(name, join ? joined(name, present, dim, lengths) : present[0]);
    if (isCoord) coordNames.add(name);
  }
  if (options.labels !== undefined) {
    variables.set(dim, new Variable([dim], literal(toBlock(options.labels))));
    coordNames.add(dim);
  }
  const coords = new Map([...variables].filter(([name]) => coordNames.has(name)));
  const data = new Map([...variables].filter(([name]) => !coordNames.has(name)));
  const ordered = new Map([...coords, ...data]);
  if (first.kind === "dataset") return datasetRecord(ordered, coordNames, first.attrs);
  const name = objects.every((object) => object.name === first.name) ? first.name : null;
  return { ...first, name, variables: ordered, coordNames };
}

function lengthOn(object: Labelled, dim: string): number {
  for (const variable of object.variables.values()) {
    const axis = variable.dims.indexOf(dim);
    if (axis !== -1) return variable.shape[axis];
  }
  return 1;
}

function unionOfNames(objects: readonly Labelled[]): Map<string, boolean> {
  const names = new Map<string, boolean>();
  for (const object of objects)
    for (const name of object.variables.keys())
      names.set(name, (names.get(name) ?? false) || object.coordNames.has(name));
  return names;
}

function joined(
  name: string,
  variables: readonly Variable[],
  dim: string,
  lengths: readonly number[],
): Variable {
  const sizes = new Map(
    variables.flatMap((variable) =>
      variable.dims.flatMap((own, axis): [string, number][] =>
        own === dim ? [] : [[own, variable.shape[axis]]],
      ),
    ),
  );
  const withDim = variables.find((variable) => variable.dims.includes(dim));
  const order = withDim ? [...new Set([...withDim.dims, ...sizes.keys()])] : [dim, ...sizes.keys()];
  const nodes = variables.map((variable, i) => {
    const target = new Map(order.map((own) => [own, own === dim ? lengths[i] : (sizes.get(own) ?? 1)]));
    return broadcastVariable(variable, target).node;
  });
  const [{ attrs, encoding }] = variables;
  const made = new Variable(order, concatNodes(nodes, order.indexOf(dim)), attrs, encoding);
  return isDimensionCoord(name, made) || made.dims.length === 1 ? settled(made) : made;
}

/** Options of {@link merge}. */
export interface MergeOptions {
  /** How labels are matched; `outer` unless said otherwise. */
  readonly join?: Join;
  /** `override` takes the first of variables of one name, without looking at values. */
  readonly compat?: "no_conflicts" | "override";
}

/**
 * All variables of several objects in one dataset. Arrays come under their names.
 * @throws AlignmentError where variables of one name differ; ArgumentError for an array without a name
 */
export function merge(objects: readonly Labelled[], options: MergeOptions = {}): Labelled {
  const aligned = align(objects, options.join ?? "outer", "merge");
  const coords = mergeCoords(aligned, "merge");
  const data = new Map<string, Variable>();
  for (const object of aligned)
    for (const [key, variable] of dataOf(object)) {
      const name = key === THIS ? object.name : key;
      if (name === null)
        throw new ArgumentError({
          asked: "merge",
          found: "an array without a name",
          hint: 'rename("…") it first',
        });
      if (coords.has(name) && isDimensionCoord(name, variable)) continue;
      const known = data.get(name);
      if (known && options.compat !== "override" && !sameVariable(known, variable))
        throw new AlignmentError({
          dim: name,
          operation: "merge",
          found: `two variables "${name}" that differ, or are lazy`,
          hint: 'rename() one, or compat: "override" to take the first',
        });
      if (!known) data.set(name, variable);
    }
  for (const name of data.keys()) coords.delete(name);
  const [first] = aligned;
  const attrs = first?.kind === "array" ? arrayVariable(first).attrs : first?.attrs;
  return datasetRecord(new Map([...coords, ...data]), coords.keys(), attrs);
}
