/** Owns the façade of groups: what `groupBy` gives. It knows records, and how to wrap them again. */
import type { ReductionName } from "@hyperslab/core/reduction";
import { checkOptions } from "./check-options.js";
import type { HasLabels, Labelled } from "./labelled.js";
import { groupArithmetic, groupAt, joinGroups, positionsOf, reduceGroups } from "./ops/group-by.js";
import type { Grouping } from "./ops/grouping.js";
import { type DimsOrOptions, REDUCE_OPTIONS, type ReduceOptions, splitArguments } from "./ops/reduce.js";
import { inMemoryBlock } from "./evaluate.js";

/** A label of a group: a number, a name, a count of time. */
export type GroupLabel = number | bigint | string;

/**
 * Groups of positions along a dimension. Reductions give one value a group; arithmetic takes one.
 *
 * ```ts
 * const climatology = da.groupBy("time.month").mean();
 * const anomaly = da.groupBy("time.month").sub(climatology);
 * ```
 */
export class GroupBy<Self extends HasLabels> {
  readonly #labelled: Labelled;
  readonly #grouping: Grouping;
  readonly #wrap: (labelled: Labelled) => Self;

  constructor(labelled: Labelled, grouping: Grouping, wrap: (labelled: Labelled) => Self) {
    this.#labelled = labelled;
    this.#grouping = grouping;
    this.#wrap = wrap;
  }

  /** Name of the groups, which the dimension of results has: `month` for `"time.month"`. */
  get name(): string {
    return this.#grouping.name;
  }

  /** Number of groups. `da.groupBy("time.month").size` */
  get size(): number {
    return this.#grouping.labels.shape[0];
  }

  /** Positions of every group, by label. `da.groupBy("time.month").groups.get(1n)` */
  get groups(): ReadonlyMap<GroupLabel, readonly number[]> {
    return new Map(this.#labels().map((label, group) => [label, positionsOf(this.#grouping, group)]));
  }

  /** Labels and groups. `for (const [month, group] of da.groupBy("time.month")) …` */
  *[Symbol.iterator](): Generator<[GroupLabel, Self], void, undefined> {
    for (const [group, label] of this.#labels().entries())
      yield [label, this.#wrap(groupAt(this.#labelled, this.#grouping, group))];
  }

  /**
   * A function of every group. Results that keep the dimension are joined in the original order,
   * others along the dimension of the groups.
   *
   * ```ts
   * da.groupBy("time.month").map((group) => group.sub(group.mean("time")));
   * ```
   */
  map(change: (group: Self, label: GroupLabel) => Self): Self {
    const results = [...this].map(([label, group]) => change(group, label).labelled);
    return this.#wrap(joinGroups(results, this.#grouping));
  }

  /** Sum of elements of every group. `da.groupBy("time.month").sum()` */
  sum(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("sum", dims, options);
  }

  /** Mean of elements of every group. `da.groupBy("time.month").mean()` */
  mean(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("mean", dims, options);
  }

  /** Smallest element of every group. `da.groupBy("time.month").min()` */
  min(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("min", dims, options);
  }

  /** Largest element of every group. `da.groupBy("time.month").max()` */
  max(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("max", dims, options);
  }

  /** Standard deviation of every group. `da.groupBy("time.month").std()` */
  std(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("std", dims, options);
  }

  /** Variance of every group. `da.groupBy("time.month").var()` */
  var(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("var", dims, options);
  }

  /** Product of elements of every group. `da.groupBy("time.month").prod()` */
  prod(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("prod", dims, options);
  }

  /** Number of elements that are not missing of every group. `da.groupBy("time.month").count()` */
  count(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("count", dims, options);
  }

  /** First element that is not missing of every group. `da.groupBy("time.month").first()` */
  first(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("first", dims, options);
  }

  /** Last element that is not missing of every group. `da.groupBy("time.month").last()` */
  last(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("last", dims, options);
  }

  /** Whether any element is true of every group. `da.groupBy("time.month").any()` */
  any(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("any", dims, options);
  }

  /** Whether all elements are true of every group. `da.groupBy("time.month").all()` */
  all(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("all", dims, options);
  }

  #reduce(name: ReductionName, first: DimsOrOptions, second?: ReduceOptions): Self {
    const { dims, options = {} } = splitArguments(first, second);
    checkOptions(`groupBy ${name}`, options, REDUCE_OPTIONS);
    return this.#wrap(reduceGroups(name, this.#labelled, this.#grouping, dims, options));
  }

  /** Every element plus the value of its group. `da.groupBy("time.month").add(climatology)` */
  add(other: HasLabels): Self {
    return this.#wrap(groupArithmetic("add", this.#labelled, this.#grouping, other));
  }

  /** Every element minus the value of its group. `da.groupBy("time.month").sub(climatology)` */
  sub(other: HasLabels): Self {
    return this.#wrap(groupArithmetic("subtract", this.#labelled, this.#grouping, other));
  }

  /** Every element times the value of its group. `da.groupBy("time.month").mul(climatology)` */
  mul(other: HasLabels): Self {
    return this.#wrap(groupArithmetic("multiply", this.#labelled, this.#grouping, other));
  }

  /** Every element divided by the value of its group. `da.groupBy("time.month").div(climatology)` */
  div(other: HasLabels): Self {
    return this.#wrap(groupArithmetic("divide", this.#labelled, this.#grouping, other));
  }

  #labels(): GroupLabel[] {
    const block = inMemoryBlock(this.#grouping.labels.node);
    return Array.from((block?.data ?? []) as ArrayLike<GroupLabel>);
  }
}
