/**
 * Owns the rule that makes one scalar program of a chain of elementwise operations, so that each
 * element is read once, kept in registers and written once.
 */
import type { ScalarOp } from "@hyperslab/core/scalar-program";
import { sameShape } from "@hyperslab/core/shape";
import type { ElementwiseNode, Node } from "../node.js";
import { renumber } from "./fold-constants.js";
import type { Rule } from "./rule.js";

/** A kernel of more operations than this gains nothing and compiles slowly. */
const LONGEST = 256;

export const fuseElementwise: Rule = {
  name: "fuse-elementwise",
  apply(node) {
    if (node.kind !== "elementwise" || !node.args.some((arg) => fusible(node, arg))) return null;
    const args: Node[] = [];
    const ops: ScalarOp[] = [];
    const known = new Map<string, number>();
    // equal operations are computed once, also where they came in by different ways
    const push = (op: ScalarOp): number => {
      const key = keyOf(op);
      const at = known.get(key);
      if (at !== undefined) return at;
      known.set(key, ops.length);
      return ops.push(op) - 1;
    };
    const input = (arg: Node): number => {
      const at = args.indexOf(arg);
      return push({ op: "input", input: at === -1 ? args.push(arg) - 1 : at, dtype: arg.dtype });
    };
    const inline = (one: ElementwiseNode, argOf: (arg: Node) => number): number => {
      const numbers: number[] = [];
      for (const op of one.program.ops)
        numbers.push(
          op.op === "input" ? argOf(one.args[op.input]) : push(renumber(op, (arg) => numbers[arg])),
        );
      return numbers[numbers.length - 1];
    };
    const result = inline(node, (arg) =>
      fusible(node, arg) ? inline(arg as ElementwiseNode, input) : input(arg),
    );
    // the result has to be the last operation, also where it equals an earlier one
    if (result !== ops.length - 1) ops.push({ op: "cast", args: [result], dtype: ops[result].dtype });
    return { ...node, args, program: { inputs: args.map((arg) => arg.dtype), ops } };
  },
};

/** Only chains of one shape: a small array that broadcasts is cheaper computed before it is stretched. */
function fusible(node: ElementwiseNode, arg: Node): boolean {
  return (
    arg.kind === "elementwise" &&
    sameShape(arg.shape, node.shape) &&
    arg.program.ops.length + node.program.ops.length <= LONGEST
  );
}

function keyOf(op: ScalarOp): string {
  if (op.op === "input") return `i${op.input}`;
  if (op.op === "constant")
    return `c${typeof op.value}${Object.is(op.value, -0) ? "-0" : String(op.value)}:${op.dtype}`;
  return `${op.op}(${op.args.join()}):${op.dtype}`;
}
