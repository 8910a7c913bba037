/** Owns the short names that nodes have for people: in plans, progress and errors. */
import type { Node } from "./node.js";
import { postOrder } from "./walk.js";

/** `mean sst`, `groupMean sst`, `add sst, ice`: the last operation and what it reads. */
export function nameOf(node: Node): string {
  const sources = new Set<string>();
  for (const one of postOrder([node])) if (one.kind === "source") sources.add(one.name);
  const read = [...sources].slice(0, 3).join(", ") + (sources.size > 3 ? ", …" : "");
  return [operationOf(node), read].filter(Boolean).join(" ");
}

/** The operation that a node stands for, without what it works on. */
function operationOf(node: Node): string {
  switch (node.kind) {
    case "source":
      return "read";
    case "elementwise": {
      const names = node.program.ops.flatMap(({ op }) => (op === "input" || op === "constant" ? [] : [op]));
      return names.length > 3
        ? `${names.slice(0, 2).join("·")}·…·${names[names.length - 1]}`
        : names.join("·");
    }
    case "reduce":
      return node.reduction.name;
    case "groupReduce":
      return `group ${node.reduction.name}`;
    case "view":
    case "broadcast":
    case "rechunk":
      return node.arg.kind === "source" ? node.kind : operationOf(node.arg);
    case "literal":
    case "select":
    case "concat":
    case "write":
      return node.kind;
  }
}
