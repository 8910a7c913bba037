/** The reductions that are tested, by their names. */
import type { ReductionName } from "@hyperslab/core/reduction";

export const REDUCTIONS: readonly ReductionName[] = [
  "sum",
  "prod",
  "mean",
  "var",
  "std",
  "min",
  "max",
  "argmin",
  "argmax",
  "any",
  "all",
  "count",
  "first",
  "last",
];
