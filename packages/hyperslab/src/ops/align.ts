/** Owns alignment: several objects onto common labels. */
import { ArgumentError, AlignmentError, ShapeError } from "@hyperslab/core/errors";
import { type Index, indexOf } from "../indexes.js";
import { type Labelled, dimensionCoord, mapVariables, sizesOf } from "../labelled.js";
import { type Variable, withNode } from "../variable.js";
import { selectNode } from "../in-memory.js";
import { positions, slice } from "@hyperslab/core/box";
import { reindexVariable } from "./reindex.js";

/**
 * Which labels stay: those that all have (`inner`), that any has (`outer`), those of the first (`left`)
 * or last (`right`); `exact` and `override` demand the same, `override` without looking at values.
 */
export type Join = "inner" | "outer" | "left" | "right" | "exact" | "override";

const JOINS: readonly string[] = ["inner", "outer", "left", "right", "exact", "override"];

/**
 * The objects with common labels on the dimensions they share. Objects that need no change come back as they are.
 *
 * @throws AlignmentError where `exact` labels differ; ShapeError where dimensions without labels differ in length
 */
export function align(
  objects: readonly Labelled[],
  join: Join = "inner",
  operation = "align",
  exclude: readonly string[] = [],
): Labelled[] {
  if (!JOINS.includes(join))
    throw new ArgumentError({
      asked: `join "${String(join)}"`,
      found: "no such join",
      hint: `use ${JOINS.join(", ")}`,
    });
  let aligned = [...objects];
  const dims = new Set(objects.flatMap((object) => [...sizesOf(object).keys()]));
  for (const dim of dims) if (!exclude.includes(dim)) aligned = alignAlong(dim, aligned, join, operation);
  return aligned;
}

function alignAlong(dim: string, objects: readonly Labelled[], join: Join, operation: string): Labelled[] {
  const labels = objects.map((object) => dimensionCoord(object, dim));
  const present = labels.flatMap((variable) => (variable ? [variable] : []));
  const lengths = objects.flatMap((object) => sizesOf(object).get(dim) ?? []);
  if (present.length === 0) return checkLengths(dim, lengths, operation, objects);
  const indexes = present.map((variable) => indexOf(dim, variable));
  const [first] = indexes;
  if (indexes.every((index) => index.equals(first))) return checkLengths(dim, lengths, operation, objects);
  if (join === "override") {
    checkLengths(dim, lengths, operation, objects);
    return objects.map((object) => withLabels(object, dim, present[0]));
  }
  if (join === "exact")
    throw new AlignmentError({
      dim,
      operation,
      found: `labels differ: ${describe(first)} and ${describe(indexes.find((index) => !index.equals(first)) ?? first)}`,
      hint: 'align() with join "inner" or "outer", or sel() the same labels',
    });
  if (join === "inner" || join === "outer") refuseDuplicates(dim, indexes, operation);
  const target = joined(indexes, present, join);
  return objects.map((object, i) => {
    const own = labels[i];
    if (!own) {
      const length = sizesOf(object).get(dim);
      return length === undefined
        ? object
        : checkLengths(dim, [length, target.shape[0]], operation, [object])[0];
    }
    return reindexLabels(object, dim, target);
  });
}

/** Labels that stand twice pair with others in more than one way; xarray refuses them, too. */
function refuseDuplicates(dim: string, indexes: readonly Index[], operation: string): void {
  const doubled = indexes.find((index) => !index.unique);
  if (doubled)
    throw new AlignmentError({
      dim,
      operation,
      found: `labels differ, and of ${describe(doubled)} some stand more than once`,
      hint: "isel() one of each first, or groupBy() them",
    });
}

function describe(index: Index): string {
  return `${index.length} from ${index.format(0)} to ${index.format(index.length - 1)}`;
}

function checkLengths(
  dim: string,
  lengths: readonly number[],
  operation: string,
  objects: readonly Labelled[],
): Labelled[] {
  if (lengths.some((length) => length !== lengths[0]))
    throw new ShapeError({
      asked: `${operation}: align along "${dim}"`,
      found: `lengths ${[...new Set(lengths)].join(" and ")}, and not every object has labels for it`,
      hint: `assignCoords({ ${dim}: … }) on both, or isel() to one length`,
    });
  return [...objects];
}

function withLabels(object: Labelled, dim: string, labels: Variable): Labelled {
  return mapVariables(object, (variable, name, isCoord) => (isCoord && name === dim ? labels : variable));
}

/** The labels that `join` leaves, as a dimension coordinate. */
function joined(indexes: readonly Index[], labels: readonly Variable[], join: Join): Variable {
  if (join === "left") return labels[0];
  if (join === "right") return labels[labels.length - 1];
  return labels.slice(1).reduce((left, right, i) => {
    const [dim] = left.dims;
    const a = i === 0 ? indexes[0] : indexOf(dim, left);
    const b = indexes[i + 1];
    if (a.equals(b)) return left;
    const inOther = b.positionsFor(a);
    if (join === "inner") {
      const keep = [...inOther.keys()].filter((position) => inOther[position] !== -1);
      return pick(left, keep);
    }
    return a.union(b, left, right);
  }, labels[0]);
}

function pick(labels: Variable, keep: readonly number[]): Variable {
  return withNode(labels, selectNode(labels.node, [positions(keep)]));
}

/** The object on the labels of `target`; labels that it lacks give missing values. */
export function reindexLabels(object: Labelled, dim: string, target: Variable): Labelled {
  const own = dimensionCoord(object, dim);
  if (!own || indexOf(dim, own).equals(indexOf(dim, target))) return object;
  const found = indexOf(dim, own).positionsFor(indexOf(dim, target));
  return mapVariables(object, (variable, name, isCoord) => {
    if (isCoord && name === dim) return withNode(own, target.node);
    const axis = variable.dims.indexOf(dim);
    if (axis === -1) return variable;
    const run = asRun(found);
    if (!run) return reindexVariable(variable, axis, found);
    const selection = variable.shape.map((length, i) => (i === axis ? run : slice(0, length)));
    return withNode(variable, selectNode(variable.node, selection));
  });
}

/** Positions that rise evenly, as a slice. */
function asRun(found: Int32Array): ReturnType<typeof slice> | null {
  if (found.length === 0 || found[0] === -1) return null;
  const step = found.length > 1 ? found[1] - found[0] : 1;
  if (step === 0) return null;
  for (let i = 1; i < found.length; i++) if (found[i] === -1 || found[i] - found[i - 1] !== step) return null;
  return slice(found[0], found.length, step);
}
