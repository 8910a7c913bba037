/** Owns the one call of the PNG library. */
import { encode } from "fast-png";
import type { Canvas } from "./canvas.js";

/** The bytes of a PNG file. */
export function toPng(canvas: Canvas): Uint8Array {
  const { width, height, data } = canvas;
  return encode({ width, height, data, channels: 4, depth: 8 });
}
