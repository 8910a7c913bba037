/** Owns reading datasets that lie in one piece, at fixed strides, into a block; fields of compounds with their gaps. */
import { swapBytes } from "@hyperslab/codecs/byte-order";
import { decodeElements, isNative } from "@hyperslab/codecs/element-bytes";
import { type Element, storedBytesOf } from "@hyperslab/codecs/element";
import { type AxisSelection, selectionLength } from "@hyperslab/core/box";
import type { BlockData } from "@hyperslab/core/dtype";
import { type Shape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { ReadOptions } from "../source.js";
import { type ReadableStore, type StoreKey, checkCancelled } from "../store.js";
import { type StridedLayout, readStrided } from "../strided-read.js";
import { damaged } from "./cursor.js";
import { dataOf } from "./known-files.js";
import type { Hdf5Array } from "./hdf5-array.js";

/**
 * Reads elements that went through no filter: all of an array, or one chunk of it.
 * @param address of the data in the file, user block included
 * @param shape of what lies there, without axes within elements
 */
export async function readContiguous(
  array: Hdf5Array,
  address: number,
  shape: Shape,
  store: ReadableStore,
  selection: readonly AxisSelection[],
  data: BlockData,
  options?: ReadOptions,
): Promise<void> {
  const path = `${store.label}${array.key}`;
  const signal = options?.signal;
  const fetch = async (offset: number, length: number, into: Uint8Array | null): Promise<Uint8Array> => {
    checkCancelled(signal, `reading ${path}`);
    if (offset + length > array.version.size)
      throw damaged(
        path,
        offset,
        `the data of a dataset go on to byte ${offset + length}, but the file ends at byte ${array.version.size}`,
      );
    const memory = (): Uint8Array | null => into;
    const request = { ...(signal ? { signal } : {}), memory };
    return dataOf(store, array.key as StoreKey, array.version, offset, length, request);
  };
  const { stored } = array.element;
  const layout = stridedLayout(stored, shape, address);
  if (!Array.isArray(data)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    await readStrided(layout, selection, bytes, fetch);
    if (!isNative(stored)) swapBytes(bytes, stored.size);
    if (stored.dtype === "bool") for (let i = 0; i < bytes.length; i++) if (bytes[i] > 1) bytes[i] = 1;
    return;
  }
  const bytes = new Uint8Array(sizeOf(selection.map(selectionLength)) * stored.size);
  await readStrided(layout, selection, bytes, fetch);
  const { record: _, ...alone } = stored;
  decodeElements(bytes, alone, true, data);
}

/** Where the values lie, those within elements on axes of their own. */
function stridedLayout(stored: Element, shape: Shape, address: number): StridedLayout {
  const inner = (stored.inner ?? []).map(({ length }) => length);
  const itemBytes = storedBytesOf(stored);
  return {
    begin: address + (stored.record?.offset ?? 0),
    shape: [...shape, ...inner],
    strides: [
      ...stridesOf(shape).map((stride) => stride * itemBytes),
      ...stridesOf(inner).map((stride) => stride * stored.size),
    ],
    itemBytes: stored.size,
  };
}
