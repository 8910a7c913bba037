/**
 * Owns the joining of very many expressions that are alike: what the rules would make of their concat in many passes
 * over all of them is made at once, so that whatever is built on it is small from the beginning.
 */
import { concat } from "./build.js";
import { type Node, childrenOf, withChildren } from "./node.js";
import { joinSources } from "./rules/join-sources.js";
import { liftElementwise } from "./rules/lift-elementwise.js";

/** The concat of nodes along an axis: one expression over one source, where they are the same expression over files. @throws ShapeError */
export function joinParts(nodes: readonly Node[], axis: number): Node {
  /** What was joined already, by its first part: parts may use an argument twice. */
  const known = new Map<Node, { readonly parts: readonly Node[]; readonly made: Node }[]>();
  const flatten = (node: Node): Node => {
    if (node.kind !== "concat" || node.axis !== axis) return node;
    const before = known.get(node.args[0])?.find(({ parts }) => sameParts(parts, node.args));
    if (before) return before.made;
    const lifted = liftElementwise.apply(node) ?? node;
    const children = childrenOf(lifted).map((child) => (child.kind === "concat" ? flatten(child) : child));
    const whole =
      lifted.kind === "concat" ? { ...lifted, args: lifted.args.map(flattenRun) } : withChildren(lifted, children);
    const made = joinSources.apply(whole) ?? whole;
    const list = known.get(node.args[0]) ?? [];
    list.push({ parts: node.args, made });
    known.set(node.args[0], list);
    return made;
  };
  /** A run of parts that were lifted together has concats below it. */
  const flattenRun = (node: Node): Node =>
    node.kind === "elementwise" ? withChildren(node, node.args.map(flatten)) : node;
  return flatten(concat(nodes, axis));
}

function sameParts(a: readonly Node[], b: readonly Node[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
