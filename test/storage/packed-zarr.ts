/** The small Zarr stores of fixtures/make_zarr.py, as stores in memory. */
import { readFileSync } from "node:fs";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, positionAt, selectionLength, slice } from "@hyperslab/core/box";
import { stridesOf } from "@hyperslab/core/shape";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import type { ArraySource } from "@hyperslab/storage/source";

export interface PackedArray {
  readonly dims: string[];
  readonly shape: number[];
  /** Elements as Python prints them. */
  readonly values: string[];
}

export interface Packed {
  /** A new store each time: tests may damage it. */
  store(): MemoryStore;
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly arrays: Readonly<Record<string, PackedArray>>;
}

export function packedZarr(version: 2 | 3): Packed {
  const path = new URL(`fixtures/zarr-v${version}.json`, import.meta.url);
  const { keys, arrays } = JSON.parse(readFileSync(path, "utf8")) as {
    keys: Record<string, string>;
    arrays: Record<string, PackedArray>;
  };
  const values = new Map(
    Object.entries(keys).map(([key, text]) => [key, new Uint8Array(Buffer.from(text, "base64"))]),
  );
  return { store: () => new MemoryStore(new Map(values)), keys: values, arrays };
}

export function whole(shape: readonly number[]): AxisSelection[] {
  return shape.map((length) => slice(0, length));
}

export async function readAll(source: ArraySource, selection?: readonly AxisSelection[]): Promise<Block> {
  const { dtype, shape } = source.describe();
  const asked = selection ?? whole(shape);
  const block = allocateBlock(dtype, asked.map(selectionLength));
  await source.readBlock(asked, block);
  return block;
}

/** The elements of a block as Python prints them. */
export function texts({ dtype, data }: Block): string[] {
  return Array.from(data as ArrayLike<unknown>, (value) =>
    dtype.startsWith("float") && Number.isInteger(value) ? `${String(value)}.0` : String(value),
  );
}

/** What a selection takes of the elements of an array, one by one. */
export function pick<T>(
  flat: readonly T[],
  shape: readonly number[],
  selection: readonly AxisSelection[],
): T[] {
  const strides = stridesOf(shape);
  let offsets = [0];
  selection.forEach((one, axis) => {
    offsets = offsets.flatMap((offset) =>
      Array.from({ length: selectionLength(one) }, (_, i) => offset + positionAt(one, i) * strides[axis]),
    );
  });
  return offsets.map((offset) => flat[offset]);
}
