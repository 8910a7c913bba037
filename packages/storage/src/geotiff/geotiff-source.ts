/**
 * Owns reading the arrays of a GeoTIFF: of the raster only the tiles that a block needs, near ones in one request;
 * coordinates are computed.
 */
import { valuesOf } from "@hyperslab/codecs/element";
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, positionAt, selectionLength, slice } from "@hyperslab/core/box";
import { type ChunkGrid, blockIndex, blockCounts } from "@hyperslab/core/chunk-grid";
import { toFloat16 } from "@hyperslab/core/float16";
import { stridesOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { checkSelection } from "../check-selection.js";
import { type ChunkProjection, projectChunks } from "../chunk-projection.js";
import { forEachConcurrent } from "../concurrent.js";
import type { ArrayInfo, ArraySource } from "../source.js";
import { type GetOptions, type ReadableStore, type StoreKey, checkCancelled } from "../store.js";
import { type AxisCopy, copyRegion, fillRegion } from "../strided-copy.js";
import { GeotiffFile } from "./geotiff-file.js";
import { type GeotiffDetail, describeDetail, detailFrom, fillOf, tileGrid } from "./geotiff-layout.js";
import type { RasterLayout } from "./geotiff-raster.js";
import { tileBytes, tileElements } from "./geotiff-tile.js";
import { centreAt } from "./geotiff-transform.js";

/** Tiles that are under way at once. */
const TILES = 8;

const files: WeakMap<ReadableStore, Map<string, Promise<GeotiffFile>>> = new WeakMap();

/** The open file of a key; one for each store object, since its tags are the same for all its arrays. */
export function geotiffFile(store: ReadableStore, key: StoreKey, options?: GetOptions): Promise<GeotiffFile> {
  let known = files.get(store);
  if (!known) files.set(store, (known = new Map()));
  let file = known.get(key);
  if (!file) {
    file = GeotiffFile.open(store, key, options);
    known.set(key, file);
    file.catch(() => known.delete(key));
  }
  return file;
}

/** An array of a GeoTIFF as a source. */
export class GeotiffSource implements ArraySource {
  readonly ref: SourceRef;
  readonly #detail: GeotiffDetail;
  readonly #store: ReadableStore;
  #info: ArrayInfo | undefined;

  /** @throws FormatError where the reference is none of ours */
  constructor(ref: SourceRef, store: ReadableStore) {
    this.ref = ref;
    this.#detail = detailFrom(ref);
    this.#store = store;
  }

  describe(): ArrayInfo {
    return (this.#info ??= describeDetail(this.#detail));
  }

  async readBlock(
    selection: readonly AxisSelection[],
    into: Block,
    options?: { signal?: AbortSignal },
  ): Promise<void> {
    const { array } = this.#detail;
    checkSelection(this.describe(), selection, into, this.ref.path);
    switch (array.kind) {
      case "raster":
        return this.#readRaster(array, selection, into, options?.signal ? { signal: options.signal } : {});
      case "bands":
        return fill(selection, into, ([i]) => BigInt(i + 1));
      case "centres":
        return fill(selection, into, (index) => centreAt(array, index));
      case "reference":
        return fill(selection, into, () => 0n);
    }
  }

  async #readRaster(
    layout: RasterLayout,
    selection: readonly AxisSelection[],
    into: Block,
    options: GetOptions,
  ): Promise<void> {
    const file = await geotiffFile(this.#store, this.#detail.key as StoreKey, options);
    const grid = tileGrid(layout);
    // a complex pixel's parts are read with it
    const pixels = selection.slice(0, 3);
    const strides = stridesOf(into.shape);
    await forEachConcurrent(projectChunks(grid, pixels), TILES, (projection) =>
      this.#readTile(file, layout, grid, projection, selection.slice(3), into, strides, options),
    );
  }

  async #readTile(
    file: GeotiffFile,
    layout: RasterLayout,
    grid: ChunkGrid,
    projection: ChunkProjection,
    parts: readonly AxisSelection[],
    into: Block,
    strides: readonly number[],
    options: GetOptions,
  ): Promise<void> {
    checkCancelled(options.signal, `reading ${file.path}`);
    const { planar, bands, tileWidth, tileHeight, height, tiled, directory, compression, element } = layout;
    const [band, row, column] = projection.coords;
    const counts = blockCounts(grid);
    const tile = planar
      ? blockIndex(counts, [band, row, column])
      : blockIndex(counts.slice(1), [row, column]);
    // the last strip may be shorter than the others
    const rows = tiled ? tileHeight : Math.min(tileHeight, height - row * tileHeight);
    const values = valuesOf(element);
    const shared = (planar ? 1 : bands) * values;
    const from = [values, tileWidth * shared, shared];
    const axes: AxisCopy[] = projection.axes.map((axis, i) => ({
      from: axis.from,
      to: axis.to,
      fromStride: from[i],
      toStride: strides[i],
    }));
    parts.forEach((part, i) =>
      axes.push({ from: part, to: slice(0, selectionLength(part)), fromStride: 1, toStride: strides[3 + i] }),
    );
    const stored = await file.stored(directory, tiled, tile, options);
    if (!stored) {
      const nodata = fillOf(layout) ?? 0;
      const isHalf = element.dtype === "float16";
      const still = axes.map((axis) => ({ ...axis, fromStride: 0 }));
      fillRegion(
        isHalf ? toFloat16(Number(nodata)) : typeof into.data[0] === "bigint" ? BigInt(nodata) : nodata,
        into.data,
        still,
      );
      return;
    }
    const bytes = await file.decompressed(directory, compression, stored, tileBytes(layout, rows), tile);
    copyRegion(tileElements(layout, bytes, rows, `${file.key}[${directory}][${tile}]`), into.data, axes);
  }
}

/** Computes every element of a block from its position in the array. */
function fill(
  selection: readonly AxisSelection[],
  into: Block,
  value: (index: readonly number[]) => number | bigint,
): void {
  const strides = stridesOf(into.shape);
  const data = into.data as unknown as (number | bigint)[];
  for (let i = 0; i < data.length; i++)
    data[i] = value(selection.map((axis, k) => positionAt(axis, Math.floor(i / strides[k]) % into.shape[k])));
}
