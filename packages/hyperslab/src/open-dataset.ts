/** Owns the opening of stored datasets: which variables are coordinates, what is read now and what later. */
import { ArgumentError, NameError } from "@hyperslab/core/errors";
import type { ArraySource, Attribute, Attributes, StoredGroup } from "@hyperslab/storage/source";
import { openGroup } from "@hyperslab/storage/open-group";
import { coordinateNames, withBoundsAttributes } from "./conventions/coordinates.js";
import { type DecodeOptions, decodeRecipe } from "./conventions/decode-recipe.js";
import type { FineUnit } from "./conventions/decode-times.js";
import { isCharacters } from "./decode-text.js";
import { lazyVariable, loadedVariable } from "./decode-variable.js";
import { datasetRecord, leftOutEncoding } from "./labelled.js";
import { Dataset } from "./objects.js";
import { type ChunkSpec, chunk } from "./ops/reshape.js";
import type { Variable } from "./variable.js";

/** What {@link openDataset} opens: a path, a URL, or a store of zarrita's kind, such as a Map from paths to bytes. */
export type DatasetLocation = Parameters<typeof openGroup>[0];

/** Options of {@link openDataset}; the names are xarray's. */
export interface OpenOptions {
  /** `false` turns all decoding off. */
  readonly decodeCf?: boolean;
  /** Fill values become NaN, packed numbers are unpacked. */
  readonly maskAndScale?: boolean;
  /** "days since …" become times. */
  readonly decodeTimes?: boolean;
  /** Durations become timedeltas, also those that don't say that they are. */
  readonly decodeTimedelta?: boolean;
  /** Which attributes name coordinates: `coordinates` (true), also `bounds` and the like ("all"), or none. */
  readonly decodeCoords?: boolean | "all";
  /** `true`: times always in their calendar's own dtype; `false`: an error where datetime64 can't hold them. */
  readonly useCftime?: boolean;
  /** The coarsest unit of times; `ns` unless said otherwise. */
  readonly timeUnit?: FineUnit;
  /** Chunks to compute in; the stored ones where none are given. */
  readonly chunks?: ChunkSpec | Readonly<Record<string, ChunkSpec>>;
  readonly dropVariables?: string | readonly string[];
  /** A group within the store: `forecasts/mean`. */
  readonly group?: string;
  readonly signal?: AbortSignal;
}

/** Coordinates of at most one dimension and this many elements are read at once. */
const SMALL_COORDINATE = 1 << 17;

/**
 * Opens a Zarr store (version 2 or 3) or a NetCDF-3 file, here or over HTTP. Reads labels of dimensions,
 * small coordinates and times; everything else is lazy. An array that can't be read (an unknown codec or dtype,
 * damaged metadata) is left out with a warning; whoever asks for it by name is told why.
 *
 * ```ts
 * const ds = await openDataset("https://example.org/air.zarr", { chunks: { time: 100 } });
 * ```
 * @throws StorageError, FormatError, ConventionError; ArgumentError for no location; NameError for a variable to drop that is not there
 */
export async function openDataset(location: DatasetLocation, options: OpenOptions = {}): Promise<Dataset> {
  if ((typeof location !== "object" && typeof location !== "string") || location === null || location === "")
    throw new ArgumentError({
      asked: `openDataset(${location === "" ? '""' : String(location)})`,
      found: "neither a path nor a store",
      hint: "give a path, a URL, or a store object",
    });
  const group = await openGroup(location, { group: options.group, signal: options.signal });
  const { arrays, leftOut } = withoutDropped(group, options.dropVariables);
  const decode = decodeOptions(options);
  const described = new Map([...arrays].map(([name, stored]) => [name, stored.describe()]));
  const attributes = decode.decodeTimes ? withBoundsAttributes(described) : new Map<string, Attributes>();
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
    const { attributeDtypes } = info.encoding;
    const read = decodeRecipe(name, info.dtype, own, {
      ...decode,
      ...(isDtypes(attributeDtypes) ? { attributeDtypes } : {}),
    });
    warn(read.warnings);
    const joinText = options.decodeCf !== false;
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
    if (recipe.time !== null || isLabels || small || isText)
      return [name, await loadedVariable(stored, recipe, encoding, { ...options, joinText }, warn)];
    return [name, lazyVariable(name, stored, recipe, encoding)];
  });
  for (const [name, variable] of await Promise.all(opened)) variables.set(name, variable);
  const record = datasetRecord(
    variables,
    coordinates,
    without(group.attributes, Object.keys(usedGlobal)),
    datasetEncoding(group, location, { ...usedGlobal, ...leftOutEncoding(leftOut) }),
  );
  return new Dataset(options.chunks === undefined ? record : chunk(record, options.chunks));
}

/** The same as {@link openDataset}. `await openZarr("air.zarr")` */
export const openZarr: typeof openDataset = openDataset;

function isDtypes(value: Attribute | undefined): value is Readonly<Record<string, Attribute>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function decodeOptions(options: OpenOptions): DecodeOptions {
  if (options.decodeCf === false) return { maskAndScale: false, decodeTimes: false, decodeTimedelta: false };
  return {
    maskAndScale: options.maskAndScale ?? true,
    decodeTimes: options.decodeTimes ?? true,
    decodeTimedelta: options.decodeTimedelta,
  };
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
