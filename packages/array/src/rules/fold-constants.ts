/** Owns the rule that computes, once and here, what depends on constants alone. */
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";
import { evaluateScalar } from "@hyperslab/kernels/scalar";
import type { Rule } from "./rule.js";

export const foldConstants: Rule = {
  name: "fold-constants",
  apply(node) {
    if (node.kind !== "elementwise") return null;
    const program = fold(node.program);
    return program && { ...node, program };
  },
};

/** The program with constant operations replaced by their values, and unused operations left out; null if nothing was. */
function fold(program: ScalarProgram): ScalarProgram | null {
  let changed = false;
  const ops = program.ops.map((op) => op);
  ops.forEach((op, i) => {
    if (op.op === "input" || op.op === "constant") return;
    // the last operation stays: a node always computes something from its inputs
    if (i === ops.length - 1) return;
    const args = op.args.map((arg) => ops[arg]).filter((arg) => arg.op === "constant");
    if (args.length < op.args.length) return;
    const value = evaluateScalar(op.op, args, op.dtype);
    ops[i] = { op: "constant", value, dtype: op.dtype };
    changed = true;
  });
  return changed ? prune({ inputs: program.inputs, ops }) : null;
}

/** The program without the operations that its result doesn't use. */
export function prune(program: ScalarProgram): ScalarProgram {
  const used = new Uint8Array(program.ops.length);
  used[used.length - 1] = 1;
  for (let i = used.length - 1; i >= 0; i--) {
    const op = program.ops[i];
    if (used[i] && op.op !== "input" && op.op !== "constant") for (const arg of op.args) used[arg] = 1;
  }
  const numbers = new Int32Array(used.length);
  const ops: ScalarOp[] = [];
  program.ops.forEach((op, i) => {
    if (!used[i]) return;
    numbers[i] = ops.length;
    ops.push(renumber(op, (arg) => numbers[arg]));
  });
  return { inputs: program.inputs, ops };
}

/** An operation with its arguments numbered anew. */
export function renumber(op: ScalarOp, number: (arg: number) => number): ScalarOp {
  if (op.op === "input" || op.op === "constant") return op;
  return { ...op, args: op.args.map(number) } as ScalarOp;
}
