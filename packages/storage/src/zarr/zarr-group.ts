/**
 * Owns the opening of a Zarr group: finding its arrays (from consolidated metadata, or one by one) and making
 * sources of them. One bad array is left out with its reason; it doesn't spoil the group.
 */
import { shown } from "@hyperslab/codecs/shown";
import { FormatError, isHyperslabError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { forEachConcurrent } from "../concurrent.js";
import { type Json, isJsonObject, parseExactJson } from "../exact-json.js";
import { openStore } from "../open-store.js";
import type { ArraySource, Attributes, StoredGroup } from "../source.js";
import { type GetOptions, type ReadableStore, type StoreKey, joinKey, keySegments } from "../store.js";
import { type ZarrArray, formatError } from "./zarr-metadata.js";
import { ZarrSource } from "./zarr-source.js";
import { readV2Arrays } from "./zarr-v2-metadata.js";
import { checkV3Group, readV3Arrays } from "./zarr-v3-metadata.js";

export interface ZarrGroupOptions extends GetOptions {
  /**
   * False looks at every array's own metadata, also where the group has consolidated ones: what these say may be old.
   * Default: consolidated metadata are believed.
   */
  readonly consolidated?: boolean;
  /** What opens a folder of Parquet files with references, where one is found: its documents are there, its chunks aren't. */
  readonly references?: (folder: StoreKey) => StoreRef;
}

/** The metadata documents of one node; those of a version that isn't there are undefined. */
interface Documents {
  readonly zarr?: Json;
  readonly zarray?: Json;
  readonly zgroup?: Json;
  readonly zattrs?: Json;
}

/** A group before its arrays are made: documents of the nodes directly below, or why they can't be read. */
interface Listing {
  readonly attributes: Attributes;
  readonly nodes: ReadonlyMap<string, Documents | Error>;
  /** The one node is an array at the path itself, named after its folder. */
  readonly single?: boolean;
  /** The chunks are to be had through the references in the folder's Parquet files. */
  readonly references?: boolean;
}

/**
 * Opens the group (or the single array) at `path`; null where nothing of Zarr lies there.
 * @throws FormatError for damaged metadata of the group itself, StorageError
 */
export async function openZarrGroup(
  store: ReadableStore,
  ref: StoreRef,
  path: StoreKey,
  options?: ZarrGroupOptions,
): Promise<StoredGroup | null> {
  const listing = await listGroup(store, path, options);
  if (!listing) return null;
  if (listing.references && options?.references) {
    const inner = options.references(path);
    return openZarrGroup(openStore(inner), inner, "/", { ...options, references: undefined });
  }
  const arrays = new Map<string, ArraySource>();
  const skipped = new Map<string, Error>();
  const groups: string[] = [];
  const dims = new Map<string, number>();
  for (const [name, documents] of [...listing.nodes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      if (documents instanceof Error) throw documents;
      if (!isArray(documents)) {
        groups.push(name);
        continue;
      }
      const place = listing.single ? path : joinKey(path, name);
      // a document may name anything
      keySegments(place);
      for (const [own, array] of readArrays(`${store.label}${place}`, name, documents)) {
        if (array instanceof Error) {
          skipped.set(own, array);
          continue;
        }
        const source = new ZarrSource({ format: "zarr", store: ref, path: place, detail: array }, store);
        agreeOnDims(dims, array, `${store.label}${place}`);
        arrays.set(own, source);
      }
    } catch (error) {
      skipped.set(name, error instanceof Error ? error : new Error(String(error)));
    }
  }
  return {
    format: "zarr",
    attributes: listing.attributes,
    arrays,
    dims,
    unlimited: new Set(),
    skipped,
    groups,
  };
}

function isArray(documents: Documents): boolean {
  if (isJsonObject(documents.zarr)) return documents.zarr["node_type"] !== "group";
  return documents.zarray !== undefined;
}

/** One array; of records, one for each field. */
function readArrays(path: string, name: string, documents: Documents): Map<string, ZarrArray | Error> {
  return documents.zarr === undefined
    ? readV2Arrays(path, name, documents.zarray ?? null, documents.zattrs ?? null)
    : readV3Arrays(path, name, documents.zarr);
}

function agreeOnDims(dims: Map<string, number>, array: ZarrArray, path: string): void {
  array.dims.forEach((dim, axis) => {
    const length = dims.get(dim) ?? array.shape[axis];
    if (length !== array.shape[axis] || array.dims.indexOf(dim) !== axis)
      throw new FormatError({
        path,
        format: "zarr",
        reason: `dimensions ${shown(array.dims)} of shape (${array.shape.join(", ")}) don't fit ${shown(dim)} of length ${length} in the other arrays`,
        hint: "mend the names of its dimensions",
      });
  });
  array.dims.forEach((dim, axis) => dims.set(dim, array.shape[axis]));
}

async function listGroup(
  store: ReadableStore,
  path: StoreKey,
  options: ZarrGroupOptions | undefined,
): Promise<Listing | null> {
  const zarr = await readJson(store, joinKey(path, "zarr.json"), options);
  if (zarr !== undefined) {
    if (!isJsonObject(zarr)) throw formatError(`${store.label}${path}`, "zarr.json is no JSON object");
    if (zarr["node_type"] === "array") return singleArray(store, path, { zarr });
    checkV3Group(`${store.label}${joinKey(path, "zarr.json")}`, zarr);
    return listV3(store, path, zarr, options);
  }
  const consolidated =
    options?.consolidated === false ? undefined : await readJson(store, joinKey(path, ".zmetadata"), options);
  if (consolidated !== undefined) return listV2(`${store.label}${path}`, consolidated);
  const root = await readV2(store, path, options);
  if (root.zarray !== undefined) return singleArray(store, path, root);
  // arrays that lie in a folder without any metadata of its own are a group, too
  const nodes: ReadonlyMap<string, Documents | Error> =
    root.zgroup !== undefined || store.list ? await listNodes(store, path, options) : new Map();
  // a folder of whole datasets is not one itself
  const isBare = ![...nodes.values()].some((node) => node instanceof Error || isArray(node));
  if (root.zgroup === undefined && isBare) return null;
  return { attributes: attributesOf(root.zattrs), nodes };
}

async function listV3(
  store: ReadableStore,
  path: StoreKey,
  zarr: { readonly [key: string]: Json },
  options: ZarrGroupOptions | undefined,
): Promise<Listing> {
  const inline = options?.consolidated === false ? undefined : inlineNodes(zarr, "");
  const nodes = inline ?? (await listNodes(store, path, options));
  return { attributes: attributesOf(zarr["attributes"]), nodes };
}

/** The nodes of version 3's consolidated metadata that lie directly below the group `prefix` (`a/b/`, or nothing). */
function inlineNodes(zarr: Json, prefix: string): Map<string, Documents> | undefined {
  const inline = isJsonObject(zarr) ? zarr["consolidated_metadata"] : undefined;
  const metadata = isJsonObject(inline) && inline["kind"] === "inline" ? inline["metadata"] : undefined;
  if (!isJsonObject(metadata)) return undefined;
  const nodes = new Map<string, Documents>();
  for (const [key, document] of Object.entries(metadata)) {
    const name = key.slice(prefix.length);
    if (key.startsWith(prefix) && name !== "" && !name.includes("/")) nodes.set(name, { zarr: document });
  }
  return nodes;
}

/** `.zmetadata`: every document of the store, by its key. */
function listV2(path: string, consolidated: Json): Listing {
  const metadata = isJsonObject(consolidated) ? consolidated["metadata"] : undefined;
  if (!isJsonObject(metadata)) throw formatError(path, '.zmetadata has no object "metadata"');
  const format = isJsonObject(consolidated) ? consolidated["zarr_consolidated_format"] : undefined;
  if (format !== undefined && format !== 1)
    throw formatError(path, `.zmetadata says zarr_consolidated_format ${String(format)}, not 1`);
  const references = isJsonObject(consolidated) && consolidated["record_size"] !== undefined;
  return {
    attributes: attributesOf(metadata[".zattrs"]),
    nodes: zmetadataNodes(metadata, ""),
    references,
  };
}

function zmetadataNodes(metadata: { readonly [key: string]: Json }, prefix: string): Map<string, Documents> {
  const nodes = new Map<string, Documents>();
  for (const [key, document] of Object.entries(metadata)) {
    if (!key.startsWith(prefix)) continue;
    const [name, file, ...deeper] = key.slice(prefix.length).split("/");
    if (name === "" || file === undefined || deeper.length) continue;
    nodes.set(name, { ...nodes.get(name), [file.slice(1)]: document });
  }
  return nodes;
}

/**
 * Looks into every folder below; where the store can't list, what the root's consolidated metadata say.
 * @throws FormatError where there is neither
 */
async function listNodes(
  store: ReadableStore,
  path: StoreKey,
  options: ZarrGroupOptions | undefined,
): Promise<Map<string, Documents | Error>> {
  if (!store.list && options?.consolidated === false)
    throw new FormatError({
      path: `${store.label}${path}`,
      format: "zarr",
      reason: "this store can't list its keys, so that its arrays aren't known without consolidated metadata",
      hint: "leave `consolidated` out",
    });
  if (!store.list) return nodesFromRoot(store, path, options);
  const names = (await store.list(path, options)).filter(({ kind }) => kind === "prefix");
  const nodes = new Map<string, Documents | Error>();
  await forEachConcurrent(names, 8, async ({ name }) => {
    const place = joinKey(path, name);
    try {
      const zarr = await readJson(store, joinKey(place, "zarr.json"), options);
      const documents = zarr === undefined ? await readV2(store, place, options) : { zarr };
      if (zarr !== undefined || documents.zarray !== undefined || documents.zgroup !== undefined)
        nodes.set(name, documents);
    } catch (error) {
      if (!isHyperslabError(error, "FormatError")) throw error;
      nodes.set(name, error);
    }
  });
  return nodes;
}

async function nodesFromRoot(
  store: ReadableStore,
  path: StoreKey,
  options: GetOptions | undefined,
): Promise<Map<string, Documents>> {
  const prefix = path === "/" ? "" : `${path.slice(1)}/`;
  const zarr = await readJson(store, "/zarr.json", options);
  const inline = zarr === undefined ? undefined : inlineNodes(zarr, prefix);
  if (inline) return inline;
  const consolidated = await readJson(store, "/.zmetadata", options);
  const metadata = isJsonObject(consolidated) ? consolidated["metadata"] : undefined;
  if (isJsonObject(metadata)) return zmetadataNodes(metadata, prefix);
  throw new FormatError({
    path: `${store.label}${path}`,
    format: "zarr",
    reason: "the group has no consolidated metadata, and this store can't list its keys",
    hint: "consolidate the metadata (in Python: zarr.consolidate_metadata)",
  });
}

async function readV2(
  store: ReadableStore,
  path: StoreKey,
  options: GetOptions | undefined,
): Promise<Documents> {
  const [zarray, zgroup, zattrs] = await Promise.all(
    [".zarray", ".zgroup", ".zattrs"].map((name) => readJson(store, joinKey(path, name), options)),
  );
  return { zarray, zgroup, zattrs };
}

async function readJson(
  store: ReadableStore,
  key: StoreKey,
  options: GetOptions | undefined,
): Promise<Json | undefined> {
  const bytes = await store.get(key, options);
  if (bytes === undefined) return undefined;
  try {
    return parseExactJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw formatError(`${store.label}${key}`, `not JSON: ${reason}`, cause);
  }
}

function attributesOf(json: Json | undefined): Attributes {
  if (!isJsonObject(json)) return {};
  return Object.fromEntries(Object.entries(json).filter(([key]) => !key.toLowerCase().startsWith("_nc")));
}

function singleArray(store: ReadableStore, path: StoreKey, documents: Documents): Listing {
  const place = path === "/" ? store.label : path;
  const last = place.split(/[/\\]/).findLast((part) => part !== "") ?? "";
  const name = last.replace(/\.zarr$/i, "").replace(/[^\p{L}\p{N}_.-]/gu, "") || "array";
  return { attributes: {}, nodes: new Map([[name, documents]]), single: true };
}
