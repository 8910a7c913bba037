/** Owns the lining up of variables by the names of their dimensions. */
import { broadcast } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { ShapeError } from "@hyperslab/core/errors";
import { viewNode } from "../in-memory.js";
import { type Labelled, coordsOf, dimsOf, mapVariables, sizesOf } from "../labelled.js";
import { Variable, withNode } from "../variable.js";

/** The dimensions of all variables, in order of first use. @throws ShapeError where lengths differ */
export function unifiedSizes(variables: readonly Variable[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const variable of variables)
    variable.dims.forEach((dim, axis) => {
      const length = variable.shape[axis];
      const known = sizes.get(dim);
      if (known !== undefined && known !== length)
        throw new ShapeError({
          asked: `operands along "${dim}"`,
          found: `lengths ${known} and ${length}`,
          hint: "dimensions without labels must be equally long",
        });
      sizes.set(dim, length);
    });
  return sizes;
}

/** The variable's node with its axes in the order of `dims`; those it lacks have length 1. */
export function nodeWithDims(variable: Variable, dims: readonly string[]): Node {
  return viewNode(
    variable.node,
    dims.map((dim) => {
      const axis = variable.dims.indexOf(dim);
      return axis === -1 ? null : axis;
    }),
  );
}

/** The variable stretched to `sizes`, in their order. */
export function broadcastVariable(variable: Variable, sizes: ReadonlyMap<string, number>): Variable {
  const dims = [...sizes.keys()];
  if (dims.length === variable.dims.length && dims.every((dim, i) => dim === variable.dims[i]))
    return variable;
  const node = broadcast(nodeWithDims(variable, dims), [...sizes.values()]);
  return new Variable(dims, node, variable.attrs, variable.encoding);
}

/** The data of `labelled` stretched over the dimensions of `other` too; its labels for them come along. */
export function broadcastLike(labelled: Labelled, other: Labelled): Labelled {
  const sizes = new Map([
    ...sizesOf(labelled),
    ...[...sizesOf(other)].filter(([dim]) => !dimsOf(labelled).includes(dim)),
  ]);
  const stretched = mapVariables(labelled, (variable, _, isCoord) =>
    isCoord ? variable : withNode(variable, broadcastVariable(variable, sizes).node, [...sizes.keys()]),
  );
  const coords = new Map(coordsOf(labelled));
  for (const [name, variable] of coordsOf(other))
    if (!coords.has(name) && variable.dims.length === 1 && variable.dims[0] === name)
      coords.set(name, variable);
  const variables = new Map([...coords, ...stretched.variables]);
  return { ...stretched, variables, coordNames: new Set(coords.keys()) };
}
