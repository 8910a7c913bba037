/** Owns the adding, naming and dropping of variables and coordinates. */
import { ArgumentError, DimensionError, NameError } from "@hyperslab/core/errors";
import type { Attributes } from "@hyperslab/storage/source";
import { settled } from "../evaluate.js";
import {
  type Labelled,
  THIS,
  arrayVariable,
  coordsOf,
  datasetRecord,
  dimensionCoord,
  dimsOf,
  isDimensionCoord,
  mapVariables,
  namesOf,
  withVariables,
} from "../labelled.js";
import { Variable } from "../variable.js";
import { reindexLabels } from "./align.js";
import { type VariableLike, toVariable } from "./variable-like.js";

/** Coordinates added or replaced. Arrays with labels are brought onto the labels of the object. @throws ShapeError */
export function assignCoords(labelled: Labelled, coords: Readonly<Record<string, VariableLike>>): Labelled {
  const variables = new Map(labelled.variables);
  const names = new Set(labelled.coordNames);
  const data = variables.get(THIS);
  for (const [name, value] of Object.entries(coords)) {
    const made = onLabelsOf(labelled, name, toVariable(name, value, dimsOf(labelled)));
    if (labelled.kind === "array")
      for (const dim of made.variable.dims)
        if (!dimsOf(labelled).includes(dim))
          throw new DimensionError({
            dim,
            dims: dimsOf(labelled),
            operation: `assignCoords("${name}")`,
            hint: "a coordinate has dimensions of its array only",
          });
    variables.set(name, made.variable);
    names.add(name);
    for (const [key, variable] of made.coords)
      if (
        !variables.has(key) &&
        variable.dims.every((dim) => dimsOf(labelled).includes(dim) || made.variable.dims.includes(dim))
      ) {
        variables.set(key, variable);
        names.add(key);
      }
  }
  if (data) {
    variables.delete(THIS);
    variables.set(THIS, data);
  }
  return withVariables(labelled, variables, names);
}

/** A new variable on the labels of the object that takes it. */
function onLabelsOf(
  labelled: Labelled,
  name: string,
  made: ReturnType<typeof toVariable>,
): ReturnType<typeof toVariable> {
  if (!made.from) return made;
  let from = made.from;
  for (const dim of made.variable.dims) {
    const target = dimensionCoord(labelled, dim);
    if (target && dim !== name) from = reindexLabels(from, dim, target);
  }
  return from === made.from ? made : { variable: arrayVariable(from), coords: coordsOf(from), from };
}

/** Variables of a dataset added or replaced, on the labels of the dataset. */
export function assign(labelled: Labelled, values: Readonly<Record<string, VariableLike>>): Labelled {
  const variables = new Map(labelled.variables);
  const names = new Set(labelled.coordNames);
  for (const [name, value] of Object.entries(values)) {
    const made = onLabelsOf(
      { ...labelled, variables, coordNames: names },
      name,
      toVariable(name, value, dimsOf(labelled)),
    );
    variables.set(name, made.variable);
    if (isDimensionCoord(name, made.variable)) names.add(name);
    for (const [key, variable] of made.coords)
      if (!variables.has(key)) {
        variables.set(key, variable);
        names.add(key);
      }
  }
  return withVariables(labelled, variables, names);
}

export function assignAttrs(labelled: Labelled, attrs: Attributes): Labelled {
  if (labelled.kind === "dataset") return { ...labelled, attrs: { ...labelled.attrs, ...attrs } };
  return mapVariables(labelled, (variable, name) =>
    name === THIS
      ? new Variable(variable.dims, variable.node, { ...variable.attrs, ...attrs }, variable.encoding)
      : variable,
  );
}

/** New names for variables, coordinates and dimensions. @throws NameError, ArgumentError for a name that is taken */
export function rename(labelled: Labelled, names: Readonly<Record<string, string>>): Labelled {
  const dims = dimsOf(labelled);
  for (const name of Object.keys(names))
    if (!dims.includes(name) && !labelled.variables.has(name))
      throw new NameError({
        name,
        names: [...new Set([...namesOf(labelled), ...dims])],
        operation: "rename",
      });
  const next = (name: string): string => names[name] ?? name;
  const variables = new Map<string, Variable>();
  for (const [name, variable] of labelled.variables) {
    if (variables.has(next(name)))
      throw new ArgumentError({
        asked: `rename to "${next(name)}"`,
        found: "the name is taken",
        hint: "give another",
      });
    const renamed = variable.dims.some((dim) => next(dim) !== dim)
      ? new Variable(variable.dims.map(next), variable.node, variable.attrs, variable.encoding)
      : variable;
    variables.set(next(name), isDimensionCoord(next(name), renamed) ? settled(renamed) : renamed);
  }
  return withVariables(labelled, variables, [...labelled.coordNames].map(next));
}

