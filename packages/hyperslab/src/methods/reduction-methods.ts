/** Owns the methods that reduce dimensions, group positions, or weigh elements. */
import type { ReductionName } from "@hyperslab/core/reduction";
import { GroupBy } from "../group-by.js";
import type { HasLabels } from "../labelled.js";
import { groupingOf } from "../ops/grouping.js";
import { type DimsOrOptions, type ReduceOptions, reduceLabelled, splitArguments } from "../ops/reduce.js";
import { Weighted } from "../weighted.js";
import { ArithmeticMethods } from "./arithmetic-methods.js";

/**
 * Reductions over the dimensions named (one, several, or all where none are). Missing values are left
 * out of floats unless `skipna: false`. A dataset reduces its numeric variables only, where others have no sum or mean.
 * All throw DimensionError and DtypeError.
 */
export abstract class ReductionMethods<
  Self extends HasLabels,
  Other extends HasLabels,
> extends ArithmeticMethods<Self, Other> {
  #reduce(name: ReductionName, first: DimsOrOptions, second?: ReduceOptions): Self {
    const { dims, options } = splitArguments(first, second);
    return this.wrap(reduceLabelled(name, this.labelled, dims, options));
  }

  /** Sum. `da.sum("time")` */
  sum(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("sum", dims, options);
  }

  /** Mean. `da.mean("time")` */
  mean(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("mean", dims, options);
  }

  /** Smallest element. `da.min("time")` */
  min(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("min", dims, options);
  }

  /** Largest element. `da.max("time")` */
  max(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("max", dims, options);
  }

  /** Standard deviation. `da.std("time")` */
  std(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("std", dims, options);
  }

  /** Variance. `da.var("time")` */
  var(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("var", dims, options);
  }

  /** Product. `da.prod("time")` */
  prod(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("prod", dims, options);
  }

  /** True where any element is. `da.any("time")` */
  any(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("any", dims, options);
  }

  /** True where all elements are. `da.all("time")` */
  all(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("all", dims, options);
  }

  /** Number of elements that are not missing. `da.count("time")` */
  count(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("count", dims, options);
  }

  /** Position of the smallest element; -1 where all are missing. `da.argmin("time")` */
  argmin(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("argmin", dims, options);
  }

  /** Position of the largest element; -1 where all are missing. `da.argmax("time")` */
  argmax(dims?: DimsOrOptions, options?: ReduceOptions): Self {
    return this.#reduce("argmax", dims, options);
  }

  /**
   * Groups positions of a dimension by a coordinate, a field of times or an array along it.
   *
   * ```ts
   * da.groupBy("time.season").mean();
   * ```
   * @throws NameError, ArgumentError for keys that are not in memory or not along one dimension
   */
  groupBy(by: string | HasLabels): GroupBy<Self> {
    return new GroupBy(this.labelled, groupingOf(this.labelled, by), (labelled) => this.wrap(labelled));
  }

  /** Reductions in which elements count as `weights` say. `da.weighted(weights).mean(["lat", "lon"])` */
  weighted(weights: HasLabels): Weighted<Self> {
    return new Weighted(this.labelled, weights, (labelled) => this.wrap(labelled));
  }
}
