/**
 * Owns the opening of HDF5 and netCDF-4 files as groups of stored arrays: links to datasets, scales to dimensions,
 * fields of compounds to arrays of their own. One bad dataset is left out with its reason. Reads no data.
 */
import { DtypeError, FormatError, StorageError } from "@hyperslab/core/errors";
import type { SourceRef, StoreRef } from "@hyperslab/core/source-ref";
import { fromHdf5Filters } from "@hyperslab/codecs/hdf5-filters";
import { codecOf } from "@hyperslab/codecs/registry";
import { forEachConcurrent } from "../concurrent.js";
import type { ArraySource, StoredGroup } from "../source.js";
import { type GetOptions, type ReadableStore, type StoreKey, joinKey } from "../store.js";
import { readAttributes } from "./attribute.js";
import type { FileVersion } from "./block-reader.js";
import { type DecodedAttribute, attributeValue } from "./attribute-value.js";
import { keepGroup } from "./cached-group.js";
import { isUnsupported, markUnsupported } from "./cursor.js";
import { type Hdf5Dataset, isDataset, readDataset, readDatasetByLibrary } from "./dataset.js";
import { Dimensions, type Variable, readVariable, visibleAttributes } from "./dimension-scale.js";
import { fieldsOf } from "./element-type.js";
import { GlobalHeaps } from "./global-heap.js";
import { type Hdf5Object, find, follow, rootOf } from "./group.js";
import { type ArrayView, arrayOf } from "./hdf5-array.js";
import { Hdf5Reader } from "./hdf5-reader.js";
import { Hdf5Source } from "./hdf5-source.js";
import { versionOf } from "./known-files.js";
import { isGroup, readLinks } from "./link.js";
import { openFileOf } from "./open-files.js";
import { withVirtualExtent } from "./virtual-extent.js";

export interface OpenHdf5Options extends GetOptions {
  /** A group within the file, as a path: `forecasts/mean`. */
  readonly group?: string;
  /** Of the file, where it is known already. */
  readonly version?: FileVersion;
}

/** Objects of a group that are read at once. */
const AT_ONCE = 8;

/** What a group's links lead to. */
interface Members {
  readonly variables: readonly Variable[];
  readonly groups: readonly string[];
  readonly skipped: Map<string, Error>;
}

/**
 * Opens a group of an HDF5 file.
 * @param store where the file lies, and `key`, which file it is
 * @param ref the same store as a reference, for the sources' own references
 * @throws StorageError where there is no such file, FormatError where it is not HDF5, is cut off, or has no such group
 */
export async function openHdf5(
  store: ReadableStore,
  key: StoreKey,
  ref: StoreRef,
  options: OpenHdf5Options = {},
): Promise<StoredGroup> {
  const version = options.version ?? (await versionOf(store, key, options));
  if (!version) throw new StorageError({ path: `${store.label}${key}`, reason: "no such file" });
  const file = (await openFileOf(store, key, version)).with(options);
  const root = await rootOf(file);
  const names = (options.group ?? "").split("/").filter((name) => name !== "");
  const dimensions = new Dimensions();
  let group = root;
  let path: StoreKey = "/";
  let members = await readMembers(group, root, path);
  enter(dimensions, members);
  for (const name of names) {
    group = await find(group, root, name);
    if (!isGroup(group.header))
      throw new FormatError({
        path: file.path,
        format: "HDF5",
        reason: `"${names.join("/")}" is no group`,
        hint: `there are ${members.groups.join(", ") || "no groups"}`,
      });
    path = joinKey(path, name);
    members = await readMembers(group, root, path);
    enter(dimensions, members);
  }
  const opened = await groupOf(group, root, members, dimensions, { store, ref, path });
  keepGroup(store, key, version, path, opened);
  return opened;
}

function enter(dimensions: Dimensions, { variables }: Members): void {
  dimensions.enter(variables);
  dimensions.stretch(variables);
}

async function readMembers(group: Hdf5Object, root: Hdf5Object, path: StoreKey): Promise<Members> {
  const links = await readLinks(group.file, group.header);
  const found = new Map<string, Variable | "group">();
  const skipped = new Map<string, Error>();
  await forEachConcurrent(links, AT_ONCE, async (link) => {
    try {
      const object = await follow(group, root, link);
      if (isDataset(object.header)) {
        const dataset = await readOrFallBack(object, joinKey(path, link.name));
        found.set(link.name, await readVariable(link.name, dataset));
      } else if (isGroup(object.header)) found.set(link.name, "group");
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      skipped.set(link.name, error);
    }
  });
  const variables: Variable[] = [];
  const groups: string[] = [];
  for (const { name } of links) {
    const one = found.get(name);
    if (one === "group") groups.push(name);
    else if (one) variables.push(one);
  }
  return { variables, groups, skipped };
}

