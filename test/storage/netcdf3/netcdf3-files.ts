/** Files of NetCDF-3 for its tests: those of the fixtures, some by hand, and what is read from them. */
import { readFileSync } from "node:fs";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, slice } from "@hyperslab/core/box";
import { isHyperslabError } from "@hyperslab/core/errors";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openNetcdf3 } from "@hyperslab/storage/netcdf3/netcdf3";
import type { ArraySource, StoredGroup } from "@hyperslab/storage/source";
import type { ReadableStore, StoreKey } from "@hyperslab/storage/store";

export interface Expected {
  dtype: string;
  dims: string[];
  shape: number[];
  values: (number | string)[];
}

const folder = new URL("../fixtures/", import.meta.url);
export const golden = JSON.parse(readFileSync(new URL("netcdf3.json", folder), "utf8")) as Record<
  string,
  Record<string, Expected>
>;

export function bytesOf(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.nc`, folder)));
}

export function storeOf(bytes: Uint8Array): MemoryStore {
  return new MemoryStore(new Map([["/file.nc", bytes]]));
}

export function open(store: ReadableStore): Promise<StoredGroup> {
  return openNetcdf3(store, "/file.nc", { kind: "process", id: 1 });
}

export function source(group: StoredGroup, name: string): ArraySource {
  const found = group.arrays.get(name);
  if (!found) throw new Error(`no variable ${name}`);
  return found;
}

export async function read(from: ArraySource, selection?: readonly AxisSelection[]): Promise<Block> {
  const { dtype, shape } = from.describe();
  const chosen = selection ?? shape.map((length) => slice(0, length));
  const lengths = chosen.map((one) => (one.kind === "slice" ? one.length : one.positions.length));
  const block = allocateBlock(dtype, lengths);
  await from.readBlock(chosen, block);
  return block;
}

export function plain(block: Block): (number | string)[] {
  return Array.from(block.data as ArrayLike<number | bigint | string>, (value) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

export async function failure(
  work: Promise<unknown>,
): Promise<{ tag: string; message: string; offset?: unknown }> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!isHyperslabError(error)) throw new Error(`not one of our errors: ${String(error)}`, { cause: error });
  const fields: Record<string, unknown> = { ...error.fields };
  return { tag: error.tag, message: error.message, offset: fields["offset"] };
}

/** A CDF-2 file, written by hand: one variable `v` of bytes, perhaps far into the file. */
export function synthetic(options: {
  attributeBytes?: number;
  length?: number;
  begin?: number;
  data?: number;
}): [bytes: Uint8Array, begin: number] {
  const { attributeBytes = 0, length = 8, data = length } = options;
  const words: number[] = [];
  const u32 = (...values: number[]): void => {
    for (const value of values)
      words.push(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  };
  const name = (text: string): void => {
    u32(text.length);
    for (let i = 0; i < Math.ceil(text.length / 4) * 4; i++)
      words.push(i < text.length ? text.charCodeAt(i) : 0);
  };
  u32(0x43444602, 0, 0x0a, 1);
  name("x");
  u32(length, 0x0c, 1);
  name("history");
  u32(2);
  name("h".repeat(attributeBytes));
  u32(0x0b, 1);
  name("v");
  u32(1, 0, 0, 0, 1, length);
  const begin = options.begin ?? words.length + 8;
  u32(Math.floor(begin / 2 ** 32), begin % 2 ** 32);
  for (let i = 0; i < data && options.begin === undefined; i++) words.push(i % 251);
  return [Uint8Array.from(words), begin];
}

/** A store that answers like a huge file: a header, and bytes that tell where they lie. */
export function hugeStore(
  header: Uint8Array,
  size: number,
): { store: ReadableStore; ranges: [number, number][] } {
  const ranges: [number, number][] = [];
  const store: ReadableStore = {
    label: "huge:",
    get: () => Promise.reject(new Error("the whole file was asked for")),
    sizeOf: () => Promise.resolve(size),
    getRange: (_key: StoreKey, range) => {
      const { offset, length } = range as { offset: number; length: number };
      ranges.push([offset, length]);
      return Promise.resolve(
        Uint8Array.from({ length }, (_, i) =>
          offset + i < header.length ? header[offset + i] : (offset + i) % 251,
        ),
      );
    },
  };
  return { store, ranges };
}
