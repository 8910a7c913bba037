/** Owns the equality of variables in memory, by value: NaN equals NaN, NaT equals NaT. */
import { type Node, childrenOf } from "@hyperslab/array/node";
import type { Block } from "@hyperslab/core/block";
import { type TypedArray, isFloat } from "@hyperslab/core/dtype";
import { signatureKey } from "@hyperslab/core/scalar-program";
import { unreachable } from "@hyperslab/core/unreachable";
import { sameShape } from "@hyperslab/core/shape";
import { inMemoryBlock } from "./evaluate.js";
import type { Variable } from "./variable.js";

/**
 * True where two variables have the same dimensions and elements. Lazy variables that are not the
 * same expression count as different: nothing is computed to find out.
 */
export function sameVariable(a: Variable, b: Variable): boolean {
  if (a === b) return true;
  if (a.dims.length !== b.dims.length || a.dims.some((dim, i) => dim !== b.dims[i])) return false;
  return sameNode(a.node, b.node);
}

/** True for one expression written twice, and for equal data in memory. */
function sameNode(a: Node, b: Node): boolean {
  if (a === b) return true;
  if (!sameShape(a.shape, b.shape)) return false;
  const left = inMemoryBlock(a);
  const right = inMemoryBlock(b);
  if (left || right) return left !== null && right !== null && sameBlock(left, right);
  if (a.kind !== b.kind || a.dtype !== b.dtype) return false;
  if (wordOf(a) !== wordOf(b) || !sameSource(a, b)) return false;
  const others = childrenOf(b);
  const children = childrenOf(a);
  return children.length === others.length && children.every((child, i) => sameNode(child, others[i]));
}

/** The texts of references, which for thousands of joined files are long. */
function sameSource(a: Node, b: Node): boolean {
  if (a.kind !== "source" || b.kind !== "source" || a.ref === b.ref) return true;
  return JSON.stringify(a.ref) === JSON.stringify(b.ref);
}

/** What a node is apart from its children and its source. */
function wordOf(node: Node): string {
  const { kind, dtype } = node;
  switch (kind) {
    case "source":
      return JSON.stringify(node.selection);
    case "elementwise":
      return signatureKey(node.program);
    case "reduce":
      return JSON.stringify([node.reduction, node.axes]);
    case "groupReduce":
      return JSON.stringify([node.reduction, node.axis, node.groups, [...node.codes]]);
    case "select":
      return JSON.stringify(node.selection);
    case "view":
      return JSON.stringify(node.axes);
    case "concat":
      return String(node.axis);
    case "write":
      return JSON.stringify(node.target);
    case "literal":
    case "broadcast":
    case "rechunk":
      return dtype;
    default:
      return unreachable(kind);
  }
}

/** Equality of elements; dtypes may differ, as `1` and `1.0` may. */
export function sameBlock(a: Block, b: Block): boolean {
  if (a === b || (a.data === b.data && a.dtype === b.dtype)) return true;
  if (a.data.length !== b.data.length) return false;
  if ((a.dtype === "string") !== (b.dtype === "string")) return false;
  const sameDtype = a.dtype === b.dtype;
  if (sameDtype && !isFloat(a.dtype) && !Array.isArray(a.data) && !Array.isArray(b.data))
    return Buffer.compare(bytesOf(a.data), bytesOf(b.data)) === 0;
  for (let i = 0; i < a.data.length; i++) {
    const x = a.data[i];
    const y = b.data[i];
    if (x === y) continue;
    if (x !== x && y !== y) continue;
    if (sameDtype || typeof x === "string" || typeof y === "string" || Number(x) !== Number(y)) return false;
  }
  return true;
}

function bytesOf(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
