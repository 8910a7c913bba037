/**
 * Owns the writing of Kerchunk's references (version 1): where every chunk of a dataset is, in files that stay as
 * they are, so that anything that reads Zarr reads them. Works on every format through `storedChunks`.
 */
import { FormatError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { printExactJson } from "./exact-json.js";
import { openStore } from "./open-store.js";
import type { ArraySource, Attribute, Attributes, ChunkLocation, StoredGroup } from "./source.js";

/** One reference: a whole file, a range of one, or the value itself. */
export type KerchunkReference =
  | string
  | readonly [url: string]
  | readonly [url: string, offset: number, length: number];

/** Kerchunk's document. */
export interface KerchunkReferences {
  readonly version: 1;
  readonly refs: Readonly<Record<string, KerchunkReference>>;
}

/**
 * The references of groups.
 * @param groups by their paths (`/`, `/forecasts`), as `openGroup` gives them; metadata are read already
 * @throws FormatError for an array that can't be described, or lies where others can't find it; StorageError
 */
export async function toKerchunk(
  groups: ReadonlyMap<string, StoredGroup>,
  options: { signal?: AbortSignal } = {},
): Promise<KerchunkReferences> {
  const refs: Record<string, KerchunkReference> = {};
  for (const [path, group] of groups) {
    const prefix = path === "/" ? "" : `${path.slice(1)}/`;
    refs[`${prefix}.zgroup`] = printExactJson({ zarr_format: 2 });
    refs[`${prefix}.zattrs`] = printExactJson(group.attributes);
    for (const [name, source] of group.arrays) await addArray(refs, `${prefix}${name}`, source, options);
  }
  return { version: 1, refs };
}

async function addArray(
  refs: Record<string, KerchunkReference>,
  path: string,
  source: ArraySource,
  options: { signal?: AbortSignal },
): Promise<void> {
  const stored = source.storedChunks?.();
  if (!stored)
    throw new FormatError({
      path,
      format: "a manifest",
      reason: `the places of its chunks in ${source.ref.format} are not known`,
      hint: "leave the array out",
    });
  const { shape, chunks, dtype, order, filters, compressor, fillValue, dims } = stored;
  refs[`${path}/.zarray`] = printExactJson({
    zarr_format: 2,
    shape,
    chunks,
    dtype,
    order,
    filters: filters.length ? filters : null,
    compressor,
    fill_value: fillValue,
    dimension_separator: ".",
  });
  refs[`${path}/.zattrs`] = printExactJson({ ...attributesOf(source), _ARRAY_DIMENSIONS: dims });
  const root = rootOf(path, source.ref.store);
  for await (const location of stored.locate(options)) {
    const coords = location.coords.length ? location.coords.join(".") : "0";
    refs[`${path}/${coords}`] = referenceOf(path, root, location);
  }
}

/** Attributes as they are stored: the fill value stands in `.zarray`, the encoding of text is said again. */
function attributesOf(source: ArraySource): Attributes {
  const { attributes, encoding } = source.describe();
  const { _FillValue: _fill, ...kept } = attributes;
  const text: Attribute | undefined = encoding["_Encoding"];
  return text === undefined ? kept : { ...kept, _Encoding: text };
}

function referenceOf(
  path: string,
  root: string,
  { coords, key, range, filterMask, inline }: ChunkLocation,
): KerchunkReference {
  if (filterMask !== 0)
    throw new FormatError({
      path,
      format: "a manifest",
      reason: `chunk (${coords.join(", ")}) was written without all of the filters, which a reference can't say`,
      hint: "leave the array out, or convert the file",
    });
  if (inline) return `base64:${Buffer.from(inline).toString("base64")}`;
  const url = `${root}${key}`;
  return range ? [url, range.offset, range.length] : [url];
}

/** Where a store lies, as others name it. @throws FormatError for memory, archives and references */
function rootOf(path: string, store: StoreRef): string {
  if (store.kind === "cached") return rootOf(path, store.store);
  if (store.kind === "process" || store.kind === "zip" || store.kind === "references")
    throw new FormatError({
      path,
      format: "a manifest",
      reason: {
        process: "it lies in the memory of this process",
        zip: "it lies in an archive",
        references: "it is made of references already",
      }[store.kind],
      hint: "references name files and URLs",
    });
  return openStore(store).label;
}
