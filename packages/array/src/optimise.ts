/** Owns the driver of the rules: it walks, repeats, and checks that a rule changed nothing that it must not. */
import { sameGrid } from "@hyperslab/core/chunk-grid";
import { sameShape } from "@hyperslab/core/shape";
import type { Node } from "./node.js";
import { RULES } from "./rules/order.js";
import type { Rule } from "./rules/rule.js";
import { share } from "./share.js";
import { rewrite } from "./walk.js";

/** A selection moves down one node a pass; more passes than this mean a rule that undoes itself. */
const MOST_PASSES = 1000;

/** Is told what the expressions are after each rule that changed something. */
export type Observer = (rule: Rule, nodes: readonly Node[]) => void;

/** The expressions after all rules: the same values, cheaper. */
export function optimise(roots: readonly Node[], observe?: Observer, rules: readonly Rule[] = RULES): Node[] {
  let nodes = share(roots);
  for (const rule of rules) {
    const before = nodes;
    for (let pass = 0; ; pass++) {
      if (pass === MOST_PASSES) throw new Error(`rule ${rule.name} does not come to rest`);
      const rewritten = rewrite(nodes, (node) => applyChecked(rule, node));
      // most rules find nothing: what was shared still is
      if (isSame(rewritten, nodes)) break;
      const next = share(rewritten);
      const same = isSame(next, nodes);
      nodes = next;
      if (same) break;
    }
    if (!isSame(nodes, before)) observe?.(rule, nodes);
  }
  return nodes;
}

function isSame(some: readonly Node[], others: readonly Node[]): boolean {
  return some.every((node, i) => node === others[i]);
}

function applyChecked(rule: Rule, node: Node): Node {
  const next = rule.apply(node);
  if (next === null || next === node) return node;
  if (!sameShape(next.shape, node.shape) || next.dtype !== node.dtype || !sameGrid(next.grid, node.grid))
    throw new Error(
      `rule ${rule.name} changed a ${node.kind}: ${describe(node)} became ${describe(next)}; a rule must keep shape, dtype and chunks`,
    );
  return next;
}

function describe(node: Node): string {
  return `${node.dtype} (${node.shape.join(", ")})`;
}
