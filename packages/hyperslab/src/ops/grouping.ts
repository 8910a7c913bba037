/** Owns the making of groups: which group each position of a dimension belongs to, and the groups' labels. */
import { literal } from "@hyperslab/array/build";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { NAT, isInteger, isTime } from "@hyperslab/core/dtype";
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
  /** One label a group; sorted, but those of a falling index fall. The dimension is `name`. */
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
  const { codes, labels } = isIndex(keys, variable) ? eachItsOwn(block) : factorise(block);
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

/** Labels of a dimension, each once and in order, rising or falling: they are the groups as they stand. */
function isIndex(keys: Labelled, variable: Variable): boolean {
  const [dim] = variable.dims;
  const own = dimensionCoord(keys, dim);
  if (keys.name !== dim || !own) return false;
  const index = indexOf(dim, own);
  return index.unique && (index.increasing || index.decreasing) && !isTime(index.dtype);
}

function eachItsOwn(block: Block): { codes: Int32Array; labels: Block } {
  return { codes: Int32Array.from({ length: block.data.length }, (_, i) => i), labels: block };
}

/** Sorted unique keys, and for each element the number of its key; missing elements have -1. */
export function factorise(block: Block): { codes: Int32Array; labels: Block } {
  const small = smallIntegers(block);
  if (small) return factoriseSmall(block, small);
  const data = block.data as ArrayLike<Key>;
  const isMissing = (key: Key): boolean => key !== key || (isTime(block.dtype) && key === NAT);
  const unique = new Set<Key>();
  for (let i = 0; i < data.length; i++) if (!isMissing(data[i])) unique.add(data[i]);
  const sorted = [...unique].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const numbers = new Map(sorted.map((key, i) => [key, i]));
  const codes = Int32Array.from({ length: data.length }, (_, i) => numbers.get(data[i]) ?? -1);
  return { codes, labels: labelsOf(block, sorted) };
}

function labelsOf(block: Block, sorted: readonly Key[]): Block {
  const labels = allocateBlock(block.dtype, [sorted.length]);
  const out = labels.data as unknown[];
  for (let i = 0; i < sorted.length; i++) out[i] = sorted[i];
  return labels;
}

/** Keys that span less than this are counted in a table. */
const TABLE = 1 << 16;

interface SmallIntegers {
  readonly values: ArrayLike<number>;
  readonly low: number;
  readonly high: number;
}

/** Integers that lie close together, as numbers: years, months, classes. Null for other keys. */
function smallIntegers({ dtype, data }: Block): SmallIntegers | null {
  if (!isInteger(dtype) && dtype !== "bool") return null;
  const values = data instanceof BigInt64Array ? lowHalves(data) : (data as ArrayLike<number>);
  if (!values || values.length === 0 || typeof values[0] === "bigint") return null;
  let low = values[0];
  let high = low;
  for (let i = 1; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    else if (values[i] > high) high = values[i];
  }
  return high - low < TABLE ? { values, low, high } : null;
}

/** Int64s as numbers where all fit into 32 bits. */
function lowHalves(data: BigInt64Array): Int32Array | null {
  const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  const little = new Uint8Array(Int16Array.of(1).buffer)[0] === 1;
  const out = new Int32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const value = words[2 * i + (little ? 0 : 1)];
    if (words[2 * i + (little ? 1 : 0)] !== value >> 31) return null;
    out[i] = value;
  }
  return out;
}

function factoriseSmall(
  block: Block,
  { values, low, high }: SmallIntegers,
): { codes: Int32Array; labels: Block } {
  const table = new Int32Array(high - low + 1).fill(-1);
  for (let i = 0; i < values.length; i++) table[values[i] - low] = 0;
  const sorted: Key[] = [];
  for (let i = 0; i < table.length; i++)
    if (table[i] === 0) {
      table[i] = sorted.length;
      sorted.push(block.data instanceof BigInt64Array ? BigInt(low + i) : low + i);
    }
  const codes = new Int32Array(values.length);
  for (let i = 0; i < codes.length; i++) codes[i] = table[values[i] - low];
  return { codes, labels: labelsOf(block, sorted) };
}
