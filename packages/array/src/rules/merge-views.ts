/** Owns the rule that makes one view of two. */
import type { Rule } from "./rule.js";

export const mergeViews: Rule = {
  name: "merge-views",
  apply(node) {
    if (node.kind !== "view") return null;
    const { arg } = node;
    if (node.axes.length === arg.shape.length && node.axes.every((axis, i) => axis === i)) return arg;
    if (arg.kind !== "view") return null;
    return { ...node, arg: arg.arg, axes: node.axes.map((axis) => (axis === null ? null : arg.axes[axis])) };
  },
};
