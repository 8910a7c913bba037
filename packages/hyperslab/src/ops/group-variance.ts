/**
 * Owns the variance of groups that span further dimensions: the variances along the grouped dimension are joined
 * with what their means differ, as in Chan, Golub and LeVeque. Knows no labels.
 */
import { cast, elementwise, groupReduce, reduce, where } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { reduction } from "@hyperslab/core/reduction";

/** How the groups lie, and what counts. */
export interface GroupedVariance {
  readonly axis: number;
  readonly codes: Int32Array;
  readonly groups: number;
  /** The further axes; they keep length 1. */
  readonly axes: readonly number[];
  readonly skipna: boolean;
  readonly ddof: number;
}

/** Variance of every group over `axis` and `axes`, as float64; NaN for groups of no more than `ddof` elements. */
export function groupVariance(node: Node, grouped: GroupedVariance): Node {
  const { axis, codes, groups, axes, skipna, ddof } = grouped;
  const x = cast(node, "float64");
  const along = (name: "count" | "mean" | "var"): Node =>
    groupReduce(x, reduction(name, "float64", { skipna }), axis, codes, groups);
  // where a group has nothing along the axis, its mean is NaN and counts for nothing; with skipna: false NaN stays
  const total = (one: Node): Node => reduce(one, reduction("sum", "float64", { skipna }), axes);
  const count = cast(along("count"), "float64");
  const mean = along("mean");
  const all = total(count);
  const common = elementwise("divide", [total(elementwise("multiply", [count, mean])), all]);
  const apart = elementwise("square", [elementwise("subtract", [mean, common])]);
  const spread = elementwise("multiply", [count, elementwise("add", [along("var"), apart])]);
  const left = elementwise("subtract", [all, ddof]);
  return where(elementwise("greater", [left, 0]), elementwise("divide", [total(spread), left]), NaN);
}
