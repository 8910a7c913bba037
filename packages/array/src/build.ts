/**
 * Owns the constructors of nodes: they check arguments and infer shape, dtype and chunk grid.
 * Arguments of one operation have one rank: whoever has names for axes lines them up first.
 */
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, isWhole, selectionLength, slice } from "@hyperslab/core/box";
import {
  type ChunkAxis,
  type ChunkGrid,
  chunkLengths,
  axisFromChunks,
  blockCounts,
  gridShape,
  regularAxis,
  sameGrid,
  selectAxis,
  wholeGrid,
} from "@hyperslab/core/chunk-grid";
import { type Dtype, isBig } from "@hyperslab/core/dtype";
import { ArgumentError, DtypeError, ShapeError } from "@hyperslab/core/errors";
import { type OperatorName, signatureOf } from "@hyperslab/core/operator";
import { commonDtype, type Scalar, weakScalar } from "@hyperslab/core/promotion";
import { type Reduction, resultOf } from "@hyperslab/core/reduction";
import type { ScalarOp } from "@hyperslab/core/scalar-program";
import { broadcastShapes, normaliseAxis, sameShape, type Shape, sizeOf } from "@hyperslab/core/shape";
import type { SourceRef, TargetRef } from "@hyperslab/core/source-ref";
import { callSite } from "./call-site.js";
import type { Node } from "./node.js";

/** A scalar that says its dtype, where the weak rule for JavaScript's scalars is not wanted. */
export interface TypedScalar {
  readonly value: Scalar;
  readonly dtype: Dtype;
}

/** What elementwise operations take. */
export type Operand = Node | TypedScalar | Scalar;

function isNode(operand: Operand): operand is Node {
  return typeof operand === "object" && "kind" in operand;
}

/** A stored array as a whole, in its stored chunks. */
export function source(ref: SourceRef, name: string, dtype: Dtype, grid: ChunkGrid): Node {
  const shape = gridShape(grid);
  const selection = shape.map((length) => slice(0, length));
  return { kind: "source", ref, name, dtype, shape, grid, storedGrid: grid, selection, where: callSite() };
}

/** Data in memory. The block is kept, not copied: don't write to it afterwards. */
export function literal(block: Block): Node {
  if (block.data.length !== sizeOf(block.shape))
    throw new ShapeError({
      asked: `an array of shape (${block.shape.join(", ")})`,
      found: `${block.data.length} elements`,
    });
  return { kind: "literal", block, dtype: block.dtype, shape: block.shape, grid: wholeGrid(block.shape) };
}

/**
 * An elementwise operation under NumPy's promotion; scalars are weak (NEP 50).
 *
 * ```ts
 * elementwise("add", [node, 273.15]); // float32 stays float32
 * ```
 * @throws DtypeError, ShapeError
 */
export function elementwise(name: OperatorName, operands: readonly Operand[]): Node {
  const dtypes = scalarDtypes(operands, name);
  const { compute, result } = signatureOf(name, dtypes);
  return combine(operands, compute, (args): ScalarOp => ({ op: name, args, dtype: result }));
}

/** `condition ? a : b`, element by element; `a` and `b` are promoted to their common dtype. */
export function where(condition: Operand, a: Operand, b: Operand): Node {
  const [, ...values] = scalarDtypes([true, a, b], "where");
  const dtype = commonDtype(values);
  return combine([condition, a, b], ["bool", dtype, dtype], (args): ScalarOp => ({
    op: "where",
    args: [args[0], args[1], args[2]],
    dtype,
  }));
}

/** NumPy's `astype`, also between units of time. @throws DtypeError where there is no cast */
export function cast(node: Node, dtype: Dtype): Node {
  if (node.dtype === dtype) return node;
  if (node.dtype === "string" || dtype === "string")
    throw new DtypeError({
      dtype: node.dtype,
      operation: "astype",
      found: `no cast to ${dtype}`,
      hint: "map strings to numbers first",
    });
  return combine([node], [node.dtype], (args): ScalarOp => ({ op: "cast", args: [args[0]], dtype }));
}

/** The dtypes that operands bring into promotion, weak scalars judged beside the arrays. */
function scalarDtypes(operands: readonly Operand[], name: string): Dtype[] {
  const strong = operands.flatMap((operand) => (typeof operand === "object" ? [operand.dtype] : []));
  const known = strong.filter((dtype) => dtype !== "bool" || strong.every((other) => other === "bool"));
  const beside = known.length ? commonOrFirst(known) : null;
  const compared = /^(not)?(equal|less|greater)/i.test(name);
  return operands.map((operand) => {
    if (typeof operand === "object") return operand.dtype;
    try {
      return weakScalar(operand, beside);
    } catch (error) {
      // a comparison with an integer out of range is answered, not refused (NumPy 2)
      if (compared) return typeof operand === "bigint" ? "int64" : "float64";
      throw error;
    }
  });
}

