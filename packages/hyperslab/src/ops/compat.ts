/** Owns the question whether variables of one name from several objects agree, and which one stays. */
import { type TypedScalar, elementwise, where } from "@hyperslab/array/build";
import { isFloat, isTime } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import { sameShape } from "@hyperslab/core/shape";
import { sameVariable } from "../equality.js";
import { inMemoryBlock, settled } from "../evaluate.js";
import { Variable } from "../variable.js";
import { broadcastVariable, unifiedSizes } from "./broadcast.js";
import { sameAttrs } from "./merge-attrs.js";

/**
 * `identical`: the same values and attributes; `equals`: the same values; `broadcast_equals`: after stretching;
 * `no_conflicts`: where both have a value, and the result has all of them; `loaded`: the same values where both are in
 * memory, and the first where one is lazy; `override`: the first is taken unseen.
 */
export type Compat = "identical" | "equals" | "broadcast_equals" | "no_conflicts" | "loaded" | "override";

const COMPATS: readonly string[] = "identical equals broadcast_equals no_conflicts loaded override".split(
  " ",
);

/** @throws ArgumentError for another word */
export function checkCompat(compat: Compat): void {
  if (COMPATS.includes(compat)) return;
  throw new ArgumentError({
    asked: `compat "${String(compat)}"`,
    found: "no such rule",
    hint: `use ${COMPATS.join(", ")}`,
  });
}

/** True where two variables agree. Lazy ones that are not the same expression do not: nothing is computed here. */
export function compatible(a: Variable, b: Variable, compat: Compat): boolean {
  return a === b || compat === "override" || agreed(a, b, compat) !== null;
}

/** What two variables of one name are together; null where they don't agree. */
export function agreed(a: Variable, b: Variable, compat: Compat): Variable | null {
  switch (compat) {
    case "override":
      return a;
    case "identical":
      return sameVariable(a, b) && sameAttrs(a.attrs, b.attrs) ? a : null;
    case "loaded":
      return sameShape(a.shape, b.shape) && (isLazy(a) || isLazy(b) || sameVariable(a, b)) ? a : null;
    case "equals":
      return sameVariable(a, b) ? a : null;
    case "broadcast_equals":
      return stretchedPair(a, b, (left, right) => (sameVariable(left, right) ? left : null));
    case "no_conflicts":
      return sameVariable(a, b) ? a : stretchedPair(a, b, completed);
  }
}

function isLazy(one: Variable): boolean {
  return inMemoryBlock(one.node) === null;
}

function stretchedPair(
  a: Variable,
  b: Variable,
  compare: (a: Variable, b: Variable) => Variable | null,
): Variable | null {
  let sizes;
  try {
    sizes = unifiedSizes([a, b]);
  } catch {
    return null;
  }
  return compare(broadcastVariable(a, sizes), broadcastVariable(b, sizes));
}

/** The first with its missing elements taken from the second; null where both have other values. */
function completed(a: Variable, b: Variable): Variable | null {
  const missing = (one: Variable): boolean => isFloat(one.dtype) || isTime(one.dtype);
  if (!missing(a) || !missing(b) || !inMemoryBlock(a.node) || !inMemoryBlock(b.node)) return null;
  const nothing = elementwise("isnan", [a.node]);
  const other = elementwise("isnan", [b.node]);
  const yes: TypedScalar = { value: true, dtype: "bool" };
  const fits = where(elementwise("logicalOr", [nothing, other]), yes, elementwise("equal", [a.node, b.node]));
  const block = inMemoryBlock(fits);
  if (!block || Array.isArray(block.data) || (block.data as Uint8Array).includes(0)) return null;
  return settled(new Variable(a.dims, where(nothing, b.node, a.node), a.attrs, a.encoding));
}
