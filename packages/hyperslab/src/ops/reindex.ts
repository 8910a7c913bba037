/** Owns the picking of positions of which some are missing: they become NaN or NaT. */
import { type TypedScalar, literal, where } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { positions, slice } from "@hyperslab/core/box";
import { type Dtype, NAT, isFloat, isInteger, isTime, itemSize } from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import { inMemoryBlock } from "../evaluate.js";
import { selectNode } from "../in-memory.js";
import { type Variable, withNode } from "../variable.js";

/** The dtype in which a missing element can be said; the same where it can already. @throws DtypeError */
export function dtypeWithMissing(dtype: Dtype, operation: string): Dtype {
  if (isFloat(dtype) || isTime(dtype)) return dtype;
  if (isInteger(dtype)) return itemSize(dtype) <= 2 ? "float32" : "float64";
  // where xarray makes objects of True, False and NaN, we make numbers
  if (dtype === "bool") return "float64";
  throw new DtypeError({
    dtype,
    operation,
    found: `${dtype} has no missing value`,
    hint: 'astype("float32") first, or give a value to fill with',
  });
}

/** The missing value of a dtype that has one. */
export function missingOf(dtype: Dtype): TypedScalar {
  return isTime(dtype) ? { value: NAT, dtype } : { value: NaN, dtype };
}

/** `where(condition, node, missing)`, promoted so that missing can be said. @throws DtypeError */
export function maskedNode(condition: Node, node: Node, operation: string): Node {
  return where(condition, node, missingOf(dtypeWithMissing(node.dtype, operation)));
}

/** Positions of `axis`, where -1 gives a missing element (an empty one of text). @throws DtypeError where there is no missing value */
export function reindexVariable(variable: Variable, axis: number, found: Int32Array): Variable {
  const holes = found.includes(-1);
  const list = holes ? found.map((position) => Math.max(0, position)) : found;
  const selection = variable.shape.map((length, i) => (i === axis ? positions(list) : slice(0, length)));
  const picked = selectNode(variable.node, selection);
  if (!holes) return withNode(variable, picked);
  if (variable.dtype === "string") return withNode(variable, withEmptyText(picked, axis, found));
  const shape = variable.shape.map((_, i) => (i === axis ? found.length : 1));
  const data = Uint8Array.from(found, (position) => (position === -1 ? 0 : 1));
  return withNode(variable, maskedNode(literal({ dtype: "bool", shape, data }), picked, "reindex"));
}

/** Text has no missing value: the empty text stands for it, where the data are in memory. */
function withEmptyText(picked: Node, axis: number, found: Int32Array): Node {
  const block = inMemoryBlock(picked);
  if (!block) return maskedNode(picked, picked, "reindex");
  const stride = sizeOf(block.shape.slice(axis + 1));
  const data = (block.data as string[]).map((text, i) =>
    found[Math.floor(i / stride) % found.length] === -1 ? "" : text,
  );
  return literal({ ...block, data });
}
