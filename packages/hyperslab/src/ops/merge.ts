/** Owns the merging of the variables of several objects into one dataset. */
import { AlignmentError } from "@hyperslab/core/errors";
import { checkOptions } from "../check-options.js";
import { type Labelled, arrayVariable, dataOf, datasetRecord, isDimensionCoord } from "../labelled.js";
import type { Variable } from "../variable.js";
import { type Join, align } from "./align.js";
import { type Compat, agreed, checkCompat } from "./compat.js";
import { named } from "./concat.js";
import { type CombineAttrs, mergeAttrs } from "./merge-attrs.js";
import { mergeCoords } from "./merge-coords.js";

/** Options of {@link merge}; the names are xarray's. */
export interface MergeOptions {
  /** How labels are matched; `outer` unless said otherwise. */
  readonly join?: Join;
  /** How variables of one name have to agree; `no_conflicts` unless said otherwise. */
  readonly compat?: Compat;
  /** `override` unless said otherwise. */
  readonly combineAttrs?: CombineAttrs;
}

/**
 * All variables of several objects in one dataset. Arrays come under their names.
 * @throws AlignmentError where variables of one name differ; ArgumentError for an array without a name
 */
export function merge(objects: readonly Labelled[], options: MergeOptions = {}): Labelled {
  checkOptions("merge", options, ["join", "compat", "combineAttrs"]);
  const { compat = "no_conflicts", combineAttrs = "override" } = options;
  checkCompat(compat);
  const aligned = align(objects, options.join ?? "outer", "merge");
  const coords = mergeCoords(aligned, "merge");
  const data = new Map<string, Variable>();
  for (const object of aligned)
    for (const [key, variable] of dataOf(object)) {
      const name = named(object, key, "merge");
      if (coords.has(name) && isDimensionCoord(name, variable)) continue;
      const known = data.get(name);
      const both = known ? agreed(known, variable, compat) : variable;
      if (both === null)
        throw new AlignmentError({
          dim: name,
          operation: "merge",
          found: `two variables "${name}" that differ, or are lazy`,
          hint: 'rename() one, or compat: "override" to take the first',
        });
      data.set(name, both);
    }
  for (const name of data.keys()) coords.delete(name);
  const attrs = mergeAttrs(
    aligned.map((object) => (object.kind === "array" ? arrayVariable(object).attrs : object.attrs)),
    combineAttrs,
    "the dataset",
  );
  return datasetRecord(new Map([...coords, ...data]), coords.keys(), attrs);
}
