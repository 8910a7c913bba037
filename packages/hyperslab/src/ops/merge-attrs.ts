/** Owns how attributes of several objects become those of one. */
import type { Attribute, Attributes } from "@hyperslab/storage/source";

/**
 * `override`: those of the first; `drop`: none; `drop_conflicts`: of all, without those that differ;
 * `no_conflicts` and `identical` are for callers that refuse on their own.
 */
export type CombineAttrs = "override" | "drop" | "drop_conflicts";

export function mergeAttrs(all: readonly Attributes[], how: CombineAttrs): Attributes {
  if (how === "drop" || all.length === 0) return {};
  if (how === "override" || all.length === 1) return all[0];
  const merged = new Map<string, Attribute>();
  const dropped = new Set<string>();
  for (const attrs of all)
    for (const [key, value] of Object.entries(attrs)) {
      if (dropped.has(key)) continue;
      const known = merged.get(key);
      if (known === undefined) merged.set(key, value);
      else if (!sameAttribute(known, value)) {
        merged.delete(key);
        dropped.add(key);
      }
    }
  return Object.fromEntries(merged);
}

/** Equality of attributes by value; NaN equals NaN. */
export function sameAttribute(a: Attribute, b: Attribute): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return (
    Array.isArray(a) === Array.isArray(b) &&
    left.length === right.size &&
    left.every(([key, value]) => right.has(key) && sameAttribute(value, right.get(key) as Attribute))
  );
}

export function sameAttrs(a: Attributes, b: Attributes): boolean {
  return sameAttribute(a, b);
}
