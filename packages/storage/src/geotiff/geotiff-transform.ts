/** Owns where the pixels of a GeoTIFF lie: the affine transform of its tags, and coordinates from it. */
import { type Directory, listOf } from "./geotiff-file.js";

/**
 * From pixels to the world, in the order of the `affine` package: x = a·column + b·row + c, y = d·column + e·row + f;
 * the pixel's upper left corner is at whole numbers.
 */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** What GDAL takes where a file says nothing. */
const NONE: Affine = [1, 0, 0, 0, 1, 0];

/** The transform of an image; where its tags say nothing, pixels count from 0. */
export async function transformOf(directory: Directory): Promise<Affine> {
  const list = async (tag: string): Promise<number[]> => Array.from(listOf(await directory.tag(tag)), Number);
  const scale = await list("ModelPixelScale");
  const points = await list("ModelTiepoint");
  const matrix = await list("ModelTransformation");
  let affine = NONE;
  if (matrix.length === 16) affine = [matrix[0], matrix[1], matrix[3], matrix[4], matrix[5], matrix[7]];
  else if (scale.length >= 2 && points.length >= 6) {
    const [i, j, , x, y] = points;
    const [width, height] = scale;
    affine = [width, 0, x - i * width, 0, -height, y + j * height];
  } else return NONE;
  if (!affine.every(Number.isFinite)) return NONE;
  // in files whose pixels are points, the tags give their centres
  const isPoint = directory.geoKeys()["GTRasterTypeGeoKey"] === 2;
  const [a, b, c, d, e, f] = affine;
  return isPoint ? [a, b, c - 0.5 * a - 0.5 * b, d, e, f - 0.5 * d - 0.5 * e] : affine;
}

/** The transform of a smaller picture of the same place, which has so many times fewer columns and rows. */
export function scaledTransform([a, b, c, d, e, f]: Affine, columns: number, rows: number): Affine {
  return [a * columns, b * rows, c, d * columns, e * rows, f];
}

/** True where columns have one x and rows one y each. */
export function isUpright([, b, , d]: Affine): boolean {
  return b === 0 && d === 0;
}

/** GDAL's order, as in the attribute `GeoTransform`. */
export function geoTransformText([a, b, c, d, e, f]: Affine): string {
  return [c, a, b, f, d, e].map(pythonText).join(" ");
}

/** A float as Python prints it, with a point. */
function pythonText(value: number): string {
  const text = String(value);
  return /[.e]/i.test(text) ? text.replace(/e([+-])(\d)$/, "e$10$2") : `${text}.0`;
}

/** Coordinates of the centres of pixels: a number for each combination of the axes' positions. */
export interface CentresLayout {
  readonly kind: "centres";
  readonly shape: readonly number[];
  /** For each axis, 0 for columns or 1 for rows. */
  readonly axes: readonly (0 | 1)[];
  /** value = column · (i + ½) + row · (j + ½) + offset. */
  readonly column: number;
  readonly row: number;
  readonly offset: number;
}

/** The coordinates of an image: `x` and `y`, or where it is turned, `xc` and `yc` with two axes. */
export function centresOf(affine: Affine, width: number, height: number): Map<string, CentresLayout> {
  const [a, b, c, d, e, f] = affine;
  const upright = isUpright(affine);
  const x = { kind: "centres", column: a, row: b, offset: c } as const;
  const y = { kind: "centres", column: d, row: e, offset: f } as const;
  if (!upright) {
    const both = { shape: [height, width], axes: [1, 0] as const };
    return new Map([
      ["xc", { ...x, ...both }],
      ["yc", { ...y, ...both }],
    ]);
  }
  return new Map([
    ["x", { ...x, shape: [width], axes: [0] }],
    ["y", { ...y, shape: [height], axes: [1] }],
  ]);
}

/** One coordinate, at positions on its axes. */
export function centreAt({ axes, column, row, offset }: CentresLayout, index: readonly number[]): number {
  let [i, j] = [0, 0];
  axes.forEach((axis, k) => {
    if (axis === 0) i = index[k];
    else j = index[k];
  });
  return (i + 0.5) * column + (j + 0.5) * row + offset;
}