function commonOrFirst(dtypes: readonly Dtype[]): Dtype {
  try {
    return commonDtype(dtypes);
  } catch {
    return dtypes[0];
  }
}

/** An elementwise node of one operation, with the casts and constants that it needs. */
function combine(
  operands: readonly Operand[],
  compute: readonly Dtype[],
  operation: (args: number[]) => ScalarOp,
): Node {
  const args: Node[] = [];
  const ops: ScalarOp[] = [];
  const numbers = operands.map((operand, i) => {
    if (!isNode(operand)) {
      const value = typeof operand === "object" ? operand.value : operand;
      const from = typeof operand === "object" ? operand.dtype : compute[i];
      if (from === compute[i])
        return ops.push({ op: "constant", value: asValue(value, from), dtype: from }) - 1;
      const constant = ops.push({ op: "constant", value: asValue(value, from), dtype: from }) - 1;
      return ops.push({ op: "cast", args: [constant], dtype: compute[i] }) - 1;
    }
    let input = args.indexOf(operand);
    if (input === -1) input = args.push(operand) - 1;
    const read = ops.push({ op: "input", input, dtype: operand.dtype }) - 1;
    if (operand.dtype === compute[i]) return read;
    return ops.push({ op: "cast", args: [read], dtype: compute[i] }) - 1;
  });
  if (args.length === 0)
    throw new ArgumentError({
      asked: "an elementwise operation",
      found: "scalars only",
      hint: "give at least one array",
    });
  ops.push(operation(numbers));
  const shape = broadcastShapes(args.map((arg) => arg.shape));
  const program = { inputs: args.map((arg) => arg.dtype), ops };
  const { dtype } = ops[ops.length - 1];
  return {
    kind: "elementwise",
    program,
    args,
    shape,
    dtype,
    grid: commonGrid(args, shape),
    where: callSite(),
  };
}

/** A constant in the form its dtype has in JavaScript. */
function asValue(value: Scalar, dtype: Dtype): Scalar {
  if (isBig(dtype) && typeof value === "number") return BigInt(value);
  if (!isBig(dtype) && typeof value === "bigint") return Number(value);
  return value;
}

/** On every axis the cuts of the largest argument that has the axis in full. */
function commonGrid(args: readonly Node[], shape: Shape): ChunkGrid {
  const bySize = [...args].sort((a, b) => sizeOf(b.shape) - sizeOf(a.shape));
  return shape.map((length, axis): ChunkAxis => {
    const arg = bySize.find((one) => one.shape[axis] === length);
    return arg ? arg.grid[axis] : regularAxis(length, length);
  });
}

/** Reduces `axes`, which keep length 1. @throws DtypeError, ShapeError */
export function reduce(arg: Node, reduction: Reduction, axes: readonly number[]): Node {
  const reduced = [...new Set(axes.map((axis) => normaliseAxis(axis, arg.shape.length)))].sort(
    (a, b) => a - b,
  );
  const empty = reduced.some((axis) => arg.shape[axis] === 0);
  if (empty && ["min", "max", "argmin", "argmax", "first", "last"].includes(reduction.name))
    throw new ShapeError({
      asked: `${reduction.name} of no elements`,
      found: `shape (${arg.shape.join(", ")})`,
    });
  const shape = arg.shape.map((length, axis) => (reduced.includes(axis) ? 1 : length));
  const grid = arg.grid.map((axis, i) => (reduced.includes(i) ? regularAxis(1, 1) : axis));
  return {
    kind: "reduce",
    arg,
    reduction,
    axes: reduced,
    shape,
    dtype: resultOf(reduction),
    grid,
    where: callSite(),
  };
}

/** Reduces runs of equal code along one axis, which becomes `groups` long. */
export function groupReduce(
  arg: Node,
  reduction: Reduction,
  axis: number,
  codes: Int32Array,
  groups: number,
): Node {
  if (codes.length !== arg.shape[axis])
    throw new ShapeError({
      asked: `groups along axis ${axis} of length ${arg.shape[axis]}`,
      found: `${codes.length} codes`,
    });
  if (codes.some((code) => code >= groups))
    throw new ArgumentError({
      asked: `codes below ${groups}`,
      found: `code ${codes.find((code) => code >= groups)}`,
    });
  const shape = arg.shape.map((length, i) => (i === axis ? groups : length));
  const grid = arg.grid.map((old, i) => (i === axis ? regularAxis(groups, groups) : old));
  const dtype = resultOf(reduction);
  return { kind: "groupReduce", arg, reduction, axis, codes, groups, shape, dtype, grid, where: callSite() };
}

