/**
 * Owns the record under DataArray and Dataset: variables by name, and which of them are coordinates.
 * A DataArray is the record with one data variable, which stands under {@link THIS}; so an operation
 * on coordinates is written once. Operations take records and give records; the façades wrap them.
 */
import { ArgumentError, DimensionError, NameError, ShapeError } from "@hyperslab/core/errors";
import type { Attributes } from "@hyperslab/storage/source";
import type { Encoding, Variable } from "./variable.js";

/** Name of the one data variable in the record of a DataArray; no stored name contains a control character. */
export const THIS = "\u0000this";

/** Variables with shared dimensions. Immutable; the order of `variables` is the order of display. */
export interface Labelled {
  readonly kind: "array" | "dataset";
  /** The array's name; null for a dataset and for an array without one. */
  readonly name: string | null;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly coordNames: ReadonlySet<string>;
  /** Of the dataset; empty for an array, whose variable has its own. */
  readonly attrs: Attributes;
  readonly encoding: Encoding;
}

/** What carries a record: DataArray, Dataset. */
export interface HasLabels {
  readonly labelled: Labelled;
}

/** Key in a dataset's encoding: why variables of the store are not in the dataset, by name. */
const LEFT_OUT = "left_out";

/** What a dataset's encoding says of variables that could not be opened; nothing where there are none. */
export function leftOutEncoding(reasons: Readonly<Record<string, string>>): Encoding {
  return Object.keys(reasons).length ? { [LEFT_OUT]: reasons } : {};
}

/** The error for a name that is not there; says so where the store has it, and why it was left out. */
export function noSuchName(labelled: Labelled, name: string, operation: string): NameError {
  const reasons = labelled.encoding[LEFT_OUT];
  const reason =
    typeof reasons === "object" && reasons !== null && !Array.isArray(reasons)
      ? Object.entries(reasons).find(([key]) => key === name)?.[1]
      : undefined;
  const hint = typeof reason === "string" ? `it is stored, but was left out: ${reason}` : undefined;
  return new NameError({ name, names: namesOf(labelled), operation, ...(hint ? { hint } : {}) });
}

export function hasLabels(value: unknown): value is HasLabels {
  return typeof value === "object" && value !== null && "labelled" in value;
}

/** The record with other variables, checked: one length for each dimension. @throws ShapeError */
export function withVariables(
  labelled: Labelled,
  variables: ReadonlyMap<string, Variable>,
  coordNames: Iterable<string> = labelled.coordNames,
): Labelled {
  const coords = new Set<string>();
  for (const name of coordNames) if (variables.has(name)) coords.add(name);
  sizesOfVariables(variables);
  return { ...labelled, variables, coordNames: coords };
}

/** The record with every variable passed through `change`; undefined drops one. */
export function mapVariables(
  labelled: Labelled,
  change: (variable: Variable, name: string, isCoord: boolean) => Variable | undefined,
): Labelled {
  const variables = new Map<string, Variable>();
  for (const [name, variable] of labelled.variables) {
    const changed = change(variable, name, labelled.coordNames.has(name));
    if (changed) variables.set(name, changed);
  }
  return withVariables(labelled, variables);
}

/** The same for data variables alone; coordinates stay. */
export function mapData(
  labelled: Labelled,
  change: (variable: Variable, name: string) => Variable | undefined,
): Labelled {
  return mapVariables(labelled, (variable, name, isCoord) => (isCoord ? variable : change(variable, name)));
}

function sizesOfVariables(variables: ReadonlyMap<string, Variable>): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [name, variable] of variables)
    variable.dims.forEach((dim, axis) => {
      const length = variable.shape[axis];
      const known = sizes.get(dim);
      if (known !== undefined && known !== length)
        throw new ShapeError({
          asked: `${name === THIS ? "the array" : `variable "${name}"`} with dimension "${dim}" of length ${length}`,
          found: `length ${known} on another variable`,
        });
      sizes.set(dim, length);
    });
  return sizes;
}

