/** Owns the equality of labelled objects, as xarray means it: dimensions, values and coordinates; names and attributes where asked. */
import { sameVariable } from "../equality.js";
import { type Labelled, THIS } from "../labelled.js";
import type { ComputeOptions } from "../run.js";
import type { Variable } from "../variable.js";
import { computeAll } from "./compute.js";
import { sameAttrs } from "./merge-attrs.js";

/**
 * True for objects with the same variables, coordinates, dimensions and elements (NaN equals NaN). Lazy ones are
 * computed, where what is known beforehand does not tell.
 * @param strictly - also names and all attributes
 * @throws TaskError, MemoryError, CancelledError
 */
export async function sameObjects(
  a: Labelled,
  b: Labelled,
  strictly: boolean,
  options?: ComputeOptions,
): Promise<boolean> {
  if (a === b) return true;
  if (a.kind !== b.kind || (strictly && (a.name !== b.name || !sameAttrs(a.attrs, b.attrs)))) return false;
  const pairs = [...a.variables].map(([name, variable]): [Variable, Variable | undefined] => [
    variable,
    b.variables.get(name),
  ]);
  const alike = pairs.every(
    ([one, other]) =>
      other &&
      one.dims.join("\u0000") === other.dims.join("\u0000") &&
      one.shape.every((length, axis) => length === other.shape[axis]) &&
      (!strictly || sameAttrs(one.attrs, other.attrs)),
  );
  const coords = [...a.coordNames].every((name) => b.coordNames.has(name));
  if (!alike || !coords || a.variables.size !== b.variables.size || a.coordNames.size !== b.coordNames.size)
    return false;
  // what is the same expression need not be computed
  const names = [...a.variables.keys()].filter((name) => !sameAt(a, b, name));
  if (names.length === 0) return true;
  const [left, right] = await computeAll([only(a, names), only(b, names)], options);
  return names.every((name) => sameAt(left, right, name));
}

function sameAt(a: Labelled, b: Labelled, name: string): boolean {
  const [one, other] = [a.variables.get(name), b.variables.get(name)];
  return one !== undefined && other !== undefined && sameVariable(one, other);
}

function only(labelled: Labelled, names: readonly string[]): Labelled {
  const variables = new Map(
    [...labelled.variables].filter(([name]) => names.includes(name) || name === THIS),
  );
  return {
    ...labelled,
    variables,
    coordNames: new Set([...labelled.coordNames].filter((name) => names.includes(name))),
  };
}
