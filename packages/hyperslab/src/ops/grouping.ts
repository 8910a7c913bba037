/** Owns the making of groups: which group each position of a dimension belongs to, and the groups' labels. */
import { literal } from "@hyperslab/array/build";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { NAT, isTime } from "@hyperslab/core/dtype";
import { AlignmentError, ArgumentError } from "@hyperslab/core/errors";
import { type HasLabels, type Labelled, arrayVariable, dimensionCoord, sizesOf } from "../labelled.js";
import { indexOf } from "../indexes.js";
import type { Key } from "../label.js";
import { Variable } from "../variable.js";
import { blockOf, virtualArray } from "./time-fields.js";

/** Positions of `dim` in groups; `codes[i]` is the group of position i, -1 for none. */
export interface Grouping {
  /** Name of the groups, and of the dimension that results have. */
  readonly name: string;
  readonly dim: string;
  readonly codes: Int32Array;
  /** One label a group, sorted; its dimension is `name`. */
  readonly labels: Variable;
}

/**
 * Groups by a coordinate, a field of one (`"time.month"`) or a 1-D array along a dimension of the
 * object. Elements whose key is missing belong to no group.
 *
 * @throws NameError, ArgumentError, AlignmentError
 */
export function groupingOf(labelled: Labelled, by: string | HasLabels): Grouping {
  const keys = typeof by === "string" ? virtualArray(labelled, by, "groupBy") : by.labelled;
  const variable = arrayVariable(keys);
  if (variable.dims.length !== 1)
    throw new ArgumentError({
      asked: "groupBy",
      found: `keys with dimensions (${variable.dims.join(", ")})`,
      hint: "give keys along one dimension",
    });
  const [dim] = variable.dims;
  const length = sizesOf(labelled).get(dim);
  if (length !== variable.shape[0])
    throw new AlignmentError({
      dim,
      operation: "groupBy",
      found: `${variable.shape[0]} keys for ${length ?? "no"} positions`,
      hint: "give one key for each position",
    });
  checkLabels(labelled, keys, dim);
  const block = blockOf(keys, "groupBy");
  const { codes, labels } = factorise(block);
  const name = keys.name ?? "group";
  return { name, dim, codes, labels: new Variable([name], literal(labels), variable.attrs) };
}

function checkLabels(labelled: Labelled, keys: Labelled, dim: string): void {
  const own = dimensionCoord(labelled, dim);
  const other = dimensionCoord(keys, dim);
  if (own && other && own !== other && !indexOf(dim, own).equals(indexOf(dim, other)))
    throw new AlignmentError({
      dim,
      operation: "groupBy",
      found: "the keys have other labels",
      hint: "align() first",
    });
}

/** Sorted unique keys, and for each element the number of its key; missing elements have -1. */
export function factorise(block: Block): { codes: Int32Array; labels: Block } {
  const data = block.data as ArrayLike<Key>;
  const isMissing = (key: Key): boolean => key !== key || (isTime(block.dtype) && key === NAT);
  const unique = new Set<Key>();
  for (let i = 0; i < data.length; i++) if (!isMissing(data[i])) unique.add(data[i]);
  const sorted = [...unique].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const numbers = new Map(sorted.map((key, i) => [key, i]));
  const codes = Int32Array.from({ length: data.length }, (_, i) => numbers.get(data[i]) ?? -1);
  const labels = allocateBlock(block.dtype, [sorted.length]);
  const out = labels.data as unknown[];
  for (let i = 0; i < sorted.length; i++) out[i] = sorted[i];
  return { codes, labels };
}
