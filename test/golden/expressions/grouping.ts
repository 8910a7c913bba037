/** Owns the TypeScript of the grouping expressions. Made by make_expressions.py from expressions.py; don't edit. */

import type { Expressions } from "../labelled.js";

export const grouping: Expressions = {
  "month-mean": ({ p }) => p.groupBy("time.month").mean(),
  "month-sum": ({ p }) => p.groupBy("time.month").sum(),
  "month-min": ({ p }) => p.groupBy("time.month").min(),
  "month-max": ({ p }) => p.groupBy("time.month").max(),
  "month-std": ({ p }) => p.groupBy("time.month").std(),
  "month-var": ({ p }) => p.groupBy("time.month").var(),
  "month-count": ({ p }) => p.groupBy("time.month").count(),
  "month-first": ({ p }) => p.groupBy("time.month").first(),
  "month-last": ({ p }) => p.groupBy("time.month").last(),
  "month-mean-3d": ({ t }) => t.isel({ lat: 0 }).groupBy("time.month").mean(),
  "month-sum-nan": ({ t }) => t.isel({ lat: 0 }).groupBy("time.month").sum(),
  "month-first-nan": ({ t }) => t.isel({ lat: 0 }).groupBy("time.month").first(),
  "month-last-no-skipna": ({ t }) => t.isel({ lat: 0 }).groupBy("time.month").last(null, { skipna: false }),
  "month-no-skipna": ({ t }) => t.isel({ lat: 0 }).groupBy("time.month").mean(null, { skipna: false }),
  "month-std-ddof": ({ t }) => t.isel({ lat: 0 }).groupBy("time.month").std(null, { ddof: 1 }),
  "month-any": ({ t }) => t.isel({ lat: 0 }).greater(280).groupBy("time.month").any(),
  "month-all": ({ t }) => t.isel({ lat: 0 }).greater(272).groupBy("time.month").all(),
  "season-mean": ({ p }) => p.groupBy("time.season").mean(),
  "year-mean": ({ t }) => t.groupBy("time.year").mean(),
  "year-max": ({ t }) => t.groupBy("time.year").max(),
  "year-sum-int64": ({ big }) => big.groupBy("time.year").sum(),
  "dayofweek-mean": ({ rain }) => rain.groupBy("day.dayofweek").mean(),
  "month-of-days": ({ rain }) => rain.groupBy("day.month").mean(),
  "cftime-month": ({ old }) => old.groupBy("month.month").mean(),
  "cftime-year": ({ old }) => old.groupBy("month.year").sum(),
  "by-coordinate": ({ t }) => t.isel({ time: 0 }).groupBy("zone").mean(),
  "by-string-coordinate": ({ t }) => t.isel({ time: 0 }).groupBy("name").max(),
  "by-coordinate-all-dims": ({ t }) => t.isel({ time: 0 }).groupBy("zone").sum(["lat", "lon"]),
  anomaly: ({ p }) => p.groupBy("time.month").sub(p.groupBy("time.month").mean()),
  "anomaly-nan": ({ t }) =>
    t
      .isel({ lon: 0 })
      .groupBy("time.month")
      .sub(t.isel({ lon: 0 }).groupBy("time.month").mean("time")),
  "dataset-year": ({ ds }) => ds.pick("t", "big").groupBy("time.year").mean(),
  "weighted-mean": ({ t, weight }) => t.weighted(weight).mean("lat"),
  "weighted-mean-2": ({ t, weight }) => t.weighted(weight).mean(["lat", "lon"]),
  "weighted-mean-all": ({ t, weight }) => t.weighted(weight).mean(),
  "weighted-sum": ({ t, weight }) => t.weighted(weight).sum("lat"),
  "weighted-sum-of-weights": ({ t, weight }) => t.weighted(weight).sumOfWeights("lat"),
  "weighted-mean-other-dim": ({ t, weight }) => t.isel({ lat: 0 }).weighted(weight).mean("time"),
  "weighted-std": ({ t, weight }) => t.weighted(weight).std("lat"),
  "weighted-no-skipna": ({ t, weight }) => t.weighted(weight).mean("lat", { skipna: false }),
  "weighted-zero": ({ t, weight }) => t.weighted(weight.multiply(0)).mean("lat"),
  "weighted-dataset": ({ ds, weight }) => ds.pick("t", "p").weighted(weight).mean("lat"),
};
