/** Owns the methods that pick elements: by position, by label, by condition. */
import type { HasLabels } from "../labelled.js";
import { slice } from "../label.js";
import type { ScalarLike } from "../ops/elementwise.js";
import { type Positional, isel } from "../ops/isel.js";
import { clip, fillna, isin, whereLabelled } from "../ops/missing.js";
import { type Labels, type SelOptions, sel } from "../ops/sel.js";
import { ReductionMethods } from "./reduction-methods.js";

/** Options of `isel`. */
export interface IselOptions {
  /** Leave out the coordinates that become scalars. */
  readonly drop?: boolean;
  /** What to do about dimensions that are not there; `raise` unless said otherwise. */
  readonly missingDims?: "raise" | "ignore";
}

/** Selections and conditions. */
export abstract class SelectionMethods<
  Self extends HasLabels,
  Other extends HasLabels,
> extends ReductionMethods<Self, Other> {
  /**
   * Selects positions: one (the dimension goes), a `slice`, a list, a mask, or a 1-D array of positions.
   *
   * ```ts
   * da.isel({ time: 0, lat: slice(10, 20), lon: [3, 1] });
   * ```
   * @throws DimensionError, ShapeError for positions outside
   */
  isel(indexers: Readonly<Record<string, Positional>>, options?: IselOptions): Self {
    return this.wrap(isel(this.labelled, indexers, options));
  }

  /**
   * Selects labels: one (the dimension goes), a `slice` with both ends, a list, or a 1-D array of labels.
   * Times are given as `Date` or ISO text, in whatever calendar; a text such as `"2000-01"` is the whole month.
   *
   * ```ts
   * da.sel({ time: "2000-01", lat: slice(60, 30) });
   * da.sel({ lat: 51.5, lon: 0.1 }, { method: "nearest" });
   * ```
   * @throws LabelError for labels that are not there, DimensionError
   */
  sel(indexers: Readonly<Record<string, Labels>>, options?: SelOptions): Self {
    return this.wrap(sel(this.labelled, indexers, options));
  }

  /** The first positions. `da.head({ time: 10 })` */
  head(lengths: Readonly<Record<string, number>>): Self {
    return this.isel(Object.fromEntries(Object.entries(lengths).map(([dim, n]) => [dim, slice(0, n)])));
  }

  /** The last positions. `da.tail({ time: 10 })` */
  tail(lengths: Readonly<Record<string, number>>): Self {
    return this.isel(
      Object.fromEntries(
        Object.entries(lengths).map(([dim, n]) => [dim, slice(n === 0 ? this.sizes[dim] : -n)]),
      ),
    );
  }

  /** Every n-th position. `da.thin({ lat: 4, lon: 4 })` */
  thin(steps: Readonly<Record<string, number>>): Self {
    return this.isel(Object.fromEntries(Object.entries(steps).map(([dim, n]) => [dim, slice(0, null, n)])));
  }

  /**
   * The elements where `condition` holds; elsewhere those of `other`, or missing: then small integers
   * become float32 and others float64.
   *
   * ```ts
   * da.where(da.gt(273.15), 0);
   * ```
   * @throws DtypeError for bool and strings without `other`; AlignmentError where labels differ and `other` is given
   */
  where(condition: Other | ScalarLike, other?: Other | ScalarLike): Self {
    return this.wrap(whereLabelled(this.labelled, condition, other));
  }

  /** Missing elements replaced. `da.fillna(0)` */
  fillna(value: Other | ScalarLike): Self {
    return this.wrap(fillna(this.labelled, value));
  }

  /** Elements moved between two bounds; `null` for none. `da.clip(0, 100)` @throws AlignmentError */
  clip(min: Other | ScalarLike | null, max: Other | ScalarLike | null = null): Self {
    return this.wrap(clip(this.labelled, min, max));
  }

  /** True where an element is one of `values`. `da.isin([1, 2, 5])` */
  isin(values: readonly ScalarLike[]): Self {
    return this.wrap(isin(this.labelled, values));
  }
}
