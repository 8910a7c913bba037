/** Owns the picture of a two-dimensional field on its coordinates: cells, missing values, graticule, colour bar, texts. */
import { ShapeError } from "@hyperslab/core/errors";
import {
  type Canvas,
  type Colour,
  createCanvas,
  drawText,
  fillRect,
  setPixel,
  strokeRect,
  textWidth,
} from "./canvas.js";
import { colourOf } from "./colormap.js";
import { ticks } from "./ticks.js";

/** A field on two axes: `values[j * x.length + i]` stands at `(x[i], y[j])`; NaN is missing. */
export interface Field {
  readonly values: ArrayLike<number>;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Named as in their attributes: labels of degrees are written with N, S, E, W. */
  readonly xUnits?: string;
  readonly yUnits?: string;
}

export interface MapOptions {
  readonly title?: string;
  /** Written beside the colour bar, for example units. */
  readonly label?: string;
  readonly colormap?: string;
  /** Values at the ends of the colour bar; of the field where left out. */
  readonly min?: number;
  readonly max?: number;
  /** Width of the map itself, in pixels. */
  readonly width?: number;
}

const PAPER: Colour = [255, 255, 255];
const INK: Colour = [40, 44, 52];
const MISSING: Colour = [205, 205, 200];
const LEFT = 46;
const RIGHT = 84;
const TOP = 34;
const BOTTOM = 30;

/** Draws a field. North is up, whichever way the y axis runs. @throws ShapeError where values and axes disagree */
export function drawMap(field: Field, options: MapOptions = {}): Canvas {
  const { values, x, y } = field;
  if (values.length !== x.length * y.length || values.length === 0)
    throw new ShapeError({
      asked: `a map of ${y.length} by ${x.length} cells`,
      found: `${values.length} values`,
    });
  const [low, high] = rangeOf(values, options);
  const across = [edge(x, 0), edge(x, x.length)] as const;
  const along = [edge(y, 0), edge(y, y.length)] as const;
  const width = options.width ?? Math.max(360, Math.min(1080, x.length * Math.ceil(720 / x.length)));
  const ratio = Math.abs((along[1] - along[0]) / (across[1] - across[0]));
  const height = Math.round(
    width * Math.min(2, Math.max(0.2, Number.isFinite(ratio) && ratio > 0 ? ratio : 0.5)),
  );
  const canvas = createCanvas(width + LEFT + RIGHT, height + TOP + BOTTOM, PAPER);
  const columns = cells(x, Math.min(...across), Math.max(...across), width);
  const rows = cells(y, Math.max(...along), Math.min(...along), height);
  const span = high - low || 1;
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++) {
      const value = values[rows[j] * x.length + columns[i]];
      const colour = Number.isNaN(value)
        ? MISSING
        : colourOf(options.colormap ?? "viridis", (value - low) / span);
      setPixel(canvas, LEFT + i, TOP + j, colour);
    }
  graticule(canvas, field, across, along, width, height);
  colourBar(canvas, options, low, high, width, height);
  if (options.title)
    drawText(canvas, LEFT, 12, fit(options.title, width + RIGHT - 8, 2), INK, {
      scale: textWidth(options.title, 2) > width + RIGHT - 8 ? 1 : 2,
    });
  return canvas;
}

function fit(text: string, room: number, scale: number): string {
  return textWidth(text, scale) <= room ? text : text.slice(0, Math.floor(room / 6));
}

function rangeOf(values: ArrayLike<number>, options: MapOptions): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i];
    if (values[i] > high) high = values[i];
  }
  if (low > high) [low, high] = [0, 1];
  return [options.min ?? low, options.max ?? high];
}

/** The outer edge before cell `i` (after the last one for `i` = length): half a cell from its middle. */
function edge(axis: ArrayLike<number>, i: number): number {
  if (axis.length === 1) return axis[0] + (i === 0 ? -0.5 : 0.5);
  if (i === 0) return axis[0] - (axis[1] - axis[0]) / 2;
  const last = axis.length - 1;
  return axis[last] + (axis[last] - axis[last - 1]) / 2;
}

/** For each of `count` pixels from `from` to `to`, the cell whose middle is nearest. */
function cells(axis: ArrayLike<number>, from: number, to: number, count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, pixel) => {
    const at = from + ((pixel + 0.5) / count) * (to - from);
    let lo = 0;
    let hi = axis.length - 1;
    const rising = axis[hi] >= axis[0];
    while (hi - lo > 1) {
      const middle = (lo + hi) >> 1;
      if (axis[middle] <= at === rising) lo = middle;
      else hi = middle;
    }
    return Math.abs(axis[lo] - at) <= Math.abs(axis[hi] - at) ? lo : hi;
  });
}

function graticule(
  canvas: Canvas,
  field: Field,
  across: readonly [number, number],
  along: readonly [number, number],
  width: number,
  height: number,
): void {
  const [west, east] = [Math.min(...across), Math.max(...across)];
  const [south, north] = [Math.min(...along), Math.max(...along)];
  for (const tick of ticks(west, east, 7)) {
    const x = LEFT + Math.round(((tick.value - west) / (east - west)) * (width - 1));
    fillRect(canvas, x, TOP, 1, height, INK, 0.18);
    drawText(canvas, x, TOP + height + 6, degrees(tick.value, tick.text, field.xUnits), INK, {
      align: "middle",
    });
  }
  for (const tick of ticks(south, north, 7)) {
    const y = TOP + Math.round(((north - tick.value) / (north - south)) * (height - 1));
    fillRect(canvas, LEFT, y, width, 1, INK, 0.18);
    drawText(canvas, LEFT - 5, y - 3, degrees(tick.value, tick.text, field.yUnits), INK, { align: "right" });
  }
  strokeRect(canvas, LEFT - 1, TOP - 1, width + 2, height + 2, INK);
}

/** `60°S`, `120°W`: for CF's units of latitude and longitude; plain numbers else. */
function degrees(value: number, text: string, units = ""): string {
  if (/^degrees?_?n/i.test(units))
    return value === 0 ? "0°" : `${text.replace("-", "")}°${value < 0 ? "S" : "N"}`;
  if (/^degrees?_?e/i.test(units)) {
    const turned = ((((value + 180) % 360) + 360) % 360) - 180;
    if (turned === 0 || turned === -180) return `${Math.abs(turned)}°`;
    return `${Math.abs(turned)}°${turned < 0 ? "W" : "E"}`;
  }
  return text;
}

function colourBar(
  canvas: Canvas,
  options: MapOptions,
  low: number,
  high: number,
  width: number,
  height: number,
): void {
  const x = LEFT + width + 14;
  for (let j = 0; j < height; j++)
    fillRect(canvas, x, TOP + j, 14, 1, colourOf(options.colormap ?? "viridis", 1 - (j + 0.5) / height));
  strokeRect(canvas, x - 1, TOP - 1, 16, height + 2, INK);
  for (const tick of ticks(low, high, 6)) {
    const y = TOP + Math.round((1 - (tick.value - low) / (high - low || 1)) * (height - 1));
    fillRect(canvas, x + 14, y, 3, 1, INK);
    drawText(canvas, x + 20, y - 3, tick.text, INK);
  }
  if (options.label) drawText(canvas, x - 2, TOP + height + 6, options.label.slice(0, 12), INK);
}
