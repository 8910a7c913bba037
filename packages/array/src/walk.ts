/** Owns walks over expressions: post-order, and rewriting with memory of what was rewritten. */
import { childrenOf, type Node, withChildren } from "./node.js";

/** All nodes under `roots`, each once, children before parents. Iterative: chains may be long. */
export function postOrder(roots: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const out: Node[] = [];
  const stack: { node: Node; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ node: root, next: 0 });
    while (stack.length) {
      const top = stack[stack.length - 1];
      const children = childrenOf(top.node);
      if (top.next < children.length) {
        const child = children[top.next++];
        if (!seen.has(child)) {
          seen.add(child);
          stack.push({ node: child, next: 0 });
        }
      } else {
        out.push(top.node);
        stack.pop();
      }
    }
  }
  return out;
}

/** How many nodes use each node; roots count once more. */
export function useCounts(roots: readonly Node[]): Map<Node, number> {
  const counts = new Map<Node, number>();
  const use = (node: Node): unknown => counts.set(node, (counts.get(node) ?? 0) + 1);
  for (const node of postOrder(roots)) for (const child of new Set(childrenOf(node))) use(child);
  for (const root of roots) use(root);
  return counts;
}

/**
 * Replaces nodes from the leaves up. `replace` sees a node over children that are rewritten already;
 * what it gives is final. Shared nodes stay shared.
 */
export function rewrite(roots: readonly Node[], replace: (node: Node) => Node): Node[] {
  const done = new Map<Node, Node>();
  for (const node of postOrder(roots)) {
    const children = childrenOf(node).map((child) => done.get(child) as Node);
    done.set(node, replace(withChildren(node, children)));
  }
  return roots.map((root) => done.get(root) as Node);
}
