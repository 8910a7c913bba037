/**
 * Owns the fall-back: HDF5's own library (as WebAssembly, h5wasm) for what our reader doesn't know. It reads files of
 * this machine by their path, one block at a time in each thread. Knows no metadata but those it is asked for.
 */
import type * as library from "h5wasm/node";
import type { BlockData, Dtype } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import type { ReadableStore, StoreKey } from "../store.js";

/** What the library says of a dataset of numbers. */
export interface LibraryDataset {
  readonly dtype: Exclude<Dtype, "string">;
  readonly shape: readonly number[];
  readonly chunks: readonly number[] | null;
}

type Library = typeof library;
type LibraryFile = InstanceType<Library["File"]>;

/** Files that are kept open. */
const MOST_OPEN = 8;

/** By the letter that it uses for them. */
const DTYPES: Readonly<Record<string, Exclude<Dtype, "string">>> = {
  b: "int8",
  B: "uint8",
  h: "int16",
  H: "uint16",
  i: "int32",
  I: "uint32",
  q: "int64",
  Q: "uint64",
  f: "float32",
  d: "float64",
};

let loading: Promise<Library> | undefined;
const open: Map<string, LibraryFile> = new Map();

/** The path of a value on this machine; undefined where it has none. */
export function localPath(store: ReadableStore, key: StoreKey): string | undefined {
  return "pathOf" in store && typeof store.pathOf === "function"
    ? String((store as { pathOf(key: StoreKey): string }).pathOf(key))
    : undefined;
}

/** What the library knows of a dataset; undefined where it can't read it either, or not as numbers. */
export async function describeByLibrary(path: string, dataset: string): Promise<LibraryDataset | undefined> {
  try {
    const found = await datasetOf(path, dataset);
    const { dtype, shape, metadata } = found;
    const own = typeof dtype === "string" ? DTYPES[dtype.slice(1)] : undefined;
    if (!own || !shape) return undefined;
    // an unknown filter shows only when data are read
    if (!shape.includes(0)) found.slice(shape.map(() => [0, 1]));
    return { dtype: own, shape, chunks: metadata.chunks };
  } catch {
    return undefined;
  }
}

/** A box of a dataset, in C order. @throws FormatError with what the library says */
export async function readByLibrary(
  path: string,
  dataset: string,
  start: readonly number[],
  shape: readonly number[],
): Promise<BlockData> {
  try {
    const found = await datasetOf(path, dataset);
    const data = start.length
      ? found.slice(start.map((from, axis) => [from, from + shape[axis]]))
      : found.value;
    if (ArrayBuffer.isView(data)) return data as unknown as BlockData;
    return [data] as unknown as BlockData;
  } catch (cause) {
    throw new FormatError({
      path,
      format: "HDF5",
      reason: `the library (h5wasm) can't read "${dataset}": ${messageOf(cause)}`,
      cause,
    });
  }
}

async function datasetOf(path: string, dataset: string): Promise<InstanceType<Library["Dataset"]>> {
  const hdf5 = await load();
  let file = open.get(path);
  if (!file) {
    for (const [oldest, one] of [...open].slice(0, Math.max(0, open.size - MOST_OPEN + 1))) {
      open.delete(oldest);
      one.close();
    }
    file = new hdf5.File(path, "r");
    open.set(path, file);
  }
  const found = file.get(dataset);
  if (found instanceof hdf5.Dataset) return found;
  throw new TypeError("no dataset");
}

function load(): Promise<Library> {
  loading ??= import("h5wasm/node").then(async (loaded) => {
    const module = await loaded.ready;
    // else a file that can't be opened is no error
    (module as unknown as { activate_throwing_error_handler?(): void }).activate_throwing_error_handler?.();
    return loaded;
  });
  return loading;
}

function messageOf(cause: unknown): string {
  const [first] = String(cause instanceof Error ? cause.message : cause).split("\n");
  return first;
}
