/**
 * Owns the joining of very many expressions that are alike: what the rules would make of their concat in many passes
 * over all of them is made at once, so that whatever is built on it is small from the beginning.
 */
import { sameAxis } from "@hyperslab/core/chunk-grid";
import { concat, reduce, view } from "./build.js";
import { type ConcatNode, type Node, type ReduceNode, type ViewNode, withChildren } from "./node.js";
import { optimise } from "./optimise.js";
import { joinSources } from "./rules/join-sources.js";
import { liftElementwise } from "./rules/lift-elementwise.js";
import { mergeViews } from "./rules/merge-views.js";
import { pushSelection } from "./rules/push-selection.js";
import { postOrder } from "./walk.js";

/**
 * The concat of nodes along an axis: one expression over one source, where they are the same expression over files.
 * @throws ShapeError
 */
export function joinParts(nodes: readonly Node[], axis: number): Node {
  // what is selected of each file stands before what it is computed from
  const selects = postOrder(nodes).some(({ kind }) => kind === "select");
  const parts = selects ? optimise(nodes, undefined, [pushSelection, mergeViews]) : nodes;
  /** What was joined already, by its first part: parts may use an argument twice. */
  const known = new Map<
    Node,
    { readonly along: number; readonly parts: readonly Node[]; readonly made: Node }[]
  >();
  const join = (node: Node): Node => {
    if (node.kind !== "concat") return node;
    const list = known.get(node.args[0]) ?? [];
    known.set(node.args[0], list);
    const before = list.find((one) => one.along === node.axis && sameParts(one.parts, node.args));
    if (before) return before.made;
    const made = joinAnew(node);
    list.push({ along: node.axis, parts: node.args, made });
    return made;
  };
  const joinAnew = (node: ConcatNode): Node => {
    const moved = liftView(node) ?? liftReduce(node);
    if (moved) return { ...withChildren(moved, [join(moved.arg)]), grid: node.grid };
    const lifted = liftElementwise.apply(node) ?? node;
    if (lifted.kind === "elementwise") return withChildren(lifted, lifted.args.map(join));
    // runs of parts that were lifted together have concats below them
    const runs =
      lifted.kind === "concat"
        ? lifted.args.map((one) => (one.kind === "elementwise" ? withChildren(one, one.args.map(join)) : one))
        : [];
    const whole = withChildren(lifted, runs);
    return joinSources.apply(whole) ?? whole;
  };
  return join(concat(parts, axis));
}

function sameParts(a: readonly Node[], b: readonly Node[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

/** Parts whose axes stand in another order, or were dropped, all in the same way: they can be joined before. */
function liftView({ args, axis }: ConcatNode): ViewNode | null {
  const [first] = args;
  if (first.kind !== "view") return null;
  const from = first.axes[axis];
  if (from === null || from === undefined) return null;
  const inner: Node[] = [];
  for (const arg of args) {
    if (arg.kind !== "view" || arg.axes.length !== first.axes.length) return null;
    if (arg.arg.shape.length !== first.arg.shape.length || arg.axes.some((one, i) => one !== first.axes[i]))
      return null;
    inner.push(arg.arg);
  }
  const made = view(concat(inner, from), first.axes);
  return made.kind === "view" ? made : null;
}

/** Parts of which each was reduced along other axes, in the same way and in the same blocks. */
function liftReduce({ args, axis }: ConcatNode): ReduceNode | null {
  const [first] = args;
  if (first.kind !== "reduce" || first.axes.includes(axis)) return null;
  const reduction = JSON.stringify(first.reduction);
  const inner: Node[] = [];
  for (const arg of args) {
    if (arg.kind !== "reduce" || arg.axes.join() !== first.axes.join()) return null;
    if (JSON.stringify(arg.reduction) !== reduction) return null;
    if (arg.arg.grid.some((one, i) => i !== axis && !sameAxis(one, first.arg.grid[i]))) return null;
    inner.push(arg.arg);
  }
  const made = reduce(concat(inner, axis), first.reduction, first.axes);
  return made.kind === "reduce" ? made : null;
}
