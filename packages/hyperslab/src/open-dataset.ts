/** Owns the opening of stored datasets: which variables are coordinates, what is read now and what later. */
import { NameError } from "@hyperslab/core/errors";
import type { ArraySource, Attribute, Attributes, StoredGroup } from "@hyperslab/storage/source";
import { openGroup } from "@hyperslab/storage/open-group";
import { coordinateNames, withBoundsAttributes } from "./conventions/coordinates.js";
import { type DecodeOptions, decodeRecipe } from "./conventions/decode-recipe.js";
import type { FineUnit } from "./conventions/decode-times.js";
import { isCharacters } from "./decode-text.js";
import { lazyVariable, loadedVariable } from "./decode-variable.js";
import { datasetRecord } from "./labelled.js";
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
 * small coordinates and times; everything else is lazy.
 *
 * ```ts
 * const ds = await openDataset("https://example.org/air.zarr", { chunks: { time: 100 } });
 * ```
 * @throws StorageError, FormatError, ConventionError; NameError for a variable to drop that is not there
 */
export async function openDataset(location: DatasetLocation, options: OpenOptions = {}): Promise<Dataset> {
  const group = await openGroup(location, { group: options.group, signal: options.signal });
  const arrays = withoutDropped(group, options.dropVariables);
  const decode = decodeOptions(options);
  const described = new Map([...arrays].map(([name, stored]) => [name, stored.describe()]));
  const attributes = decode.decodeTimes ? withBoundsAttributes(described) : new Map<string, Attributes>();
  const { coordinates, used, usedGlobal, warnings } = coordinateNames(
    described,
    group.attributes,
    options.decodeCf === false ? false : (options.decodeCoords ?? true),
  );
  warn(warnings);
  const variables = new Map<string, Variable>();
  const opened = [...arrays].map(async ([name, stored]): Promise<[string, Variable]> => {
    const info = stored.describe();
    const spent = used.get(name) ?? {};
    const own = without(attributes.get(name) ?? info.attributes, Object.keys(spent));
    const { attributeDtypes } = info.encoding;
    const recipe = decodeRecipe(name, info.dtype, own, {
      ...decode,
      ...(isDtypes(attributeDtypes) ? { attributeDtypes } : {}),
    });
    warn(recipe.warnings);
    const encoding: Attributes = { ...info.encoding, ...recipe.encoding, ...spent };
    const elements = info.shape.reduce((size, length) => size * length, 1);
    const isLabels = info.dims.length === 1 && info.dims[0] === name;
    const small = coordinates.has(name) && info.dims.length <= 1 && elements <= SMALL_COORDINATE;
    const joinText = options.decodeCf !== false;
    const isText = joinText && isCharacters(info);
    if (recipe.time !== null || isLabels || small || isText)
      return [name, await loadedVariable(stored, recipe, encoding, { ...options, joinText }, warn)];
    return [name, lazyVariable(name, stored, recipe, encoding)];
  });
  for (const [name, variable] of await Promise.all(opened)) variables.set(name, variable);
  const record = datasetRecord(
    variables,
    coordinates,
    without(group.attributes, Object.keys(usedGlobal)),
    datasetEncoding(group, location, usedGlobal),
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

function withoutDropped(group: StoredGroup, drop: OpenOptions["dropVariables"]): Map<string, ArraySource> {
  const list = drop === undefined ? [] : typeof drop === "string" ? [drop] : drop;
  for (const name of list)
    if (!group.arrays.has(name))
      throw new NameError({ name, names: [...group.arrays.keys()], operation: "dropVariables" });
  return new Map([...group.arrays].filter(([name]) => !list.includes(name)));
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
