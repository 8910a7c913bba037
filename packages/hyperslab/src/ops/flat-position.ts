/** Owns argmin and argmax over several axes: the position among the elements as if these axes were one. */
import { elementwise, literal, reduce, where } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { isFloat } from "@hyperslab/core/dtype";
import { type Reduction, reduction } from "@hyperslab/core/reduction";
import { nullNode } from "./missing.js";

/** Larger than any position. */
const NOWHERE = 2n ** 62n;

/**
 * The first position, in C order over `axes`, of the extreme; -1 where all elements are missing.
 * Reduced axes keep length 1.
 */
export function flatPosition(node: Node, spec: Reduction, axes: readonly number[]): Node {
  const extreme = reduce(node, reduction(spec.name === "argmin" ? "min" : "max", node.dtype, spec), axes);
  const equal = elementwise("equal", [node, extreme]);
  const holds =
    spec.skipna || !isFloat(node.dtype) ? equal : elementwise("logicalOr", [equal, nullNode(node, true)]);
  const candidates = where(holds, positionsAlong(node, axes), { value: NOWHERE, dtype: "int64" });
  const first = reduce(candidates, reduction("min", "int64"), axes);
  const found = elementwise("less", [first, { value: NOWHERE, dtype: "int64" }]);
  return where(found, first, { value: -1n, dtype: "int64" });
}

/** The position of every element over `axes`, from one short array an axis. */
function positionsAlong(node: Node, axes: readonly number[]): Node {
  let stride = 1;
  const parts: Node[] = [];
  for (const axis of [...axes].sort((a, b) => b - a)) {
    const length = node.shape[axis];
    const data = BigInt64Array.from({ length }, (_, i) => BigInt(i * stride));
    const shape = node.shape.map((_, i) => (i === axis ? length : 1));
    parts.push(literal({ dtype: "int64", shape, data }));
    stride *= length;
  }
  return parts.reduce((a, b) => elementwise("add", [a, b]));
}
