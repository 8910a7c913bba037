/** Owns the functions of several labelled objects at once: computing in one plan, aligning, joining. */
import { ArgumentError } from "@hyperslab/core/errors";
import { type HasLabels, type Labelled, hasLabels } from "./labelled.js";
import { DataArray, Dataset } from "./objects.js";
import { type Join, align as alignRecords } from "./ops/align.js";
import { computeAll } from "./ops/compute.js";
import {
  type CombineOptions,
  type Member,
  type Nested,
  combineByCoords as combineByCoordsRecords,
  combineNested as combineNestedRecords,
} from "./ops/combine.js";
import { type ConcatOptions, concat as concatRecords } from "./ops/concat.js";
import { type MergeOptions, merge as mergeRecords } from "./ops/merge.js";
import type { ScalarLike } from "./ops/elementwise.js";
import { choose } from "./ops/missing.js";
import type { ComputeOptions } from "./run.js";

function wrapped<T extends DataArray | Dataset>(labelled: Labelled, like: T): T {
  return (like instanceof DataArray ? new DataArray(labelled) : new Dataset(labelled)) as T;
}

type Objects = readonly (DataArray | Dataset)[];

/**
 * Computes several lazy objects in one plan: what they share is read and computed once. Options come
 * after a list of objects.
 *
 * ```ts
 * const [mean, spread] = await compute(da.mean("time"), da.std("time"));
 * const [low, high] = await compute([da.min(), da.max()], { on: cluster.executor });
 * ```
 * @throws TaskError, MemoryError, CancelledError
 */
export async function compute<T extends Objects>(
  objects: readonly [...T],
  options?: ComputeOptions,
): Promise<T>;
export async function compute<T extends Objects>(...objects: readonly [...T]): Promise<T>;
export async function compute(
  first: Objects | DataArray | Dataset,
  ...rest: readonly unknown[]
): Promise<Objects> {
  const listed = !hasLabels(first);
  const objects = listed ? first : [first, ...(rest as Objects)];
  if (!Array.isArray(objects) || objects.some((one) => !hasLabels(one)))
    throw new ArgumentError({
      asked: "compute",
      found: "something that is neither a DataArray nor a Dataset",
      hint: "give labelled objects, one by one or in a list",
    });
  const records = await computeAll(
    objects.map(({ labelled }) => labelled),
    listed ? (rest[0] as ComputeOptions | undefined) : {},
  );
  return records.map((record, i) => wrapped(record, objects[i]));
}

/** Options of {@link align}. */
export interface AlignOptions {
  /** `inner` unless said otherwise. */
  readonly join?: Join;
  /** Dimensions to leave as they are. */
  readonly exclude?: readonly string[];
}

/**
 * Objects on common labels.
 *
 * ```ts
 * const [x, y] = align([a, b], { join: "outer" });
 * ```
 * @throws AlignmentError where `exact` labels differ
 */
export function align<T extends readonly (DataArray | Dataset)[]>(
  objects: readonly [...T],
  options: AlignOptions = {},
): T {
  const records = alignRecords(
    objects.map(({ labelled }) => labelled),
    options.join ?? "inner",
    "align",
    options.exclude,
  );
  return records.map((record, i) => wrapped(record, objects[i])) as unknown as T;
}

/**
 * Objects of one kind behind each other along a dimension, which may be new.
 *
 * ```ts
 * concat([january, february], "time");
 * concat(members, "member", { labels: [1, 2, 3] });
 * ```
 * @throws ArgumentError, AlignmentError, ShapeError
 */
export function concat<T extends DataArray | Dataset>(
  objects: readonly T[],
  dim: string,
  options?: ConcatOptions,
): T {
  if (objects.length === 0)
    throw new ArgumentError({ asked: "concat", found: "no objects", hint: "give at least one" });
  return wrapped(
    concatRecords(
      objects.map(({ labelled }) => labelled),
      dim,
      options,
    ),
    objects[0],
  );
}

/**
 * One dataset of all variables; arrays come under their names.
 *
 * ```ts
 * merge([temperature, humidity]);
 * ```
 * @throws AlignmentError where variables of one name differ; ArgumentError for an array without a name
 */
export function merge(objects: readonly HasLabels[], options?: MergeOptions): Dataset {
  return new Dataset(
    mergeRecords(
      objects.map(({ labelled }) => labelled),
      options,
    ),
  );
}

/**
 * Datasets joined in the order that their labels give, and merged where they have different variables.
 *
 * ```ts
 * combineByCoords([february, january, humidity]);
 * ```
 * @throws ArgumentError, AlignmentError where the labels give no order, or overlap
 */
export function combineByCoords(objects: readonly HasLabels[], options?: CombineOptions): Dataset {
  return new Dataset(combineByCoordsRecords(objects.map(memberOf), options));
}

/**
 * Datasets joined as they are nested in lists, the outermost list along the first dimension. `null` merges.
 *
 * ```ts
 * combineNested([[a1, a2], [b1, b2]], ["member", "time"]);
 * ```
 * @throws ArgumentError where depth or lengths of the lists don't fit; AlignmentError
 */
export function combineNested(
  objects: Nested<HasLabels>,
  dims: string | null | readonly (string | null)[],
  options?: CombineOptions,
): Dataset {
  let number = 0;
  const members = (list: Nested<HasLabels>): Nested<Member> =>
    list.map((one) => (isNested(one) ? members(one) : memberOf(one, number++)));
  const along = typeof dims === "string" || dims === null ? [dims] : dims;
  return new Dataset(combineNestedRecords(members(objects), along, options));
}

function isNested(one: HasLabels | Nested<HasLabels>): one is Nested<HasLabels> {
  return Array.isArray(one);
}

function memberOf({ labelled }: HasLabels, number: number): Member {
  return { labelled, name: `object ${number}` };
}

/**
 * The elements of `a` where `condition` holds, those of `b` elsewhere.
 *
 * ```ts
 * where(mask, da, 0);
 * ```
 * @throws AlignmentError where labels differ
 */
export function where<T extends DataArray | Dataset>(condition: T, a: T | ScalarLike, b: T | ScalarLike): T {
  const like = [a, b].find((one) => hasLabels(one)) ?? condition;
  return wrapped(choose(condition, a, b), like as T);
}
