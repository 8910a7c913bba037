/**
 * Owns the façades DataArray and Dataset: menus of methods over free functions. They stand in one file
 * because each gives the other: a dataset its arrays, an array the dataset that it becomes.
 */
import type { Dtype } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import type { Shape } from "@hyperslab/core/shape";
import type { Attributes } from "@hyperslab/storage/source";
import { DatetimeAccessor } from "./datetime-accessor.js";
import {
  type HasLabels,
  type Labelled,
  THIS,
  arrayVariable,
  coordsOf,
  dataOf,
  datasetRecord,
  hasLabels,
  pickArray,
  withVariables,
} from "./labelled.js";
import { ShapeMethods } from "./methods/shape-methods.js";
import type { HyperslabArray } from "./ndarray.js";
import { assign, dropDims, rename, resetCoords, setCoords } from "./ops/assign.js";
import { itemOf, valuesOf } from "./ops/compute.js";
import { merge } from "./ops/merge.js";
import type { ScalarLike } from "./ops/elementwise.js";
import { fillnaByName } from "./ops/missing.js";
import { virtualArray } from "./ops/time-fields.js";
import type { VariableLike } from "./ops/variable-like.js";
import type { ComputeOptions } from "./run.js";
import type { Encoding, Variable } from "./variable.js";

/** Names of variables or coordinates; null for all that there are. */
type Names = string | readonly string[] | null;

/**
 * A labelled N-dimensional array, lazy until computed. Immutable.
 *
 * ```ts
 * const da = dataArray([[1, 2], [3, 4]], { dims: ["y", "x"], coords: { x: [10, 20] }, name: "t" });
 * await da.sel({ x: 20 }).mean("y").item(); // 3
 * ```
 */
export class DataArray extends ShapeMethods<DataArray, DataArray> {
  protected override wrap(labelled: Labelled): DataArray {
    return new DataArray(labelled.kind === "array" ? labelled : refuseDataset());
  }

  /** The array without its coordinates. `da.variable.dims` */
  get variable(): Variable {
    return arrayVariable(this.labelled);
  }
  /** Its name; null for none. `da.name` */
  get name(): string | null {
    return this.labelled.name;
  }
  /** Attributes. `da.attrs.units` */
  get attrs(): Attributes {
    return this.variable.attrs;
  }
  /** How it is stored. `da.encoding.chunks` */
  get encoding(): Encoding {
    return this.variable.encoding;
  }
  /** Lengths of the axes. `da.shape // [12, 73, 144]` */
  get shape(): Shape {
    return this.variable.shape;
  }
  /** Number of axes. `da.ndim` */
  get ndim(): number {
    return this.variable.dims.length;
  }
  /** Number of elements. `da.size` */
  get size(): number {
    return this.variable.size;
  }
  /** Type of the elements. `da.dtype // "float32"` */
  get dtype(): Dtype {
    return this.variable.dtype;
  }
  /** Bytes of the data (coordinates left aside), once in memory. `da.nbytes` */
  override get nbytes(): number {
    return this.variable.nbytes;
  }

  /** The data of an array in memory, as an `ndarray`. `(await da.compute()).data` @throws ArgumentError while it is lazy */
  get data(): HyperslabArray {
    return this.variable.data;
  }

  /** Coordinates by name. `da.coords.get("lat")?.data` */
  get coords(): ReadonlyMap<string, DataArray> {
    return new Map([...coordsOf(this.labelled).keys()].map((name) => [name, this.coord(name)]));
  }

  /** One coordinate, or a field of one. `da.coord("time.month")` @throws NameError */
  coord(name: string): DataArray {
    if (name === this.name && !this.labelled.variables.has(name)) return this;
    return new DataArray(virtualArray(this.labelled, name, "coord"));
  }

  /** Calendar fields of times. `da.coord("time").dt.month` */
  get dt(): DatetimeAccessor<DataArray> {
    return new DatetimeAccessor(this.labelled, (labelled) => new DataArray(labelled));
  }

  /**
   * The data as an `ndarray`, computed where needed: typed arrays in C order; int64 and times in a BigInt64Array.
   *
   * ```ts
   * const mean = await da.mean("time").values();
   * mean.get(0, 0);
   * ```
   */
  async values(options: ComputeOptions = {}): Promise<HyperslabArray> {
    return valuesOf(this.labelled, options);
  }

  /** The one element. `await da.mean().item()` @throws ShapeError where there is not just one */
  async item(options: ComputeOptions = {}): Promise<number | bigint | boolean | string> {
    return itemOf(this.labelled, options);
  }

  /** Another name for the array, or other names for coordinates and dimensions. `da.rename({ x: "lon" })` @throws NameError */
  rename(names: string | null | Readonly<Record<string, string>>): DataArray {
    if (typeof names === "string" || names === null) return new DataArray({ ...this.labelled, name: names });
    return this.wrap(rename(this.labelled, names));
  }

  /**
   * Coordinates that label no dimension become variables beside the array, in a dataset; or go, with `drop`.
   *
   * ```ts
   * da.resetCoords("height", { drop: true });
   * ```
   * @throws NameError; ArgumentError for an array without a name
   */
  resetCoords(names: Names, options: { readonly drop: true }): DataArray;
  resetCoords(names?: Names, options?: { readonly drop?: false }): Dataset;
  resetCoords(names?: Names, options: { readonly drop?: boolean } = {}): DataArray | Dataset {
    if (options.drop) return this.wrap(resetCoords(this.labelled, names, true));
    return this.toDataset().resetCoords(names);
  }

