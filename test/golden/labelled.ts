/** Compares labelled results with xarray's: values, dtypes, dimensions, names, coordinates and attributes. */
import type { DataArray, Dataset } from "hyperslab";
import {
  type HasLabels,
  type Labelled,
  arrayVariable,
  coordsOf,
  dataOf,
  dimsOf,
  sizesOf,
} from "hyperslab/labelled";
import type { Variable } from "hyperslab/variable";
import {
  attributeWord,
  differences,
  type GoldenAttribute,
  type GoldenDataArray,
  type GoldenDataset,
  type GoldenVariable,
  plainAttributes,
} from "./golden.js";

/** What xarray refuses. */
export interface GoldenError {
  readonly kind: "error";
  readonly error: string;
  readonly message: string;
}

export interface GoldenExpression {
  readonly id: string;
  readonly python: string;
  readonly typescript: string | null;
  readonly expected: GoldenDataArray | GoldenDataset | GoldenError;
}

/** The names that expressions use. */
export type Names = Readonly<
  Record<
    | "t"
    | "p"
    | "count"
    | "mask"
    | "big"
    | "tiny"
    | "weight"
    | "rain"
    | "old"
    | "flow"
    | "time"
    | "lat"
    | "lon"
    | "day"
    | "month"
    | "basin"
    | "name"
    | "zone"
    | "height",
    DataArray
  > & { ds: Dataset }
>;

/** Expressions by id. */
export type Expressions = Readonly<Record<string, (names: Names) => DataArray | Dataset>>;

/** How elements are compared: `near` where another order of summation is right, too. */
export type Mode = "exact" | "near";

/** Where a computed result differs from the golden one, a line each; none where it agrees. */
export function labelledDifferences(
  got: HasLabels,
  golden: GoldenDataArray | GoldenDataset,
  mode: Mode = "near",
): string[] {
  const { labelled } = got;
  const found: string[] = [];
  if (golden.kind === "DataArray") {
    if (labelled.kind !== "array") return ["a dataset, want an array"];
    if (labelled.name !== golden.name) found.push(`name ${labelled.name}, want ${golden.name}`);
    found.push(...variableDifferences("the array", arrayVariable(labelled), golden, mode));
  } else {
    if (labelled.kind !== "dataset") return ["an array, want a dataset"];
    found.push(...attributeDifferences("the dataset", labelled.attrs, golden.attributes));
    found.push(...setDifferences("variable", dataOf(labelled), golden.data, mode));
    found.push(...same("sizes", sorted(Object.fromEntries(sizesOf(labelled))), sorted(golden.sizes)));
  }
  found.push(...setDifferences("coordinate", coordsOf(labelled), golden.coords, mode));
  found.push(...same("indexes", indexesOf(labelled), [...golden.indexes].sort()));
  return found;
}

function setDifferences(
  what: string,
  ours: ReadonlyMap<string, Variable>,
  golden: Readonly<Record<string, GoldenVariable>>,
  mode: Mode,
): string[] {
  const found = same(`${what}s`, [...ours.keys()].sort(), Object.keys(golden).sort());
  for (const [name, want] of Object.entries(golden)) {
    const variable = ours.get(name);
    if (variable) found.push(...variableDifferences(`${what} ${name}`, variable, want, mode));
  }
  return found;
}

/** The same for one variable; `what` names it in the lines. */
export function variableDifferences(
  what: string,
  variable: Variable,
  golden: GoldenVariable,
  mode: Mode,
): string[] {
  const found = same(`${what}: dims`, variable.dims, golden.dims);
  const { block } = variable;
  const wrong = block ? differences(block, golden, mode) : "not in memory after compute()";
  if (wrong) found.push(`${what}: ${wrong}`);
  return [...found, ...attributeDifferences(what, variable.attrs, golden.attributes)];
}

function attributeDifferences(
  what: string,
  ours: Readonly<Record<string, unknown>>,
  golden: Readonly<Record<string, GoldenAttribute>>,
): string[] {
  const words = Object.fromEntries(Object.entries(ours).map(([name, value]) => [name, attributeWord(value)]));
  return same(`${what}: attributes`, sorted(words), sorted(plainAttributes(golden)));
}

/** The dimensions whose labels can be selected by. */
function indexesOf(labelled: Labelled): string[] {
  const coords = coordsOf(labelled);
  return dimsOf(labelled)
    .filter((dim) => coords.get(dim)?.dims.join() === dim)
    .sort();
}

function same(what: string, got: unknown, want: unknown): string[] {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  return a === b ? [] : [`${what} ${a}, want ${b}`];
}

function sorted(record: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
