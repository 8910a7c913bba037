/**
 * Owns what DataArray and Dataset have in common apart from their operations: the record, its facts,
 * computing, and how they show themselves.
 */
import type { Plan } from "@hyperslab/core/plan";
import type { Attributes } from "@hyperslab/storage/source";
import { toHtml } from "../html.js";
import { type HasLabels, type Labelled, dimsOf, sizesOf } from "../labelled.js";
import { type ComputedBlock, blocksOf, computeAll, explain, planOfData } from "../ops/compute.js";
import { assignAttrs } from "../ops/assign.js";
import { sameObjects } from "../ops/same-objects.js";
import { repr } from "../repr.js";
import type { ComputeOptions } from "../run.js";
import type { ToZarrOptions, ZarrDestination } from "../to-zarr.js";

/** A record with a façade; `Self` is the façade's class. */
export abstract class LabelledObject<Self> {
  /** The record underneath: for functions that take several kinds of objects. */
  readonly labelled: Labelled;

  constructor(labelled: Labelled) {
    this.labelled = labelled;
  }

  /** The façade over another record. */
  protected abstract wrap(labelled: Labelled): Self;

  /** Names of the dimensions. `ds.dims // ["time", "lat", "lon"]` */
  get dims(): readonly string[] {
    return dimsOf(this.labelled);
  }

  /** Length of every dimension. `ds.sizes.time` */
  get sizes(): Readonly<Record<string, number>> {
    return Object.fromEntries(sizesOf(this.labelled));
  }

  /** Bytes of all variables, once they are in memory. `ds.nbytes` */
  get nbytes(): number {
    let total = 0;
    for (const variable of this.labelled.variables.values()) total += variable.nbytes;
    return total;
  }

  /** Lengths of the blocks along every dimension; dimensions of data in memory are left out. `ds.chunks.time` */
  get chunks(): Readonly<Record<string, readonly number[]>> {
    const chunks: Record<string, readonly number[]> = {};
    for (const variable of this.labelled.variables.values())
      variable.chunks?.forEach((lengths, axis) => (chunks[variable.dims[axis]] ??= lengths));
    return chunks;
  }

  /** True where nothing is left to compute. `da.inMemory` */
  get inMemory(): boolean {
    return [...this.labelled.variables.values()].every((variable) => variable.block !== null);
  }

  /** Attributes added or replaced. `da.assignAttrs({ units: "K" })` */
  assignAttrs(attrs: Attributes): Self {
    return this.wrap(assignAttrs(this.labelled, attrs));
  }

  /**
   * The same with all data in memory.
   *
   * ```ts
   * const mean = await ds.get("air").mean("time").compute();
   * mean.data; // an ndarray
   * ```
   * @throws TaskError, MemoryError, CancelledError
   */
  async compute(options?: ComputeOptions): Promise<Self> {
    const [computed] = await computeAll([this.labelled], options);
    return this.wrap(computed);
  }

  /** Computed once, to be used in several further computations. `const base = await ds.persist()` */
  async persist(options?: ComputeOptions): Promise<Self> {
    return this.compute(options);
  }

  /**
   * Finished blocks, in any order, as soon as each is there. Leaving the loop ends the work.
   *
   * ```ts
   * for await (const { start, data } of da.blocks()) draw(start, data);
   * ```
   */
  blocks(options: ComputeOptions = {}): AsyncGenerator<ComputedBlock, void, undefined> {
    return blocksOf(this.labelled, options);
  }

  /**
   * True where another object has the same dimensions, coordinates and elements (NaN equals NaN); lazy ones are computed.
   * `await da.equals(other)`
   */
  async equals(other: HasLabels, options?: ComputeOptions): Promise<boolean> {
    return sameObjects(this.labelled, other.labelled, false, options);
  }

  /** The same, and the same names and attributes. `await ds.identical(other)` */
  async identical(other: HasLabels, options?: ComputeOptions): Promise<boolean> {
    return sameObjects(this.labelled, other.labelled, true, options);
  }

  /**
   * What is left to compute of the data variables, as a plan for `client.start`: its output `k` is the `k`-th variable that is
   * not in memory. `await using job = await client.start(ds.mean("time"))`
   */
  plan(): Plan {
    return planOfData(this.labelled);
  }

  /** The plan, and what every rule of the optimiser changed. `console.log(da.mean().explain())` */
  explain(): string {
    return explain(this.labelled);
  }

  /**
   * Writes a Zarr store that xarray reads back as the same. The store stands under its name only when it is complete.
   *
   * ```ts
   * await ds.toZarr("anomaly.zarr", { mode: "w", encoding: { air: { chunks: [100, 25, 53] } } });
   * ```
   * @throws StorageError where a store is there already and `mode` is not "w"
   */
  async toZarr(store: ZarrDestination, options?: ToZarrOptions): Promise<void> {
    const { toZarr } = await import("../to-zarr.js");
    await toZarr(this.labelled, store, options);
  }

  /** As text, like xarray's. `String(ds)` */
  toString(): string {
    return repr(this.labelled);
  }

  /** As HTML, self-contained. `await fs.writeFile("ds.html", ds.toHtml())` */
  toHtml(): string {
    return toHtml(this.labelled);
  }

  static {
    // Node prints objects through the first of these, notebook kernels through the second
    const shown = {
      [Symbol.for("nodejs.util.inspect.custom")](this: LabelledObject<unknown>): string {
        return this.toString();
      },
      [Symbol.for("Jupyter.display")](this: LabelledObject<unknown>): Readonly<Record<string, string>> {
        return { "text/html": this.toHtml(), "text/plain": this.toString() };
      },
    };
    for (const symbol of Object.getOwnPropertySymbols(shown))
      Object.defineProperty(this.prototype, symbol, {
        value: Reflect.get(shown, symbol),
        configurable: true,
      });
  }
}
