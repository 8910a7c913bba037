/** Owns the way from a labelled array to a picture: which axes are which, units, title. */
import { ArgumentError } from "@hyperslab/core/errors";
import type { DataArray } from "hyperslab";
import { toPng } from "./png.js";
import { drawMap, type MapOptions } from "./raster-map.js";

/**
 * A PNG of a two-dimensional array in memory; the last dimension runs across.
 *
 * ```ts
 * const mean = await ds.get("sst").mean("time").compute();
 * await writeFile("sst.png", plotMap(mean, { title: "Mean temperature" }));
 * ```
 * @throws ArgumentError for an array that is not two-dimensional or not yet computed
 */
export function plotMap(array: DataArray, options: MapOptions = {}): Uint8Array {
  if (array.dims.length !== 2)
    throw new ArgumentError({
      asked: "a map",
      found: `dimensions (${array.dims.join(", ")})`,
      hint: "select or reduce until two are left",
    });
  const [y, x] = array.dims;
  const canvas = drawMap(
    {
      values: numbersOf(array),
      x: axisOf(array, x),
      y: axisOf(array, y),
      xUnits: unitsOf(array, x),
      yUnits: unitsOf(array, y),
    },
    {
      title: [array.attrs["long_name"] ?? array.name].filter(Boolean).join(" "),
      label: typeof array.attrs["units"] === "string" ? array.attrs["units"] : undefined,
      ...options,
    },
  );
  return toPng(canvas);
}

function numbersOf(array: DataArray): Float64Array {
  const { data, shape } = array.data;
  if (array.dtype === "string")
    throw new ArgumentError({ asked: "a map", found: "texts", hint: "map numbers" });
  const out = new Float64Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < out.length; i++) out[i] = Number((data as ArrayLike<number | bigint>)[i]);
  return out;
}

/** The coordinate of a dimension; 0, 1, 2 … where it has none. */
function axisOf(array: DataArray, dim: string): Float64Array {
  if (array.coords.has(dim)) return numbersOf(array.coord(dim));
  return Float64Array.from({ length: array.sizes[dim] }, (_, i) => i);
}

function unitsOf(array: DataArray, dim: string): string | undefined {
  const units = array.coords.has(dim) ? array.coord(dim).attrs["units"] : undefined;
  return typeof units === "string" ? units : undefined;
}
