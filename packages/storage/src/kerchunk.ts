/**
 * Owns the writing of Kerchunk's references (version 1): where every chunk of a dataset is, in files that stay as
 * they are, so that anything that reads Zarr reads them. Works on every format through `storedChunks`.
 */
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import { itemSize } from "@hyperslab/core/dtype";
import { FormatError, isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { printExactJson } from "./exact-json.js";
import { openStore } from "./open-store.js";
import type {
  ArraySource,
  Attribute,
  Attributes,
  ChunkLocation,
  StoredChunks,
  StoredGroup,
} from "./source.js";

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
  const stored = describedChunks(path, source);
  if (stored instanceof FormatError) {
    if (bytesOf(source) > MOST_INLINE) throw stored;
    await addInline(refs, path, source, options);
    return;
  }
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

/** Arrays without words for their chunks stand in the references themselves, up to so many bytes. */
const MOST_INLINE = 2 ** 20;

function describedChunks(path: string, source: ArraySource): StoredChunks | FormatError {
  try {
    const stored = source.storedChunks?.();
    if (stored) return stored;
  } catch (error) {
    if (isHyperslabError(error, "FormatError")) return error;
    throw error;
  }
  return new FormatError({
    path,
    format: "a manifest",
    reason: `the places of its chunks in ${source.ref.format} are not known`,
    hint: "leave the array out",
  });
}

function bytesOf(source: ArraySource): number {
  const { shape, dtype } = source.describe();
  return sizeOf(shape) * itemSize(dtype);
}

/** The array as one chunk within the references: numbers as they are, texts with their lengths before them. */
async function addInline(
  refs: Record<string, KerchunkReference>,
  path: string,
  source: ArraySource,
  options: { signal?: AbortSignal },
): Promise<void> {
  const { shape, dtype, dims } = source.describe();
  const block = allocateBlock(dtype, shape);
  const whole = shape.map((length) => slice(0, length));
  if (block.data.length > 0) await source.readBlock(whole, block, options);
  const { data } = block;
  const isText = Array.isArray(data);
  const bytes = isText
    ? lengthsAndTexts(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const letter = dtype === "bool" ? "b" : dtype[0];
  const width = itemSize(dtype);
  const order = width === 1 ? "|" : "<";
  refs[`${path}/.zarray`] = printExactJson({
    zarr_format: 2,
    shape,
    chunks: shape.map((length) => Math.max(1, length)),
    dtype: isText ? "|O" : `${order}${letter}${width}`,
    order: "C",
    filters: isText ? [{ id: "vlen-utf8" }] : null,
    compressor: null,
    fill_value: null,
    dimension_separator: ".",
  });
  refs[`${path}/.zattrs`] = printExactJson({ ...attributesOf(source), _ARRAY_DIMENSIONS: dims });
  if (data.length > 0)
    refs[`${path}/${shape.map(() => 0).join(".") || "0"}`] =
      `base64:${Buffer.from(bytes).toString("base64")}`;
}

/** What numcodecs calls vlen-utf8: the number of texts, then each with its length before it. */
function lengthsAndTexts(texts: readonly string[]): Uint8Array {
  const word = (number: number): Uint8Array => new Uint8Array(Uint32Array.of(number).buffer);
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text, "utf8");
    return [word(bytes.length), bytes];
  });
  return Buffer.concat([word(texts.length), ...parts]);
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
