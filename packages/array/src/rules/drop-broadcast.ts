/** Owns the rule that lets elementwise operations stretch their arguments themselves. */
import { broadcastShapes, sameShape } from "@hyperslab/core/shape";
import type { Rule } from "./rule.js";

export const dropBroadcast: Rule = {
  name: "drop-broadcast",
  apply(node) {
    if (node.kind !== "elementwise" || !node.args.some((arg) => arg.kind === "broadcast")) return null;
    const args = node.args.map((arg) => (arg.kind === "broadcast" ? arg.arg : arg));
    // where every argument is a stretched one, one of them has to stay and give the shape
    if (!sameShape(broadcastShapes(args.map((arg) => arg.shape)), node.shape)) return null;
    return { ...node, args };
  },
};
