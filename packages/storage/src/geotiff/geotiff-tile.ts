/** Owns the step from a tile's decompressed bytes to its elements: bits, predictors, byte order, colour. Reads nothing. */
import { NATIVE_LITTLE } from "@hyperslab/codecs/byte-order";
import { decodeElements } from "@hyperslab/codecs/element-bytes";
import { storedBytesOf } from "@hyperslab/codecs/element";
import { type BlockData, allocate } from "@hyperslab/core/dtype";
import { CodecError } from "@hyperslab/core/errors";
import type { RasterLayout } from "./geotiff-raster.js";

/** Values next to each other in one row of a tile: all bands', but where these have tiles of their own. */
function interleaved({ planar, bands }: RasterLayout): number {
  return planar ? 1 : bands;
}

/** Bytes of `rows` rows of a tile, decompressed. */
export function tileBytes(layout: RasterLayout, rows: number): number {
  const { tileWidth, bits, element } = layout;
  const values = tileWidth * interleaved(layout);
  return rows * (bits < 8 ? Math.ceil((values * bits) / 8) : values * storedBytesOf(element));
}

/**
 * The elements of a tile of `rows` rows: rows, columns, and bands innermost where they share it.
 * @param bytes at least {@link tileBytes}; they may be changed
 * @throws CodecError where there are fewer
 */
export function tileElements(
  layout: RasterLayout,
  bytes: Uint8Array,
  rows: number,
  chunk: string,
): BlockData {
  const size = tileBytes(layout, rows);
  if (bytes.length < size)
    throw new CodecError({
      codec: "TIFF",
      chunk,
      reason: `the tile holds ${bytes.length} bytes where it has ${size}`,
      hint: "the tile is damaged",
    });
  const { element, bits, predictor, tileWidth, luminance } = layout;
  const row = tileWidth * interleaved(layout);
  const own = new Uint8Array(bytes.subarray(0, size));
  if (bits < 8) return unpacked(own, bits, row, rows);
  if (predictor === 3) {
    unmix(own, row, rows, interleaved(layout), element.size);
    return decodeElements(own, { ...element, littleEndian: NATIVE_LITTLE }, true);
  }
  const elements = decodeElements(own, element, true);
  if (predictor === 2) accumulate(elements, row, rows, interleaved(layout));
  if (luminance) toColours(elements as Uint8Array);
  return elements;
}

/** Several values in a byte, the first in its highest bits; rows begin at whole bytes. */
function unpacked(bytes: Uint8Array, bits: number, row: number, rows: number): BlockData {
  const out = allocate("uint8", row * rows);
  const rowBytes = Math.ceil((row * bits) / 8);
  const mask = 2 ** bits - 1;
  for (let j = 0, to = 0; j < rows; j++)
    for (let i = 0; i < row; i++) {
      const bit = i * bits;
      out[to++] = ((bytes[j * rowBytes + (bit >> 3)] >> (8 - bits - (bit & 7))) & mask) as never;
    }
  return out;
}

/** Predictor 2: every value is a difference to the one before it in its band. */
function accumulate(elements: BlockData, row: number, rows: number, step: number): void {
  const data = wordsOf(elements);
  for (let j = 0; j < rows; j++)
    for (let i = j * row + step; i < (j + 1) * row; i++) data[i] = addWords(data[i], data[i - step]);
}

/** Differences are of bits, also where the values are floats. */
function wordsOf(elements: BlockData): (number | bigint)[] {
  if (Array.isArray(elements)) throw new TypeError("text has no differences");
  const { buffer, byteOffset, length, BYTES_PER_ELEMENT: size } = elements;
  const Words =
    size === 1 ? Uint8Array : size === 2 ? Uint16Array : size === 4 ? Uint32Array : BigUint64Array;
  return new Words(buffer as ArrayBuffer, byteOffset, length) as unknown as (number | bigint)[];
}

function addWords(a: number | bigint, b: number | bigint): number | bigint {
  return typeof a === "bigint" ? a + (b as bigint) : a + (b as number);
}

/**
 * Predictor 3: in every row the highest bytes of all values come first, then the next ones …, and each byte is a difference
 * to that of the value before it in its band.
 */
function unmix(bytes: Uint8Array, row: number, rows: number, step: number, size: number): void {
  const mixed = new Uint8Array(row * size);
  for (let j = 0; j < rows; j++) {
    const start = j * row * size;
    mixed.set(bytes.subarray(start, start + row * size));
    for (let i = step; i < mixed.length; i++) mixed[i] += mixed[i - step];
    for (let i = 0; i < row; i++)
      for (let b = 0; b < size; b++) {
        const place = NATIVE_LITTLE ? size - 1 - b : b;
        bytes[start + i * size + place] = mixed[b * row + i];
      }
  }
}

/** Luminance and colour differences to red, green and blue, as JPEG has them. */
function toColours(data: Uint8Array): void {
  const clamped = new Uint8ClampedArray(3);
  for (let i = 0; i + 2 < data.length; i += 3) {
    const [y, blue, red] = [data[i], data[i + 1] - 128, data[i + 2] - 128];
    clamped[0] = y + 1.402 * red;
    clamped[1] = y - 0.344136 * blue - 0.714136 * red;
    clamped[2] = y + 1.772 * blue;
    data.set(clamped, i);
  }
}
