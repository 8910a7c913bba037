/** Owns the making of labelled objects from data in memory. */
import type { Dtype } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import type { Attributes } from "@hyperslab/storage/source";
import { arrayRecord, datasetRecord, hasLabels } from "./labelled.js";
import type { ArrayLike } from "./ndarray.js";
import { DataArray, Dataset } from "./objects.js";
import { align } from "./ops/align.js";
import { assign, assignCoords } from "./ops/assign.js";
import { type VariableLike, toVariable } from "./ops/variable-like.js";

/** What a new {@link DataArray} has besides its data. */
export interface DataArrayOptions {
  readonly dims?: string | readonly string[];
  readonly coords?: Readonly<Record<string, VariableLike>>;
  readonly name?: string | null;
  readonly attrs?: Attributes;
  /** Dtype of the data: says what numbers and texts are to become. */
  readonly dtype?: Dtype;
  /** Shape of flat data. */
  readonly shape?: readonly number[];
}

/**
 * A new array from data in memory: typed arrays, `ndarray`s, nested lists, dates.
 *
 * ```ts
 * dataArray(new Float32Array(6), { dims: ["y", "x"], shape: [2, 3], attrs: { units: "K" } });
 * ```
 * @throws ArgumentError, ShapeError
 */
export function dataArray(data: ArrayLike, options: DataArrayOptions = {}): DataArray {
  const { coords = {}, name = null, attrs = {}, dtype, shape } = options;
  const dims =
    options.dims ??
    Object.keys(coords).filter((key) => !Array.isArray(coords[key]) || coords[key].length > 0);
  const list = typeof dims === "string" ? [dims] : dims;
  const { variable } = toVariable(name ?? "data", { dims: list, data, attrs, dtype, shape }, list);
  return new DataArray(assignCoords(arrayRecord(variable, new Map(), name), coords));
}

/** What a new {@link Dataset} has besides its variables. */
export interface DatasetOptions {
  readonly coords?: Readonly<Record<string, VariableLike>>;
  readonly attrs?: Attributes;
}

/**
 * A new dataset. Variables are arrays with labels, or dimensions with data; a list under the name of a
 * dimension gives its labels. Labels that differ are joined (`outer`).
 *
 * ```ts
 * dataset({ t: [["y", "x"], [[1, 2], [3, 4]], { units: "K" }] }, { coords: { x: [10, 20] } });
 * ```
 * @throws ArgumentError, ShapeError
 */
export function dataset(
  variables: Readonly<Record<string, VariableLike>>,
  options: DatasetOptions = {},
): Dataset {
  const entries = Object.entries(variables);
  const labelled = entries.flatMap(([, value]) => (hasLabels(value) ? [value.labelled] : []));
  if (labelled.some(({ kind }) => kind === "dataset"))
    throw new ArgumentError({
      asked: "dataset()",
      found: "a Dataset for a variable",
      hint: "merge() datasets",
    });
  const coords = assignCoords(datasetRecord(new Map()), options.coords ?? {});
  const aligned = align([coords, ...labelled], "outer", "dataset").slice(1);
  let next = 0;
  const values = entries.map(([name, value]): [string, VariableLike] => {
    if (!hasLabels(value)) return [name, value];
    const one = aligned[next++];
    return [name, { labelled: one }];
  });
  const made = assign(coords, Object.fromEntries(values));
  return new Dataset({ ...made, attrs: options.attrs ?? {} });
}