/** Picks positions on every axis. @throws ShapeError for positions outside the array */
export function select(arg: Node, selection: readonly AxisSelection[]): Node {
  if (selection.length !== arg.shape.length)
    throw new ShapeError({
      asked: `a selection on ${selection.length} axes`,
      found: `rank ${arg.shape.length}`,
    });
  selection.forEach((one, axis) => checkSelection(one, arg.shape[axis], axis));
  if (selection.every((one, axis) => isWhole(one, arg.shape[axis]))) return arg;
  const shape = selection.map(selectionLength);
  const grid = selection.map((one, axis) => selectAxis(arg.grid[axis], one));
  return { kind: "select", arg, selection, shape, dtype: arg.dtype, grid, where: callSite() };
}

function checkSelection(selection: AxisSelection, length: number, axis: number): void {
  const outside = (position: number): boolean => position < 0 || position >= length;
  const bad =
    selection.kind === "slice"
      ? selection.length > 0 &&
        (outside(selection.start) || outside(selection.start + (selection.length - 1) * selection.step))
      : selection.positions.some(outside);
  if (bad)
    throw new ShapeError({
      asked: `a selection on axis ${axis}`,
      found: `positions outside 0..${length - 1}`,
    });
}

/** Permutes, drops (length 1) and inserts (null) axes. @throws ShapeError */
export function view(arg: Node, axes: readonly (number | null)[]): Node {
  const used = axes.filter((axis) => axis !== null);
  const dropped = arg.shape.findIndex((length, axis) => length !== 1 && !used.includes(axis));
  if (dropped !== -1 || new Set(used).size !== used.length)
    throw new ShapeError({
      asked: `axes (${axes.map((axis) => axis ?? "new").join(", ")})`,
      found: `shape (${arg.shape.join(", ")})`,
      hint: "only axes of length 1 can be dropped, and none used twice",
    });
  if (axes.length === arg.shape.length && axes.every((axis, i) => axis === i)) return arg;
  const shape = axes.map((axis) => (axis === null ? 1 : arg.shape[axis]));
  const grid = axes.map((axis) => (axis === null ? regularAxis(1, 1) : arg.grid[axis]));
  return { kind: "view", arg, axes, shape, dtype: arg.dtype, grid };
}

/** Stretches axes of length 1. @throws ShapeError */
export function broadcast(arg: Node, shape: Shape): Node {
  if (sameShape(broadcastShapes([arg.shape, shape]), shape) === false)
    throw new ShapeError({ asked: `shape (${shape.join(", ")})`, found: `shape (${arg.shape.join(", ")})` });
  if (sameShape(arg.shape, shape)) return arg;
  const grid = shape.map((length, axis) =>
    arg.shape[axis] === length ? arg.grid[axis] : regularAxis(length, length),
  );
  return { kind: "broadcast", arg, shape: [...shape], dtype: arg.dtype, grid };
}

/** Joins arrays along an axis; dtypes are promoted. @throws ShapeError */
export function concat(nodes: readonly Node[], axis: number): Node {
  if (nodes.length === 0)
    throw new ArgumentError({ asked: "concat", found: "no arrays", hint: "give at least one" });
  const dtype = commonDtype(nodes.map((node) => node.dtype));
  const args = nodes.map((node) => cast(node, dtype));
  const [first] = args;
  for (const arg of args)
    if (
      arg.shape.length !== first.shape.length ||
      arg.shape.some((length, i) => i !== axis && length !== first.shape[i])
    )
      throw new ShapeError({
        asked: `concat along axis ${axis}`,
        found: `shapes (${first.shape.join(", ")}) and (${arg.shape.join(", ")})`,
      });
  if (args.length === 1) return first;
  const chunks = args.flatMap((arg) => (arg.shape[axis] === 0 ? [] : chunkLengths(arg.grid[axis])));
  const shape = first.shape.map((length, i) =>
    i === axis ? args.reduce((sum, arg) => sum + arg.shape[axis], 0) : length,
  );
  const grid = commonGrid(args, shape).map((old, i) =>
    i !== axis ? old : chunks.length ? axisFromChunks(chunks) : regularAxis(0, 1),
  );
  return { kind: "concat", args, axis, shape, dtype, grid, where: callSite() };
}

/** The same array cut along `grid`. */
export function rechunk(arg: Node, grid: ChunkGrid): Node {
  if (!sameShape(gridShape(grid), arg.shape))
    throw new ShapeError({
      asked: `chunks for shape (${gridShape(grid).join(", ")})`,
      found: `shape (${arg.shape.join(", ")})`,
    });
  if (sameGrid(grid, arg.grid)) return arg;
  return { kind: "rechunk", arg, grid, shape: arg.shape, dtype: arg.dtype, where: callSite() };
}

/** Writes every block to `target`. The node has one bool for each block: true. */
export function write(arg: Node, target: TargetRef): Node {
  const shape = blockCounts(arg.grid);
  const grid = shape.map((length) => regularAxis(length, 1));
  return { kind: "write", arg, target, shape, dtype: "bool", grid, where: callSite() };
}
