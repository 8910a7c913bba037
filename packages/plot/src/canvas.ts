/** Owns a small raster: RGBA pixels, rectangles, lines, text. Knows no data. */
import { GLYPH_HEIGHT, GLYPH_WIDTH, inked } from "./font.js";

/** Red, green, blue: 0 to 255. */
export type Colour = readonly [number, number, number];

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row from the top. */
  readonly data: Uint8Array;
}

export function createCanvas(width: number, height: number, background: Colour): Canvas {
  const canvas = { width, height, data: new Uint8Array(width * height * 4) };
  fillRect(canvas, 0, 0, width, height, background);
  return canvas;
}

export function setPixel(canvas: Canvas, x: number, y: number, [r, g, b]: Colour, opacity = 1): void {
  if (x < 0 || y < 0 || x >= canvas.width || y >= canvas.height) return;
  const at = (y * canvas.width + x) * 4;
  const { data } = canvas;
  data[at] += (r - data[at]) * opacity;
  data[at + 1] += (g - data[at + 1]) * opacity;
  data[at + 2] += (b - data[at + 2]) * opacity;
  data[at + 3] = 255;
}

export function fillRect(
  canvas: Canvas,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Colour,
  opacity = 1,
): void {
  for (let j = y; j < y + height; j++)
    for (let i = x; i < x + width; i++) setPixel(canvas, i, j, colour, opacity);
}

/** The outline of a rectangle, one pixel wide. */
export function strokeRect(
  canvas: Canvas,
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Colour,
): void {
  fillRect(canvas, x, y, width, 1, colour);
  fillRect(canvas, x, y + height - 1, width, 1, colour);
  fillRect(canvas, x, y, 1, height, colour);
  fillRect(canvas, x + width - 1, y, 1, height, colour);
}

/** Width of a text in pixels. */
export function textWidth(text: string, scale = 1): number {
  return Math.max(0, [...text].length * (GLYPH_WIDTH + 1) - 1) * scale;
}

/** Writes a text with its upper left corner at `(x, y)`; `align` moves it to the left by half or all of its width. */
export function drawText(
  canvas: Canvas,
  x: number,
  y: number,
  text: string,
  colour: Colour,
  options: { scale?: number; align?: "left" | "middle" | "right" } = {},
): void {
  const { scale = 1, align = "left" } = options;
  const width = textWidth(text, scale);
  let left = Math.round(align === "left" ? x : align === "middle" ? x - width / 2 : x - width);
  for (const character of text) {
    for (let j = 0; j < GLYPH_HEIGHT; j++)
      for (let i = 0; i < GLYPH_WIDTH; i++)
        if (inked(character, i, j)) fillRect(canvas, left + i * scale, y + j * scale, scale, scale, colour);
    left += (GLYPH_WIDTH + 1) * scale;
  }
}
