/** Owns what references to arrays of a GeoTIFF carry, and the descriptions that follow from it. Reads nothing. */
import { valuesOf } from "@hyperslab/codecs/element";
import { type ChunkGrid, regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { isBig } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { parseExactJson } from "../exact-json.js";
import type { ArrayInfo, Attribute, Attributes } from "../source.js";
import type { RasterLayout } from "./geotiff-raster.js";
import type { CentresLayout } from "./geotiff-transform.js";

/** Strips of a few rows are planned together, up to about so many bytes. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/** The numbers of the bands, from 1. */
export interface BandsLayout {
  readonly kind: "bands";
  readonly bands: number;
}

/** The one value of `spatial_ref`, which only carries attributes. */
export interface ReferenceLayout {
  readonly kind: "reference";
}

/** The `detail` of a reference: JSON. */
export interface GeotiffDetail {
  /** The file in its store. */
  readonly key: string;
  readonly array: RasterLayout | CentresLayout | BandsLayout | ReferenceLayout;
  readonly dims: readonly string[];
  /** The attributes as JSON text, so that large integers and NaN come through. */
  readonly attributes: string;
}

/** @throws FormatError where the reference is none of ours */
export function detailFrom(ref: SourceRef): GeotiffDetail {
  const detail = ref.detail as Partial<GeotiffDetail> | null;
  const sound =
    ref.format === "geotiff" &&
    typeof detail?.key === "string" &&
    typeof detail.attributes === "string" &&
    Array.isArray(detail.dims) &&
    typeof detail.array === "object";
  if (sound) return detail as GeotiffDetail;
  throw new FormatError({
    path: ref.path,
    format: "reference to an array of a GeoTIFF",
    reason: `its detail is ${String(JSON.stringify(ref.detail)).slice(0, 200)}`,
    hint: "open the file anew with this version",
  });
}

/** Bands, rows, columns; and within complex pixels their parts. */
function rasterShape({ bands, height, width, element }: RasterLayout): number[] {
  return [bands, height, width, ...(element.inner ?? []).map(({ length }) => length)];
}

/** The tiles of a raster, as they are stored. */
export function tileGrid({ bands, height, width, tileHeight, tileWidth, planar }: RasterLayout): ChunkGrid {
  return regularGrid([bands, height, width], [planar ? 1 : bands, tileHeight, tileWidth]);
}

/** The blocks that are read at once: tiles, or several strips. */
function readGrid(layout: RasterLayout): ChunkGrid {
  const { bands, height, width, tileHeight, tileWidth, planar, tiled, element } = layout;
  const across = (planar ? 1 : bands) * tileWidth * tileHeight * element.size * valuesOf(element);
  const strips = tiled ? 1 : Math.max(1, Math.floor(BLOCK_BYTES / across));
  const inner = (element.inner ?? []).map(({ length }) => length);
  const chunks = [planar ? 1 : bands, tileHeight * strips, tileWidth, ...inner];
  return regularGrid([bands, height, width, ...inner], chunks);
}

/** The description of an array. A raster's nodata is its `_FillValue`. */
export function describeDetail(detail: GeotiffDetail): ArrayInfo {
  const { array, dims } = detail;
  const attributes: Record<string, Attribute> = { ...(parseExactJson(detail.attributes) as Attributes) };
  switch (array.kind) {
    case "raster": {
      const { element, nodata, compression, predictor, planar } = array;
      const fill = fillOf(array);
      if (nodata !== null && fill !== undefined) attributes["_FillValue"] = fill;
      const { tileWidth, tileHeight, tiled } = array;
      return {
        dtype: element.dtype,
        shape: rasterShape(array),
        grid: readGrid(array),
        dims,
        attributes,
        encoding: {
          compression,
          predictor,
          nodata,
          layout: tiled ? "tiles" : "strips",
          chunks: [tileHeight, tileWidth],
          interleave: planar ? "band" : "pixel",
          byteOrder: element.littleEndian ? "little" : "big",
        },
      };
    }
    case "centres":
      return {
        dtype: "float64",
        shape: array.shape,
        grid: wholeGrid(array.shape),
        dims,
        attributes,
        encoding: {},
      };
    case "bands":
      return {
        dtype: "int64",
        shape: [array.bands],
        grid: wholeGrid([array.bands]),
        dims,
        attributes,
        encoding: {},
      };
    case "reference":
      return { dtype: "int64", shape: [], grid: [], dims, attributes, encoding: {} };
  }
}

/** Nodata as an element; undefined where the dtype can't hold it. */
export function fillOf({ nodata, element, bits }: RasterLayout): number | bigint | undefined {
  const { dtype } = element;
  if (nodata === null) return undefined;
  if (isBig(dtype)) {
    if (!/^[+-]?\d+$/.test(nodata)) return undefined;
    const value = BigInt(nodata);
    const kept = dtype === "int64" ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
    return kept === value ? value : undefined;
  }
  const value = Number(nodata);
  if (dtype === "float32") return Math.fround(value);
  if (dtype.startsWith("float")) return value;
  const [lo, hi] = dtype.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return Number.isInteger(value) && value >= lo && value <= hi ? value : undefined;
}
