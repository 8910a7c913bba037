/**
 * Owns NetCDF-3 files (CDF-1, CDF-2, CDF-5) as groups of stored arrays: the header is read by ranges,
 * and of the data only what is asked for. Masking, scaling and times are not decoded here.
 */
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, selectionLength, slice } from "@hyperslab/core/box";
import { DtypeError, FormatError, StorageError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { SourceRef, StoreRef } from "@hyperslab/core/source-ref";
import { type Netcdf3Header, parseHeader } from "./netcdf3-header.js";
import { type Netcdf3Layout, describeLayout, layoutFrom, layoutOf, stridesIn } from "./netcdf3-layout.js";
import { netcdf3StoredChunks } from "./netcdf3-stored-chunks.js";
import type { ArrayInfo, ArraySource, Attribute, ReadOptions, StoredGroup } from "../source.js";
import { type GetOptions, type ReadableStore, type StoreKey, checkCancelled } from "../store.js";
import { readStrided } from "../strided-read.js";

/** Most headers are shorter; what is read too much is read once. */
const FIRST_PREFIX = 16 * 1024;
const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Opens a NetCDF-3 file.
 *
 * @param store - where the file lies, and `key`, which file it is
 * @param ref - the same store as a reference, for the sources' own references
 * @returns its variables, one source each; text variables are strings
 * @throws StorageError where there is no such file, FormatError where it is not NetCDF-3 or is cut off
 */
export async function openNetcdf3(
  store: ReadableStore,
  key: StoreKey,
  ref: StoreRef,
  options?: GetOptions,
): Promise<StoredGroup> {
  const path = `${store.label}${key}`;
  const fileBytes = await store.sizeOf(key, options);
  if (fileBytes === undefined)
    throw new StorageError({ path, reason: "no such file, or its size is not known" });
  const header = await readHeader(store, key, path, fileBytes, options);
  const arrays = new Map<string, ArraySource>();
  for (const variable of header.variables) {
    const detail = layoutOf(header, variable, key, fileBytes);
    arrays.set(
      variable.name,
      sourceOf({ format: "netcdf3", store: ref, path: variable.name, detail }, detail, store),
    );
  }
  return {
    format: "netcdf3",
    attributes: Object.fromEntries(
      header.attributes.map(({ name, value }): [string, Attribute] => [name, value]),
    ),
    arrays,
    dims: new Map(header.dimensions.map(({ name, length }) => [name, length])),
    unlimited: new Set(header.dimensions.filter((dim) => dim.unlimited).map((dim) => dim.name)),
  };
}

/**
 * Opens one variable by its reference, without reading the header again.
 *
 * @param store - the store that `ref.store` names
 * @throws FormatError where the reference is not one that {@link openNetcdf3} made
 */
export function openNetcdf3Source(ref: SourceRef, store: ReadableStore): ArraySource {
  return sourceOf(ref, layoutFrom(ref), store);
}

/** Reads a prefix that is long enough for the header: twice as much each time, never more than needed. */
async function readHeader(
  store: ReadableStore,
  key: StoreKey,
  path: string,
  fileBytes: number,
  options: GetOptions | undefined,
): Promise<Netcdf3Header> {
  let prefix = new Uint8Array(0);
  for (let length = FIRST_PREFIX; ;) {
    length = Math.min(length, fileBytes);
    const more = await store.getRange(
      key,
      { offset: prefix.length, length: length - prefix.length },
      options,
    );
    if (!more) throw new StorageError({ path, reason: "no such file" });
    const longer = new Uint8Array(prefix.length + more.length);
    longer.set(prefix);
    longer.set(more, prefix.length);
    prefix = longer;
    const parsed = parseHeader(prefix, path, fileBytes);
    if (!("needed" in parsed)) return parsed;
    length = Math.max(parsed.needed, prefix.length * 2);
  }
}

function sourceOf(ref: SourceRef, layout: Netcdf3Layout, store: ReadableStore): ArraySource {
  let info: ArrayInfo | undefined;
  const describe = (): ArrayInfo => (info ??= describeLayout(layout));
  return {
    ref,
    describe,
    storedChunks: () => netcdf3StoredChunks(layout),
    async readBlock(selection, into, options) {
      const { dtype } = describe();
      if (into.dtype !== dtype)
        throw new DtypeError({
          dtype: into.dtype,
          operation: `read variable "${ref.path}"`,
          found: `a block of ${into.dtype} for an array of ${dtype}`,
        });
      await read(ref.path, layout, store, selection, into, options);
    },
  };
}

async function read(
  name: string,
  layout: Netcdf3Layout,
  store: ReadableStore,
  selection: readonly AxisSelection[],
  into: Block,
  options: ReadOptions | undefined,
): Promise<void> {
  const key = layout.key as StoreKey;
  const path = `${store.label}${key}`;
  const signal = options?.signal;
  const fetch = async (offset: number, length: number, into: Uint8Array | null): Promise<Uint8Array> => {
    checkCancelled(signal, `reading variable "${name}" of ${path}`);
    if (offset + length > layout.fileBytes)
      throw new FormatError({
        path,
        format: "NetCDF-3",
        offset,
        reason: `variable "${name}" goes on to byte ${offset + length}, but the file ends at byte ${layout.fileBytes}: it is cut off`,
        hint: "copy the file again, or select fewer records",
      });
    const memory = (): Uint8Array | null => into;
    const bytes = await store.getRange(key, { offset, length }, { ...(signal ? { signal } : {}), memory });
    if (bytes) return bytes;
    throw new StorageError({ path, reason: "the file has gone since it was opened", offset, length });
  };
  const strided = stridesIn(layout);
  if (!Array.isArray(into.data)) {
    const { buffer, byteOffset, byteLength } = into.data;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    await readStrided(strided, selection, bytes, fetch);
    if (LITTLE_ENDIAN) swapBytes(bytes, strided.itemBytes);
    return;
  }
  const width = layout.joined ? layout.shape[layout.shape.length - 1] : 1;
  const characters = new Uint8Array(sizeOf(selection.map(selectionLength)) * width);
  await readStrided(strided, layout.joined ? [...selection, slice(0, width)] : selection, characters, fetch);
  decodeText(layout, characters, width, into.data);
}

/** Fixed-width text: NULs at the end are padding. Characters that stand alone are Latin-1. */
function decodeText(layout: Netcdf3Layout, bytes: Uint8Array, width: number, into: string[]): void {
  const decoder = textDecoder(layout.attributes.find(({ name }) => name === "_Encoding")?.value);
  for (let i = 0; i < into.length; i++) {
    let end = (i + 1) * width;
    while (end > i * width && bytes[end - 1] === 0) end--;
    const text = bytes.subarray(i * width, end);
    into[i] = layout.joined ? decoder.decode(text) : String.fromCharCode(...text);
  }
}

function textDecoder(encoding: Attribute | undefined): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(typeof encoding === "string" ? encoding : "utf-8");
  } catch {
    return new TextDecoder();
  }
}

/** Turns big-endian elements into little-endian ones, in place. */
export function swapBytes(bytes: Uint8Array, itemBytes: number): void {
  if (itemBytes === 2) {
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    for (let i = 0; i < words.length; i++) words[i] = (words[i] << 8) | (words[i] >>> 8);
  } else if (itemBytes >= 4) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    for (let i = 0; i < words.length; i++) words[i] = swap32(words[i]);
    if (itemBytes === 8)
      for (let i = 0; i < words.length; i += 2) {
        const high = words[i];
        words[i] = words[i + 1];
        words[i + 1] = high;
      }
  }
}

function swap32(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
