/**
 * Owns the evaluation, at once and in this thread, of expressions over data in memory. Labels of
 * dimensions, keys of groups and comparisons of coordinates need it; everything large goes through a plan.
 */
import { literal } from "@hyperslab/array/build";
import { lower } from "@hyperslab/array/lower";
import { type Node, childrenOf, withChildren } from "@hyperslab/array/node";
import type { Block } from "@hyperslab/core/block";
import { sizeOf } from "@hyperslab/core/shape";
import { evaluateLocal } from "@hyperslab/executor/run-task";
import { Variable } from "./variable.js";

/** Expressions with a node of more elements than this are left to a plan. */
const MOST_ELEMENTS = 1 << 22;

const KNOWN = new WeakMap<Node, Block>();

/** The elements of a node where it touches no storage and is small; null otherwise. */
export function inMemoryBlock(node: Node): Block | null {
  if (node.kind === "literal") return node.block;
  const known = KNOWN.get(node);
  if (known) return known;
  if (node.kind === "source" || node.kind === "write" || sizeOf(node.shape) > MOST_ELEMENTS) return null;
  const children: Node[] = [];
  for (const child of childrenOf(node)) {
    const block = inMemoryBlock(child);
    if (!block) return null;
    children.push(child.kind === "literal" ? child : literal(block));
  }
  const block = evaluated(node, children);
  KNOWN.set(node, block);
  return block;
}

/** Children are literals, of one block each: the plan is one stage without inputs. */
function evaluated(node: Node, children: readonly Node[]): Block {
  const [child] = children;
  if (node.kind === "rechunk" && child.kind === "literal") return child.block;
  const { stages, outputs } = lower([withChildren(node, children)]);
  return evaluateLocal(stages[outputs[0]].program);
}

/** The variable with its elements in memory, where they can be had at once; else as it is. */
export function settled(variable: Variable): Variable {
  if (variable.node.kind === "literal") return variable;
  const block = inMemoryBlock(variable.node);
  return block ? new Variable(variable.dims, literal(block), variable.attrs, variable.encoding) : variable;
}