  /** A dataset with the array in it, under its name or another. `da.toDataset("air")` @throws ArgumentError without a name */
  toDataset(name: string | null = this.name): Dataset {
    if (name === null)
      throw new ArgumentError({ asked: "toDataset", found: "an array without a name", hint: "give a name" });
    const variables = new Map([...coordsOf(this.labelled), [name, this.variable] as const]);
    return new Dataset(datasetRecord(variables, this.labelled.coordNames));
  }
}

function refuseDataset(): never {
  throw new ArgumentError({
    asked: "an operation of a DataArray",
    found: "a Dataset beside it",
    hint: "call the method of the Dataset instead",
  });
}

/**
 * Labelled arrays by name, which share dimensions and coordinates. Lazy until computed, immutable.
 *
 * ```ts
 * const ds = await openDataset("air.zarr");
 * const anomaly = ds.groupBy("time.month").sub(ds.groupBy("time.month").mean());
 * await anomaly.toZarr("anomaly.zarr");
 * ```
 */
export class Dataset extends ShapeMethods<Dataset, Dataset | DataArray> {
  protected override wrap(labelled: Labelled): Dataset {
    return new Dataset(labelled);
  }

  /** Attributes of the dataset. `ds.attrs.title` */
  get attrs(): Attributes {
    return this.labelled.attrs;
  }
  /** What is known of how it is stored. `ds.encoding.source` */
  get encoding(): Encoding {
    return this.labelled.encoding;
  }
  /** Names of all data variables. `ds.names // ["air"]` */
  get names(): readonly string[] {
    return [...dataOf(this.labelled).keys()];
  }
  /** Data variables by name. `for (const [name, da] of ds.dataVars) …` */
  get dataVars(): ReadonlyMap<string, DataArray> {
    return new Map(this.names.map((name) => [name, this.get(name)]));
  }
  /** Coordinates by name. `ds.coords.get("lat")` */
  get coords(): ReadonlyMap<string, DataArray> {
    return new Map([...coordsOf(this.labelled).keys()].map((name) => [name, this.get(name)]));
  }

  /** A variable, a coordinate, or a field of one. `ds.get("air"); ds.get("time.month")` @throws NameError */
  get(name: string): DataArray {
    return new DataArray(
      this.has(name) ? pickArray(this.labelled, name) : virtualArray(this.labelled, name, "get"),
    );
  }

  /** True for the name of a variable or coordinate. `ds.has("air")` */
  has(name: string): boolean {
    return name !== THIS && this.labelled.variables.has(name);
  }

  /** Some of the variables, with the coordinates that they need. `ds.pick("air", "rh")` @throws NameError */
  pick(...names: string[]): Dataset {
    const arrays = names.map((name) => this.get(name).labelled);
    const dims = new Set(arrays.flatMap((one) => arrayVariable(one).dims));
    const kept = [...this.labelled.variables].filter(
      ([name, variable]) =>
        names.includes(name) ||
        (this.labelled.coordNames.has(name) && variable.dims.every((dim) => dims.has(dim))),
    );
    return this.wrap(withVariables(this.labelled, new Map(kept)));
  }

  /** Variables added or replaced; functions are given the dataset. `ds.assign({ c: (ds) => ds.get("air").sub(273.15) })` */
  assign(values: Readonly<Record<string, VariableLike | ((dataset: Dataset) => VariableLike)>>): Dataset {
    let made: Dataset = new Dataset(this.labelled);
    for (const [name, value] of Object.entries(values))
      made = new Dataset(
        assign(made.labelled, { [name]: typeof value === "function" ? value(this) : value }),
      );
    return made;
  }

  /** A function of every data variable; attributes of the dataset stay. `ds.map((da) => da.mean("time"))` */
  map(change: (array: DataArray, name: string) => DataArray): Dataset {
    const arrays = [...this.dataVars].map(([name, array]) => change(array, name).rename(name).labelled);
    const merged = merge(arrays, { join: "exact" });
    return this.wrap({ ...merged, attrs: this.attrs });
  }

  /** Other names for variables, coordinates and dimensions. `ds.rename({ air: "t" })` @throws NameError */
  rename(names: Readonly<Record<string, string>>): Dataset {
    return this.wrap(rename(this.labelled, names));
  }

  /** Data variables become coordinates. `ds.setCoords("area")` @throws NameError */
  setCoords(names: string | readonly string[]): Dataset {
    return this.wrap(setCoords(this.labelled, names));
  }

  /** Coordinates that label no dimension become data variables, or go with `drop`. `ds.resetCoords("area")` */
  resetCoords(names?: Names, options: { readonly drop?: boolean } = {}): Dataset {
    return this.wrap(resetCoords(this.labelled, names, options.drop));
  }

  /** Without the variables that have one of the dimensions. `ds.dropDims("level")` @throws DimensionError */
  dropDims(dims: string | readonly string[]): Dataset {
    return this.wrap(dropDims(this.labelled, dims));
  }

  /** Missing elements replaced; by name where an object of scalars is given. `ds.fillna({ air: 0 })` */
  override fillna(value: Dataset | DataArray | ScalarLike | Readonly<Record<string, ScalarLike>>): Dataset {
    if (isByName(value)) return this.wrap(fillnaByName(this.labelled, value));
    return super.fillna(value);
  }

  /** All variables of this and others. `ds.merge(other)` @throws AlignmentError where variables of one name differ */
  merge(...others: HasLabels[]): Dataset {
    const merged = merge([this.labelled, ...others.map(({ labelled }) => labelled)]);
    return this.wrap({ ...merged, attrs: this.attrs });
  }
}

function isByName(value: unknown): value is Readonly<Record<string, ScalarLike>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !hasLabels(value) &&
    !(value instanceof Date) &&
    !("dtype" in value)
  );
}
