/**
 * Owns the way from a stored group to a dataset: which variables are coordinates, what is read now and what later.
 */
import { NameError } from "@hyperslab/core/errors";
import type { ArraySource, Attribute, Attributes, StoredGroup } from "@hyperslab/storage/source";
import { coordinateNames, withBoundsAttributes } from "./conventions/coordinates.js";
import { type DecodeOptions, decodeRecipe } from "./conventions/decode-recipe.js";
import { isCharacters } from "./decode-text.js";
import { lazyVariable, loadedVariable } from "./decode-variable.js";
import { type Labelled, datasetRecord, leftOutEncoding } from "./labelled.js";
import type { ByVariable, DatasetLocation, OpenOptions } from "./open-options.js";
import type { Variable } from "./variable.js";

/** Coordinates of at most one dimension and this many elements are read at once. */
const SMALL_COORDINATE = 1 << 17;

/**
 * The dataset of a group, lazy but for labels, small coordinates and times.
 * @param location - where the group was opened, for the encoding
 * @throws StorageError, ConventionError; NameError for a variable to drop that is not there
 */
export async function datasetOfGroup(
  group: StoredGroup,
  location: DatasetLocation,
  options: OpenOptions,
): Promise<Labelled> {
  const { arrays, leftOut } = withoutDropped(group, options.dropVariables);
  const described = new Map([...arrays].map(([name, stored]) => [name, stored.describe()]));
  checkNames(options, described, group);
  const someTimes = options.decodeCf !== false && options.decodeTimes !== false;
  const attributes = someTimes ? withBoundsAttributes(described) : new Map<string, Attributes>();
  const { coordinates, used, usedGlobal, warnings } = coordinateNames(
    described,
    group.attributes,
    options.decodeCf === false ? false : (options.decodeCoords ?? true),
  );
  warn(warnings);
  warn(Object.entries(leftOut).map(([name, reason]) => `variable "${name}" is left out: ${reason}`));
  const variables = new Map<string, Variable>();
  const opened = [...arrays].map(async ([name, stored]): Promise<[string, Variable]> => {
    const info = stored.describe();
    const spent = used.get(name) ?? {};
    const own = without(attributes.get(name) ?? info.attributes, Object.keys(spent));
    const decode = decodeOptions(name, options);
    const { attributeDtypes } = info.encoding;
    const read = decodeRecipe(name, info.dtype, own, {
      ...decode,
      ...(isDtypes(attributeDtypes) ? { attributeDtypes } : {}),
    });
    warn(read.warnings);
    const joinText = options.decodeCf !== false && (of(options.concatCharacters, name) ?? true);
    const isText = joinText && isCharacters(info);
    // what is text already needs no word on its bytes any more; beside text, xarray would take it for bytes
    const decoded = joinText && !isText && info.dtype === "string" ? ["_Encoding"] : [];
    const recipe = { ...read, attributes: without(read.attributes, decoded) };
    const encoding: Attributes = {
      ...info.encoding,
      ...recipe.encoding,
      ...Object.fromEntries(Object.entries(read.attributes).filter(([key]) => decoded.includes(key))),
      ...spent,
    };
    const elements = info.shape.reduce((size, length) => size * length, 1);
    const isLabels = info.dims.length === 1 && info.dims[0] === name;
    const small = coordinates.has(name) && info.dims.length <= 1 && elements <= SMALL_COORDINATE;
    const useCftime = of(options.useCftime, name);
    const { signal, timeUnit } = options;
    const loading = {
      ...(signal ? { signal } : {}),
      ...(timeUnit ? { timeUnit } : {}),
      ...(useCftime === undefined ? {} : { useCftime }),
    };
    if (recipe.time !== null || isLabels || small || isText)
      return [name, await loadedVariable(stored, recipe, encoding, { ...loading, joinText }, warn)];
    return [name, lazyVariable(name, stored, recipe, encoding)];
  });
  for (const [name, variable] of await Promise.all(opened)) variables.set(name, variable);
  return datasetRecord(
    variables,
    coordinates,
    without(group.attributes, Object.keys(usedGlobal)),
    datasetEncoding(group, location, { ...usedGlobal, ...leftOutEncoding(leftOut) }),
  );
}

function isDtypes(value: Attribute | undefined): value is Readonly<Record<string, Attribute>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The choice for one variable; undefined where there is none for it. */
function of(choice: ByVariable | undefined, name: string): boolean | undefined {
  return typeof choice === "object" ? choice[name] : choice;
}

function decodeOptions(name: string, options: OpenOptions): DecodeOptions {
  if (options.decodeCf === false) return { maskAndScale: false, decodeTimes: false, decodeTimedelta: false };
  return {
    maskAndScale: of(options.maskAndScale, name) ?? true,
    decodeTimes: of(options.decodeTimes, name) ?? true,
    decodeTimedelta: of(options.decodeTimedelta, name),
  };
}

/** @throws NameError for a choice for a variable that is not there */
function checkNames(
  options: OpenOptions,
  variables: ReadonlyMap<string, unknown>,
  { arrays, skipped }: StoredGroup,
): void {
  const { maskAndScale, decodeTimes, decodeTimedelta, concatCharacters, useCftime } = options;
  const choices = { maskAndScale, decodeTimes, decodeTimedelta, concatCharacters, useCftime };
  for (const [operation, choice] of Object.entries(choices))
    for (const name of typeof choice === "object" ? Object.keys(choice) : [])
      if (!arrays.has(name) && !skipped?.has(name))
        throw new NameError({ name, names: [...variables.keys()], operation });
}

/** The arrays to open, and those that can't be, with the reasons. @throws NameError */
function withoutDropped(
  group: StoredGroup,
  drop: OpenOptions["dropVariables"],
): { arrays: Map<string, ArraySource>; leftOut: Readonly<Record<string, string>> } {
  const list = drop === undefined ? [] : typeof drop === "string" ? [drop] : drop;
  for (const name of list)
    if (!group.arrays.has(name) && !group.skipped?.has(name))
      throw new NameError({ name, names: [...group.arrays.keys()], operation: "dropVariables" });
  const kept = [...(group.skipped ?? [])].filter(([name]) => !list.includes(name));
  return {
    arrays: new Map([...group.arrays].filter(([name]) => !list.includes(name))),
    leftOut: Object.fromEntries(kept.map(([name, error]) => [name, error.message])),
  };
}

function without(attributes: Attributes, keys: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => !keys.includes(key)));
}

function datasetEncoding(group: StoredGroup, location: DatasetLocation, usedGlobal: Attributes): Attributes {
  const encoding: Record<string, Attribute> = { ...usedGlobal };
  if (typeof location === "string" || location instanceof URL) encoding["source"] = String(location);
  if (group.unlimited.size) encoding["unlimited_dims"] = [...group.unlimited];
  return encoding;
}

function warn(warnings: readonly string[]): void {
  for (const warning of warnings) process.emitWarning(warning, "HyperslabWarning");
}
