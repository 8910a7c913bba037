/**
 * Owns what the tags of one TIFF image say of its pixels: lengths, dtype, tiles, compression, nodata, attributes. Brings
 * it into the JSON-safe form that references carry. Reads no pixels.
 */
import { type Element, plainElement } from "@hyperslab/codecs/element";
import { DtypeError } from "@hyperslab/core/errors";
import type { Attribute, Attributes } from "../source.js";
import { formatError } from "./geotiff-error.js";
import { type Directory, type GeotiffFile, type TagValue, checkCompression, listOf } from "./geotiff-file.js";
import { gdalMetadata } from "./gdal-metadata.js";

/** How the pixels of one image lie in its file. */
export interface RasterLayout {
  readonly kind: "raster";
  readonly directory: number;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  /** Bits of one value; below 8 several share a byte. */
  readonly bits: number;
  readonly element: Element;
  readonly tiled: boolean;
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Each band has tiles of its own. */
  readonly planar: boolean;
  readonly compression: number;
  readonly predictor: number;
  /** JPEG tiles hold luminance and colour differences. */
  readonly luminance: boolean;
  /** As text, so that references stay JSON: `NaN`, `-Infinity`, integers in full. */
  readonly nodata: string | null;
}

/** A raster with what is said of it. */
export interface Raster {
  readonly layout: RasterLayout;
  readonly attributes: Attributes;
}

const FLOATS: Readonly<Record<number, "float16" | "float32" | "float64">> = {
  16: "float16",
  32: "float32",
  64: "float64",
};
const [UNSIGNED, SIGNED, FLOAT, UNDEFINED, COMPLEX_INTEGER, COMPLEX] = [1, 2, 3, 4, 5, 6];
const YCBCR = 6;
const JPEG = 7;
/** Values of one tile at most. */
const MOST_VALUES = 2 ** 28;

/** @throws FormatError, DtypeError, CodecError */
export async function rasterOf(file: GeotiffFile, directory: Directory): Promise<Raster> {
  const { path } = file;
  const list = async (name: string): Promise<number[]> =>
    Array.from(listOf(await directory.tag(name)), Number);
  const number = async (name: string, otherwise?: number): Promise<number> => {
    const value = (await list(name))[0] ?? otherwise;
    if (value === undefined || !Number.isSafeInteger(value) || value < 0)
      throw formatError(path, `tag ${name} of image ${directory.index} is ${String(value)}`);
    return value;
  };
  const [width, height] = [await number("ImageWidth"), await number("ImageLength")];
  const bands = await number("SamplesPerPixel", 1);
  const tileWidths = await list("TileWidth");
  const tiled = tileWidths.length > 0;
  const tileWidth = tiled ? tileWidths[0] : width;
  const rows = tiled ? await number("TileLength") : await number("RowsPerStrip", height);
  const tileHeight = tiled ? rows : Math.min(rows, height);
  const planar = (await number("PlanarConfiguration", 1)) === 2 && bands > 1;
  const lengths = [width, height, bands, tileWidth, tileHeight];
  const values = tileWidth * tileHeight * (planar ? 1 : bands);
  if (lengths.some((length) => !(length > 0 && length < 2 ** 31)) || values > MOST_VALUES)
    throw formatError(
      path,
      `image ${directory.index} has ${bands} bands of ${width} x ${height} in tiles of ${tileWidth} x ${tileHeight}`,
    );
  const bits = same(await list("BitsPerSample"), 1, "bits per value", path);
  const format = same(await list("SampleFormat"), UNSIGNED, "sample formats", path);
  const compression = await number("Compression", 1);
  checkCompression(compression, path);
  const luminance = compression === JPEG && (await number("PhotometricInterpretation", 1)) === YCBCR;
  const { attributes, nodata } = await attributesOf(directory);
  const layout: RasterLayout = {
    kind: "raster",
    directory: directory.index,
    width,
    height,
    bands,
    bits,
    tiled,
    tileWidth,
    tileHeight,
    planar,
    compression,
    luminance,
    element: elementOf(bits, format, file),
    predictor: await number("Predictor", 1),
    nodata,
  };
  if (![1, 2, 3].includes(layout.predictor)) throw formatError(path, `it has predictor ${layout.predictor}`);
  if (layout.predictor > 1 && (bits % 8 !== 0 || layout.element.inner))
    throw formatError(path, `it has a predictor for values of ${bits} bits`);
  return { layout, attributes };
}

/** All bands have to be alike. */
function same(list: readonly number[], otherwise: number, what: string, path: string): number {
  const first = list[0] ?? otherwise;
  if (list.some((one) => one !== first))
    throw formatError(
      path,
      `its bands have different ${what} (${list.slice(0, 8).join(", ")}), which isn't supported`,
    );
  return first;
}

function elementOf(bits: number, format: number, { littleEndian, path }: GeotiffFile): Element {
  const unsigned = format === UNSIGNED || format === UNDEFINED;
  if (unsigned && (bits === 1 || bits === 2 || bits === 4)) return plainElement("uint8");
  const whole = bits === 8 || bits === 16 || bits === 32 || bits === 64;
  if ((unsigned || format === SIGNED) && whole)
    return plainElement(`${unsigned ? "uint" : "int"}${bits}`, littleEndian);
  if (format === FLOAT && bits in FLOATS) return plainElement(FLOATS[bits], littleEndian);
  if (format === COMPLEX && (bits === 64 || bits === 128)) {
    const part = plainElement(bits === 64 ? "float32" : "float64", littleEndian);
    return { ...part, inner: [{ name: "complex", length: 2 }] };
  }
  const kind =
    format === COMPLEX_INTEGER ? "complex integer" : format === FLOAT ? "float" : unsigned ? "uint" : "int";
  throw new DtypeError({
    dtype: `${kind}${bits}`,
    found: `pixels of ${bits} bits in ${path}, which can't be read`,
    hint: "rewrite the file with another type (gdal_translate -ot Float32)",
  });
}

async function attributesOf(
  directory: Directory,
): Promise<{ attributes: Attributes; nodata: string | null }> {
  const [xml, value, geoKeys] = [
    await directory.tag("GDAL_METADATA"),
    await directory.tag("GDAL_NODATA"),
    directory.geoKeys(),
  ];
  const pixel = geoKeys["GTRasterTypeGeoKey"];
  const nodata = nodataOf(value);
  const attributes: Record<string, Attribute> =
    pixel === 1 || pixel === 2 ? { AREA_OR_POINT: pixel === 2 ? "Point" : "Area" } : {};
  for (const [name, text] of Object.entries(gdalMetadata(typeof xml === "string" ? xml : "")))
    Object.defineProperty(attributes, name, { value: text, enumerable: true, configurable: true });
  return { attributes, nodata };
}

/** `nan`, `-inf`, or a number in text. */
function nodataOf(value: TagValue): string | null {
  if (typeof value !== "string") return null;
  const text = value.replace(/\0.*$/s, "").trim().toLowerCase();
  if (/^[+-]?nan/.test(text)) return "NaN";
  const infinite = /^([+-]?)(?:1\.#)?inf/.exec(text);
  if (infinite) return infinite[1] === "-" ? "-Infinity" : "Infinity";
  return text !== "" && Number.isFinite(Number(text)) ? text : null;
}
