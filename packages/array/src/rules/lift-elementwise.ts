/**
 * Owns the rule that computes behind a concat what its arguments compute alike: files that are each decoded
 * by their own scale and offset become one array with a scale and an offset for every position.
 */
import { type Dtype, allocate, isBig } from "@hyperslab/core/dtype";
import { toFloat16 } from "@hyperslab/core/float16";
import type { Scalar } from "@hyperslab/core/promotion";
import type { ScalarOp } from "@hyperslab/core/scalar-program";
import { broadcast, concat, literal, view } from "../build.js";
import type { ConcatNode, ElementwiseNode, Node } from "../node.js";
import type { Rule } from "./rule.js";

export const liftElementwise: Rule = {
  name: "lift-elementwise",
  apply(node) {
    if (node.kind !== "concat") return null;
    const runs: (Node | ElementwiseNode[])[] = [];
    let key = "";
    for (const arg of node.args) {
      const same = throughView(arg);
      const next = same ? keyOf(same, node.axis) : "";
      const last = runs.at(-1);
      if (same && next === key && Array.isArray(last)) last.push(same);
      else runs.push(same ? [same] : arg);
      key = next;
    }
    if (runs.length === node.args.length) return null;
    const lifted = runs.map((run) => {
      if (!Array.isArray(run)) return run;
      return run.length === 1 ? run[0] : lift(run, node);
    });
    const made = lifted.length === 1 ? lifted[0] : concat(lifted, node.axis);
    return { ...made, grid: node.grid };
  },
};

/** An elementwise argument, also where a view stands before it: the view then moves to what it computes from. */
function throughView(node: Node): ElementwiseNode | null {
  if (node.kind === "elementwise") return node;
  if (node.kind !== "view" || node.arg.kind !== "elementwise") return null;
  const { axes, arg } = node;
  const { shape, grid } = node;
  return { ...arg, args: arg.args.map((one) => view(one, axes)), shape, grid };
}

/** The same for arguments that differ in their constants and in their length along the axis alone. */
function keyOf({ program, args, shape }: ElementwiseNode, axis: number): string {
  const ops = program.ops.map((op) =>
    op.op === "constant" ? op.dtype : `${op.op}(${op.op === "input" ? op.input : op.args.join()})${op.dtype}`,
  );
  const shapes = [shape, ...args.map((arg) => arg.shape)];
  return `${ops.join(";")}|${shapes.map((one) => one.toSpliced(axis, 1).join()).join("|")}`;
}

function lift(run: readonly ElementwiseNode[], { axis, where }: ConcatNode): ElementwiseNode {
  const [first] = run;
  const lengths = run.map(({ shape }) => shape[axis]);
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const args = first.args.map((arg, k) => {
    const all = run.map((one) => one.args[k]);
    // what has one position for everybody stays so
    if (arg.shape[axis] === 1 && all.every((one) => one === arg)) return arg;
    return concat(
      all.map((one, i) =>
        one.shape[axis] === lengths[i] ? one : broadcast(one, one.shape.with(axis, lengths[i])),
      ),
      axis,
    );
  });
  const inputs = [...first.program.inputs];
  const ops = first.program.ops.map((op, at): ScalarOp => {
    if (op.op !== "constant") return op;
    const values = run.map(({ program }) => constantAt(program.ops[at]));
    if (values.every((value) => Object.is(value, op.value))) return op;
    args.push(literal(positionsOf(values, lengths, op.dtype, axis, first.shape.length)));
    return { op: "input", input: inputs.push(op.dtype) - 1, dtype: op.dtype };
  });
  const shape = first.shape.with(axis, length);
  const { grid } = concat(run, axis);
  return { kind: "elementwise", program: { inputs, ops }, args, shape, dtype: first.dtype, grid, where };
}

function constantAt(op: ScalarOp): Scalar {
  return op.op === "constant" ? op.value : NaN;
}

/** A value for each position of the axis. */
function positionsOf(
  values: readonly Scalar[],
  lengths: readonly number[],
  dtype: Dtype,
  axis: number,
  rank: number,
): Parameters<typeof literal>[0] {
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const data = allocate(dtype, length);
  let at = 0;
  values.forEach((value, i) => {
    const stored = storedAs(value, dtype);
    for (const end = at + lengths[i]; at < end; at++) data[at] = stored as never;
  });
  return { dtype, shape: new Array<number>(rank).fill(1).with(axis, length), data };
}

/** A constant as an element of an array. */
function storedAs(value: Scalar, dtype: Dtype): string | number | bigint {
  if (dtype === "string") return String(value);
  if (isBig(dtype)) return BigInt(value as number | bigint);
  return dtype === "float16" ? toFloat16(Number(value)) : Number(value);
}