/** Without the named variables or coordinates. @throws NameError */
export function dropVars(
  labelled: Labelled,
  names: string | readonly string[],
  ignoreMissing = false,
): Labelled {
  const list = typeof names === "string" ? [names] : names;
  for (const name of list)
    if (!ignoreMissing && (name === THIS || !labelled.variables.has(name)))
      throw new NameError({ name, names: namesOf(labelled), operation: "dropVars" });
  return withVariables(
    labelled,
    new Map([...labelled.variables].filter(([name]) => name === THIS || !list.includes(name))),
  );
}

/** Without the variables that have one of the dimensions. @throws DimensionError */
export function dropDims(labelled: Labelled, dims: string | readonly string[]): Labelled {
  const list = typeof dims === "string" ? [dims] : dims;
  for (const dim of list)
    if (!dimsOf(labelled).includes(dim))
      throw new DimensionError({ dim, dims: dimsOf(labelled), operation: "dropDims" });
  return mapVariables(labelled, (variable) =>
    variable.dims.some((dim) => list.includes(dim)) ? undefined : variable,
  );
}

/** Data variables become coordinates. @throws NameError */
export function setCoords(labelled: Labelled, names: string | readonly string[]): Labelled {
  const list = typeof names === "string" ? [names] : names;
  for (const name of list)
    if (!labelled.variables.has(name))
      throw new NameError({ name, names: namesOf(labelled), operation: "setCoords" });
  return withVariables(labelled, labelled.variables, [...labelled.coordNames, ...list]);
}

/** Coordinates become data variables, or go; those that label dimensions stay. @throws NameError */
export function resetCoords(
  labelled: Labelled,
  names?: string | readonly string[] | null,
  drop = false,
): Labelled {
  const free = [...labelled.coordNames].filter((name) => !dimensionCoord(labelled, name));
  const list = names === undefined || names === null ? free : typeof names === "string" ? [names] : names;
  for (const name of list) {
    if (!labelled.coordNames.has(name))
      throw new NameError({ name, names: [...labelled.coordNames], operation: "resetCoords" });
    if (!free.includes(name))
      throw new ArgumentError({
        asked: `resetCoords("${name}")`,
        found: "it labels a dimension",
        hint: "dropVars() removes labels",
      });
  }
  if (drop) return dropVars(labelled, list);
  const coords = [...labelled.coordNames].filter((name) => !list.includes(name));
  const kept = [...labelled.variables].filter(([name]) => !list.includes(name));
  const moved = [...labelled.variables].filter(([name]) => list.includes(name));
  return datasetRecord(new Map([...kept, ...moved]), coords, labelled.attrs, labelled.encoding);
}

/** Dimensions labelled by another coordinate, whose name they take. @throws ArgumentError, DimensionError */
export function swapDims(labelled: Labelled, dims: Readonly<Record<string, string>>): Labelled {
  for (const [from, to] of Object.entries(dims)) {
    if (!dimsOf(labelled).includes(from))
      throw new DimensionError({ dim: from, dims: dimsOf(labelled), operation: "swapDims" });
    const variable = labelled.variables.get(to);
    if (variable && (variable.dims.length !== 1 || variable.dims[0] !== from))
      throw new ArgumentError({
        asked: `swapDims({ ${from}: "${to}" })`,
        found: `"${to}" has dimensions (${variable.dims.join(", ")})`,
        hint: `name a coordinate along "${from}", or a new name`,
      });
  }
  const swapped = new Map<string, Variable>();
  for (const [name, variable] of labelled.variables) {
    const next = new Variable(
      variable.dims.map((dim) => dims[dim] ?? dim),
      variable.node,
      variable.attrs,
      variable.encoding,
    );
    swapped.set(name, isDimensionCoord(name, next) ? settled(next) : next);
  }
  const taken = Object.values(dims).filter((name) => swapped.has(name));
  return withVariables(labelled, swapped, [...labelled.coordNames, ...taken]);
}