/** Length of every dimension: in the array's own order, or for a dataset that of first use, data before coordinates. */
export function sizesOf(labelled: Labelled): Map<string, number> {
  if (labelled.kind === "dataset")
    return sizesOfVariables(new Map([...dataOf(labelled), ...coordsOf(labelled)]));
  const variable = arrayVariable(labelled);
  return new Map(variable.dims.map((dim, axis) => [dim, variable.shape[axis]]));
}

export function dimsOf(labelled: Labelled): string[] {
  return [...sizesOf(labelled).keys()];
}

/** The data variable of an array's record. */
export function arrayVariable(labelled: Labelled): Variable {
  const variable = labelled.variables.get(THIS);
  if (!variable)
    throw new ArgumentError({
      asked: "one array",
      found: "a dataset",
      hint: 'take one variable: ds.get("name")',
    });
  return variable;
}

/** The data variables, in order. */
export function dataOf(labelled: Labelled): Map<string, Variable> {
  return new Map([...labelled.variables].filter(([name]) => !labelled.coordNames.has(name)));
}

/** The coordinates, in order. */
export function coordsOf(labelled: Labelled): Map<string, Variable> {
  return new Map([...labelled.variables].filter(([name]) => labelled.coordNames.has(name)));
}

/** The coordinate that labels a dimension: the one of its name and with it as only dimension. */
export function dimensionCoord(labelled: Labelled, dim: string): Variable | undefined {
  const variable = labelled.coordNames.has(dim) ? labelled.variables.get(dim) : undefined;
  return variable && variable.dims.length === 1 && variable.dims[0] === dim ? variable : undefined;
}

/** True for the variable that labels the dimension of its name. */
export function isDimensionCoord(name: string, variable: Variable): boolean {
  return variable.dims.length === 1 && variable.dims[0] === name;
}

/** A record of an array from its parts. */
export function arrayRecord(
  variable: Variable,
  coords: ReadonlyMap<string, Variable> = new Map(),
  name: string | null = null,
): Labelled {
  const variables = new Map([...coords, [THIS, variable] as const]);
  sizesOfVariables(variables);
  return { kind: "array", name, variables, coordNames: new Set(coords.keys()), attrs: {}, encoding: {} };
}

/** A record of a dataset from its parts. */
export function datasetRecord(
  variables: ReadonlyMap<string, Variable>,
  coordNames: Iterable<string> = [],
  attrs: Attributes = {},
  encoding: Encoding = {},
): Labelled {
  const coords = new Set(coordNames);
  for (const [name, variable] of variables) if (isDimensionCoord(name, variable)) coords.add(name);
  sizesOfVariables(variables);
  return { kind: "dataset", name: null, variables, coordNames: coords, attrs, encoding };
}

/** The variables of a record whose dimensions all stand in `dims`. */
export function coordsWithin(labelled: Labelled, dims: Iterable<string>): Map<string, Variable> {
  const allowed = new Set(dims);
  return new Map(
    [...coordsOf(labelled)].filter(([, variable]) => variable.dims.every((dim) => allowed.has(dim))),
  );
}

/** One variable of a record as an array, with the coordinates that fit it. @throws NameError */
export function pickArray(labelled: Labelled, name: string, operation = "get"): Labelled {
  const variable = labelled.variables.get(name);
  if (!variable) throw new NameError({ name, names: namesOf(labelled), operation });
  return arrayRecord(variable, coordsWithin(labelled, variable.dims), name);
}

/** The names that people see. */
export function namesOf(labelled: Labelled): string[] {
  return [...labelled.variables.keys()].filter((name) => name !== THIS);
}

/** Dimension names from one name, a list or nothing (all). @throws DimensionError */
export function parseDims(
  dims: string | readonly string[] | null | undefined,
  known: readonly string[],
  operation: string,
): string[] {
  const asked =
    dims === undefined || dims === null
      ? known
      : dims === "..."
        ? known
        : typeof dims === "string"
          ? [dims]
          : dims;
  for (const dim of asked)
    if (!known.includes(dim)) throw new DimensionError({ dim, dims: known, operation });
  return [...new Set(asked)];
}
