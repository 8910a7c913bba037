/** Owns weighted reductions: sums, means and variances in which every element counts as its weight says. */
import { elementwise, reduce, where } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { isFloat } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import { reduction } from "@hyperslab/core/reduction";
import { inMemoryBlock } from "../evaluate.js";
import { viewNode } from "../in-memory.js";
import { type Labelled, arrayVariable, dataOf, datasetRecord, dimsOf, parseDims } from "../labelled.js";
import { Variable } from "../variable.js";
import { align } from "./align.js";
import { broadcastVariable, nodeWithDims, unifiedSizes } from "./broadcast.js";
import { mergeCoords } from "./merge-coords.js";
import { nullNode } from "./missing.js";
import { type Dims, skipsMissing } from "./reduce.js";
import { missingOf } from "./reindex.js";

export type WeightedName = "sumOfWeights" | "sum" | "mean" | "sumOfSquares" | "var" | "std";

/** Checks weights that are in memory. @throws ArgumentError for missing ones */
export function checkWeights(weights: Labelled): Labelled {
  const variable = arrayVariable(weights);
  const block = inMemoryBlock(variable.node);
  if (block && isFloat(block.dtype) && (block.data as Float64Array).some((weight) => Number.isNaN(weight)))
    throw new ArgumentError({
      asked: "weighted",
      found: "weights with missing values",
      hint: "fillna(0) replaces them",
    });
  return weights;
}

/** A weighted reduction over `dims`; all dimensions of the object and the weights where none are given. */
export function weightedReduce(
  name: WeightedName,
  labelled: Labelled,
  weights: Labelled,
  dims: Dims,
  skipna?: boolean,
): Labelled {
  const known = [...new Set([...dimsOf(labelled), ...dimsOf(weights)])];
  const over = parseDims(dims, known, `weighted ${name}`);
  const [object, aligned] = align([labelled, weights], "inner", "weighted");
  const merged = mergeCoords([object, aligned], "weighted");
  const data = new Map<string, Variable>();
  const weight = arrayVariable(aligned);
  for (const [key, variable] of dataOf(object))
    data.set(key, weightedVariable(name, variable, weight, over, skipna));
  const left = [...new Set([...data.values()].flatMap((variable) => variable.dims))];
  const coords = new Map(
    [...merged].filter(([, variable]) => variable.dims.every((dim) => left.includes(dim))),
  );
  const variables = new Map([...coords, ...data]);
  if (labelled.kind === "array") return { ...object, variables, coordNames: new Set(coords.keys()) };
  return datasetRecord(variables, coords.keys(), labelled.attrs);
}

function weightedVariable(
  name: WeightedName,
  variable: Variable,
  weights: Variable,
  over: readonly string[],
  skipna?: boolean,
): Variable {
  const sizes = unifiedSizes([variable, weights]);
  const dims = [...sizes.keys()];
  const x = nodeWithDims(variable, dims);
  const w = nodeWithDims(weights.dtype === "bool" ? asInteger(weights) : weights, dims);
  const axes = dims.flatMap((dim, axis) => (over.includes(dim) ? [axis] : []));
  const kept = dims.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const skip = skipsMissing("sum", variable.dtype, skipna);
  const sum = (node: Node): Node =>
    reduce(node, reduction("sum", node.dtype, { skipna: skip && isFloat(node.dtype) }), axes);
  const total = (node: Node): Node => sum(elementwise("multiply", [node, w]));
  const sumOfWeights = (): Node => {
    const counted = isFloat(variable.dtype)
      ? where(nullNode(x, false), w, { value: 0, dtype: w.dtype })
      : broadcastVariable(weights.dtype === "bool" ? asInteger(weights) : weights, sizes).node;
    const all = reduce(counted, reduction("sum", counted.dtype, { skipna: false }), axes);
    const float = elementwise("divide", [
      all,
      { value: 1, dtype: isFloat(all.dtype) ? all.dtype : "float64" },
    ]);
    return where(elementwise("notEqual", [float, 0]), float, missingOf(float.dtype));
  };
  const mean = (): Node => elementwise("divide", [total(x), sumOfWeights()]);
  const squares = (): Node => total(elementwise("square", [elementwise("subtract", [x, mean()])]));
  const compute: Record<WeightedName, () => Node> = {
    sumOfWeights,
    sum: () => total(x),
    mean,
    sumOfSquares: squares,
    var: () => elementwise("divide", [squares(), sumOfWeights()]),
    std: () => elementwise("sqrt", [elementwise("divide", [squares(), sumOfWeights()])]),
  };
  return new Variable(
    kept.map((axis) => dims[axis]),
    viewNode(compute[name](), kept),
    variable.attrs,
  );
}

function asInteger(weights: Variable): Variable {
  return new Variable(
    weights.dims,
    elementwise("add", [weights.node, { value: 0n, dtype: "int64" }]),
    weights.attrs,
  );
}
