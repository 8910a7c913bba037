/** Owns the façade of weighted reductions: what `weighted` gives. */
import type { HasLabels, Labelled } from "./labelled.js";
import { type Dims, splitArguments } from "./ops/reduce.js";
import { type WeightedName, checkWeights, weightedReduce } from "./ops/weighted.js";

/** Options of weighted reductions. */
export interface WeightedOptions {
  /** Leave missing values, and their weights, out. By default so for floats. */
  readonly skipna?: boolean;
}

/**
 * Reductions in which elements count as their weights say.
 *
 * ```ts
 * const area = da.coord("lat").radians().cos();
 * await da.weighted(area).mean(["lat", "lon"]).values();
 * ```
 */
export class Weighted<Self> {
  readonly #labelled: Labelled;
  readonly #weights: Labelled;
  readonly #wrap: (labelled: Labelled) => Self;

  /** @throws ArgumentError for weights in memory with missing values */
  constructor(labelled: Labelled, weights: HasLabels, wrap: (labelled: Labelled) => Self) {
    this.#labelled = labelled;
    this.#weights = checkWeights(weights.labelled);
    this.#wrap = wrap;
  }

  #reduce(name: WeightedName, first: Dims | WeightedOptions, second?: WeightedOptions): Self {
    const { dims, options = {} } = splitArguments(first, second);
    return this.#wrap(weightedReduce(name, this.#labelled, this.#weights, dims, options.skipna));
  }

  /** Weighted mean; missing where all weights are 0. `da.weighted(w).mean("lat")` */
  mean(dims?: Dims | WeightedOptions, options?: WeightedOptions): Self {
    return this.#reduce("mean", dims, options);
  }

  /** Sum of elements times weights. `da.weighted(w).sum("lat")` */
  sum(dims?: Dims | WeightedOptions, options?: WeightedOptions): Self {
    return this.#reduce("sum", dims, options);
  }

  /** Sum of the weights of elements that are there; missing where it is 0. `da.weighted(w).sumOfWeights("lat")` */
  sumOfWeights(dims?: Dims): Self {
    return this.#reduce("sumOfWeights", dims);
  }

  /** Sum of weighted squared deviations from the weighted mean. `da.weighted(w).sumOfSquares("lat")` */
  sumOfSquares(dims?: Dims | WeightedOptions, options?: WeightedOptions): Self {
    return this.#reduce("sumOfSquares", dims, options);
  }

  /** Weighted variance. `da.weighted(w).var("lat")` */
  var(dims?: Dims | WeightedOptions, options?: WeightedOptions): Self {
    return this.#reduce("var", dims, options);
  }

  /** Weighted standard deviation. `da.weighted(w).std("lat")` */
  std(dims?: Dims | WeightedOptions, options?: WeightedOptions): Self {
    return this.#reduce("std", dims, options);
  }
}
