/** Owns elementwise operations of one main object and several beside it: the main one gives name and attributes. */
import type { Node } from "@hyperslab/array/node";
import type { Operand } from "@hyperslab/array/build";
import {
  type HasLabels,
  type Labelled,
  arrayVariable,
  coordsOf,
  dataOf,
  datasetRecord,
  hasLabels,
} from "../labelled.js";
import { ArgumentError } from "@hyperslab/core/errors";
import { Variable } from "../variable.js";
import { type Join, align } from "./align.js";
import { nodeWithDims, unifiedSizes } from "./broadcast.js";
import { type ScalarLike, asOperand } from "./elementwise.js";
import { mergeCoords } from "./merge-coords.js";

/** What may stand beside the main object. */
export type Beside = HasLabels | ScalarLike;

/**
 * `compute(main, ...beside)` on every data variable of the main object, aligned and broadcast by name.
 * A dataset beside a dataset gives the variable of the same name; variables that it lacks are left out.
 */
export function fused(
  operation: string,
  main: Labelled,
  beside: readonly Beside[],
  join: Join,
  compute: (main: Node, beside: readonly Operand[]) => Node,
): Labelled {
  const others = beside.filter(hasLabels);
  if (main.kind === "array" && others.some(({ labelled }) => labelled.kind === "dataset"))
    throw new ArgumentError({
      asked: `${operation} of a DataArray beside a Dataset`,
      found: "several variables",
      hint: 'take one: ds.get("name")',
    });
  const [first, ...rest] = align([main, ...others.map(({ labelled }) => labelled)], join, operation);
  const aligned = new Map(others.map((other, i) => [other, rest[i]]));
  const coords = others.length ? mergeCoords([first, ...rest], operation) : coordsOf(first);
  const data = new Map<string, Variable>();
  for (const [name, variable] of dataOf(first)) {
    const operands = beside.map((one) => {
      const labelled = hasLabels(one) ? aligned.get(one) : undefined;
      if (!labelled) return one as ScalarLike;
      return labelled.kind === "array" ? arrayVariable(labelled) : labelled.variables.get(name);
    });
    if (operands.some((operand) => operand === undefined)) continue;
    data.set(name, fusedVariable(variable, operands as (Variable | ScalarLike)[], compute));
  }
  const variables = new Map([...coords, ...data]);
  if (first.kind === "array") return { ...first, variables, coordNames: new Set(coords.keys()) };
  return datasetRecord(variables, coords.keys(), first.attrs);
}

function fusedVariable(
  main: Variable,
  operands: readonly (Variable | ScalarLike)[],
  compute: (main: Node, beside: readonly Operand[]) => Node,
): Variable {
  const dims = [...unifiedSizes([main, ...operands.filter((one) => one instanceof Variable)]).keys()];
  const beside = operands.map((one) =>
    one instanceof Variable ? nodeWithDims(one, dims) : asOperand(one, main.dtype),
  );
  return new Variable(dims, compute(nodeWithDims(main, dims), beside), main.attrs);
}
