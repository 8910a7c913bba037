/**
 * Owns what a reference to a stored array of an HDF5 file carries: where its chunk index is, what its elements are
 * and its attributes, as JSON, however many chunks there are; and the description that follows from it. Reads nothing.
 */
import { type ChunkGrid, regularGrid, axisFromBounds } from "@hyperslab/core/chunk-grid";
import type { Hdf5Filter } from "@hyperslab/codecs/hdf5-filters";
import { FormatError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { blockShape } from "../block-shape.js";
import { parseExactJson, printExactJson } from "../exact-json.js";
import type { ArrayInfo, Attribute, Attributes } from "../source.js";
import type { FileVersion } from "./block-reader.js";
import type { Hdf5Dataset } from "./dataset.js";
import type { Hdf5Element } from "./element-type.js";
import type { Superblock } from "./hdf5-file.js";
import type { Layout } from "./layout.js";

/** JSON-safe. */
export interface Hdf5Array {
  /** The file in its store. */
  readonly key: string;
  readonly version: FileVersion;
  readonly superblock: Superblock;
  readonly element: Hdf5Element;
  /** As the array is seen: an axis without limit is as long as its dimension. Without axes within elements. */
  readonly shape: readonly number[];
  /** As it is stored. */
  readonly extent: readonly number[];
  readonly maxShape: readonly (number | null)[];
  /** Of all axes, those within elements last. */
  readonly dims: readonly string[];
  readonly layout: Layout;
  readonly filters: readonly Hdf5Filter[];
  /** One element's bytes in hex; null where none is defined. */
  readonly fill: string | null;
  /** Bounds of the source arrays of a virtual one, on each axis. */
  readonly bounds?: readonly (readonly number[])[];
  /** As JSON text, so that large integers and NaN come through. */
  readonly attributes: string;
  readonly attributeDtypes: Readonly<Record<string, string>>;
}

/** How an array is seen: in a group with dimensions, or on its own. */
export interface ArrayView {
  readonly shape: readonly number[];
  /** Of the axes of `shape`. */
  readonly dims: readonly string[];
  readonly name: string;
  readonly attributes: Attributes;
  readonly attributeDtypes: Readonly<Record<string, string>>;
}

/** The reference's detail for (a field of) a dataset. */
export function arrayOf(dataset: Hdf5Dataset, element: Hdf5Element, view: ArrayView): Hdf5Array {
  const { file, space, layout, filters, fill } = dataset;
  const inner = (element.stored.inner ?? []).slice(0, element.isReference ? -1 : undefined);
  const rank = view.shape.length;
  return {
    key: file.key,
    version: file.version,
    superblock: file.superblock,
    element,
    shape: view.shape,
    extent: space.shape,
    maxShape: space.maxShape,
    dims: [...view.dims, ...inner.map((axis, i) => axis.name ?? `${view.name}_dim_${rank + i}`)],
    layout,
    filters,
    fill: fill && Buffer.from(fill).toString("hex"),
    ...(dataset.bounds ? { bounds: dataset.bounds } : {}),
    attributes: printExactJson(view.attributes),
    attributeDtypes: view.attributeDtypes,
  };
}

/** What a reader has to know of a reference. @throws FormatError where it is not one of ours */
export function arrayFrom(ref: SourceRef): Hdf5Array {
  const array = ref.detail as Partial<Hdf5Array> | null;
  const sound =
    ref.format === "hdf5" &&
    typeof array?.key === "string" &&
    array.superblock !== undefined &&
    array.layout !== undefined &&
    array.element !== undefined &&
    Array.isArray(array.shape) &&
    array.extent?.length === array.shape.length &&
    typeof array.attributes === "string";
  if (!sound)
    throw new FormatError({
      path: ref.path,
      format: "reference to an HDF5 dataset",
      reason: `its detail is ${String(JSON.stringify(ref.detail)).slice(0, 200)}`,
      hint: "open the file anew with this version",
    });
  return array as Hdf5Array;
}

/** The lengths of the axes within one element, as the array shows them. */
function innerLengths({ element }: Hdf5Array): number[] {
  const inner = (element.stored.inner ?? []).map(({ length }) => length);
  return element.isReference ? inner.slice(0, -1) : inner;
}

/** The grid of the array as it is seen. */
function gridOf(array: Hdf5Array): ChunkGrid {
  return storedGrid(array).slice(0, array.shape.length + innerLengths(array).length);
}

/**
 * The grid of the chunks, with all axes within elements as they are stored; of what has no chunks, blocks that run
 * through the file.
 */
export function storedGrid(array: Hdf5Array): ChunkGrid {
  const inner = (array.element.stored.inner ?? []).map(({ length }) => length);
  const shape = [...array.shape, ...inner];
  const { layout, bounds, element } = array;
  if (layout.kind === "chunked") return regularGrid(shape, [...layout.chunks, ...inner]);
  if (layout.kind === "library" && layout.chunks) return regularGrid(shape, layout.chunks);
  if (bounds)
    return [
      ...array.shape.map((length, axis) => axisFromBounds(length === 0 ? [0] : bounds[axis])),
      ...regularGrid(inner, inner),
    ];
  return regularGrid(shape, blockShape(shape, element.stored.size));
}

/** What is known of the array without reading it. */
export function describeArray(array: Hdf5Array): ArrayInfo {
  const { element, layout, filters } = array;
  const has = (id: number): boolean => filters.some((filter) => filter.id === id);
  const level = filters.find(({ id }) => id === 1)?.values[0];
  const encoding: Record<string, Attribute> = {
    dtype: element.type,
    byteOrder: element.stored.littleEndian ? "little" : "big",
    layout: layout.kind,
    contiguous: layout.kind === "contiguous",
    chunksizes: layout.kind === "chunked" ? layout.chunks : null,
    zlib: has(1),
    ...(level === undefined ? {} : { complevel: level }),
    shuffle: has(2),
    fletcher32: has(3),
    filters: filters.map(({ id, name, values }) => ({ id, ...(name ? { name } : {}), values })),
    originalShape: array.shape,
    attributeDtypes: array.attributeDtypes,
  };
  if (element.words)
    encoding["enum"] = Object.fromEntries(element.words.map(([word, value]) => [word, Number(value)]));
  if (element.stored.kind === "bytes" && element.stored.size === 1) encoding["dtype"] = "|S1";
  return {
    dtype: element.dtype,
    shape: [...array.shape, ...innerLengths(array)],
    grid: gridOf(array),
    dims: array.dims,
    attributes: parseExactJson(array.attributes) as Attributes,
    encoding,
    ...(layout.kind === "contiguous" ? { storedBytes: storedBytes(array) } : {}),
  };
}

function storedBytes({ layout, extent, element }: Hdf5Array): number {
  if (layout.kind !== "contiguous" || layout.address === null) return 0;
  const { record, size, inner = [] } = element.stored;
  return (
    sizeOf(extent) * (record?.bytes ?? size * inner.reduce((product, { length }) => product * length, 1))
  );
}