/** The dataset; as HDF5's own library has it where our reader doesn't know something of it. */
async function readOrFallBack(object: Hdf5Object, path: StoreKey): Promise<Hdf5Dataset> {
  try {
    const dataset = await withVirtualExtent(await readDataset(object));
    // types and filters show here whether they are known
    checkReadable(dataset);
    return dataset;
  } catch (error) {
    if (!(error instanceof Error) || !isUnsupported(error)) throw error;
    const found = await readDatasetByLibrary(object, path);
    if (!found) throw error;
    process.emitWarning(
      `"${path}" is read by HDF5's own library (h5wasm), slower and one block at a time: ${error.message}`,
      "HyperslabWarning",
    );
    return found;
  }
}

/** @throws DtypeError, CodecError where nothing of the dataset can be read */
function checkReadable({ type, layout, filters, file }: Hdf5Dataset): void {
  const fields = fieldsOf(type, file.offsetSize);
  const [{ element: first }] = fields;
  if (first instanceof DtypeError && fields.every(({ element }) => element instanceof DtypeError))
    throw first;
  if (layout.kind !== "chunked") return;
  try {
    fromHdf5Filters(filters, { size: layout.elementBytes }).forEach((spec) => codecOf(spec));
  } catch (error) {
    throw error instanceof Error ? markUnsupported(error) : error;
  }
}

interface Place {
  readonly store: ReadableStore;
  readonly ref: StoreRef;
  readonly path: StoreKey;
}

async function groupOf(
  group: Hdf5Object,
  root: Hdf5Object,
  { variables, groups, skipped }: Members,
  dimensions: Dimensions,
  place: Place,
): Promise<StoredGroup> {
  const arrays = new Map<string, ArraySource>();
  const dims = new Map([...dimensions.own.values()].map(({ name, length }) => [name, length]));
  for (const variable of variables) {
    if (variable.isPure) continue;
    try {
      const used = distinct(variable.name, dimensions.of(variable));
      for (const dim of used) dims.set(dim.name, dim.length);
      for (const [name, source] of sourcesOf(variable, used, place, skipped)) arrays.set(name, source);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      skipped.set(variable.name, error);
    }
  }
  const attributes = await groupAttributes(group);
  const rootAttributes = group === root ? attributes : await groupAttributes(root);
  const isNetcdf =
    ["_NCProperties", "_nc3_strict"].some((name) => rootAttributes.has(name)) ||
    variables.some((variable) => variable.attributes.has("_Netcdf4Dimid"));
  return {
    format: isNetcdf ? "netcdf4" : "hdf5",
    attributes: visibleAttributes(attributes).values,
    arrays,
    dims,
    unlimited: new Set([...dimensions.own.values()].flatMap((dim) => (dim.isUnlimited ? [dim.name] : []))),
    skipped,
    groups,
  };
}

/**
 * Dimensions of an array, each name once: with us an axis is known by its name. netCDF allows a matrix along one
 * dimension and the same again; the second then is called otherwise, and that is said.
 */
function distinct<T extends { readonly name: string }>(variable: string, dims: readonly T[]): T[] {
  const seen = new Map<string, number>();
  return dims.map((dim) => {
    const times = (seen.get(dim.name) ?? 0) + 1;
    seen.set(dim.name, times);
    if (times === 1) return dim;
    const name = `${dim.name}_${times}`;
    process.emitWarning(
      `variable "${variable}" has the dimension "${dim.name}" twice: its further axis is called "${name}"`,
      "HyperslabWarning",
    );
    return { ...dim, name };
  });
}

async function groupAttributes({ file, header }: Hdf5Object): Promise<Map<string, DecodedAttribute>> {
  const heaps = new GlobalHeaps(file);
  const attributes = new Map<string, DecodedAttribute>();
  for (const raw of await readAttributes(file, header)) {
    const decoded = await attributeValue(file, heaps, raw);
    if (decoded) attributes.set(raw.name, decoded);
  }
  return attributes;
}

/** The arrays of a dataset: one, or one for each field of its compound. */
function sourcesOf(
  variable: Variable,
  used: readonly { readonly name: string; readonly length: number }[],
  place: Place,
  skipped: Map<string, Error>,
): [string, ArraySource][] {
  const { dataset, name } = variable;
  const { space, file } = dataset;
  if (space.kind === "null")
    throw new FormatError({
      path: file.path,
      format: "HDF5",
      reason: `dataset "${name}" has no elements (a null dataspace)`,
    });
  const { values, dtypes } = visibleAttributes(variable.attributes);
  const view: ArrayView = {
    name,
    shape: used.map(({ length }) => length),
    dims: used.map((dim) => dim.name),
    attributes: values,
    attributeDtypes: dtypes,
  };
  const sources: [string, ArraySource][] = [];
  for (const field of fieldsOf(dataset.type, file.offsetSize)) {
    const own = field.path === "" ? name : `${name}.${field.path}`;
    try {
      if (field.element instanceof DtypeError) throw field.element;
      const detail = arrayOf(dataset, field.element, view);
      const ref: SourceRef = { format: "hdf5", store: place.ref, path: joinKey(place.path, own), detail };
      sources.push([own, new Hdf5Source(ref, place.store, new Hdf5Reader(ref, place.store))]);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      skipped.set(own, error);
    }
  }
  return sources;
}
