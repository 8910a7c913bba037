/** Owns how attributes of several objects become those of one. */
import { ArgumentError } from "@hyperslab/core/errors";
import type { Attribute, Attributes } from "@hyperslab/storage/source";

/**
 * `override`: those of the first; `drop`: none; `drop_conflicts`: of all, without those that differ;
 * `no_conflicts`: of all, and none may differ; `identical`: all must be the same.
 */
export type CombineAttrs = "override" | "drop" | "drop_conflicts" | "no_conflicts" | "identical";

const WAYS: readonly string[] = ["override", "drop", "drop_conflicts", "no_conflicts", "identical"];

/**
 * The attributes of several objects as one's.
 * @param what - whose attributes they are, for errors
 * @throws ArgumentError where they conflict and may not
 */
export function mergeAttrs(all: readonly Attributes[], how: CombineAttrs, what = "attributes"): Attributes {
  if (!WAYS.includes(how))
    throw new ArgumentError({
      asked: `combineAttrs "${String(how)}"`,
      found: "no such way",
      hint: `use ${WAYS.join(", ")}`,
    });
  const [first] = all;
  if (how === "drop" || first === undefined) return {};
  if (how === "override" || all.every((attrs) => attrs === first)) return first;
  const merged = new Map<string, Attribute>();
  const dropped = new Set<string>();
  all.forEach((attrs, i) => {
    if (how === "identical" && !sameAttrs(first, attrs))
      throw conflict(what, i, differing(first, attrs), how);
    for (const [key, value] of Object.entries(attrs)) {
      if (dropped.has(key)) continue;
      const known = merged.get(key);
      if (known === undefined) merged.set(key, value);
      else if (!sameAttribute(known, value)) {
        if (how === "no_conflicts") throw conflict(what, i, key, how);
        merged.delete(key);
        dropped.add(key);
      }
    }
  });
  return Object.fromEntries(merged);
}

function differing(a: Attributes, b: Attributes): string {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.find((key) => !(key in a) || !(key in b) || !sameAttribute(a[key], b[key])) ?? "";
}

function conflict(what: string, number: number, key: string, how: CombineAttrs): ArgumentError {
  return new ArgumentError({
    asked: `combineAttrs "${how}" of ${what}`,
    found: `"${key}" of object ${number} differs`,
    hint: 'combineAttrs "drop_conflicts" leaves such attributes out, "override" takes those of the first',
  });
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
