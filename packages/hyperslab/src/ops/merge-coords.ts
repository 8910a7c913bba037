/** Owns the coordinates of a result that came from several objects. */
import { AlignmentError } from "@hyperslab/core/errors";
import { sameVariable } from "../equality.js";
import { indexOf } from "../indexes.js";
import { type Labelled, coordsOf, isDimensionCoord } from "../labelled.js";
import type { Variable } from "../variable.js";
import { broadcastVariable, unifiedSizes } from "./broadcast.js";

/**
 * Coordinates of aligned objects together: labels of dimensions win over other coordinates of the
 * name; other coordinates that conflict are dropped from all. Attributes are those of the first.
 *
 * @throws AlignmentError where labels of a dimension differ
 */
export function mergeCoords(objects: readonly Labelled[], operation: string): Map<string, Variable> {
  const collected = new Map<string, Variable[]>();
  for (const object of objects)
    for (const [name, variable] of coordsOf(object)) {
      const list = collected.get(name);
      if (list) list.push(variable);
      else collected.set(name, [variable]);
    }
  const merged = new Map<string, Variable>();
  for (const [name, variables] of collected) {
    const one = uniqueCoord(name, variables, operation);
    if (one) merged.set(name, one);
  }
  return merged;
}

function uniqueCoord(name: string, variables: readonly Variable[], operation: string): Variable | undefined {
  const [first] = variables;
  if (variables.length === 1) return first;
  const labels = variables.filter((variable) => isDimensionCoord(name, variable));
  if (labels.length) {
    for (const other of labels.slice(1))
      if (!indexOf(name, labels[0]).equals(indexOf(name, other)))
        throw new AlignmentError({ dim: name, found: "the labels differ", hint: "align() first", operation });
    return labels[0];
  }
  try {
    const sizes = unifiedSizes(variables);
    const stretched = variables.map((variable) => broadcastVariable(variable, sizes));
    const same = stretched.every((variable) => sameVariable(variable, stretched[0]));
    return same ? stretched[0] : undefined;
  } catch {
    return undefined;
  }
}
