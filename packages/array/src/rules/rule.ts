/** Owns the form of a rule: a name, and a rewriting of one node that changes neither its values nor its facts. */
import type { Node } from "../node.js";

export interface Rule {
  readonly name: string;
  /** What the node can be replaced with; null where the rule has nothing to say. Shape, dtype and grid stay. */
  apply(node: Node): Node | null;
}
