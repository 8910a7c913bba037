/**
 * Owns GeoTIFFs as groups of arrays: `band_data` with its bands, the coordinates of its pixels' centres, and its
 * coordinate reference system, in xarray's and rioxarray's words. Smaller pictures (overviews) and further images are groups.
 */
import { FormatError, isHyperslabError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { printExactJson } from "../exact-json.js";
import type { ArraySource, Attribute, Attributes, StoredGroup } from "../source.js";
import type { GetOptions, ReadableStore, StoreKey } from "../store.js";
import { crsAttributes } from "./geotiff-crs.js";
import { type Directory, type GeotiffFile, listOf } from "./geotiff-file.js";
import type { GeotiffDetail } from "./geotiff-layout.js";
import { rasterOf } from "./geotiff-raster.js";
import { GeotiffSource, geotiffFile } from "./geotiff-source.js";
import {
  type Affine,
  centresOf,
  geoTransformText,
  isUpright,
  scaledTransform,
  transformOf,
} from "./geotiff-transform.js";

/** Bits of the tag that says what an image is for. */
const [REDUCED, MASK] = [1, 4];

/** An image with those that belong to it. */
interface Picture {
  readonly main: Directory;
  readonly overviews: Directory[];
  mask?: Directory;
}

/**
 * Opens a GeoTIFF.
 * @param group "/" for the first image; `overview_0`, `overview_1` … for its smaller pictures, largest first;
 *   `image_1` … for further images (`image_1/overview_0` for theirs)
 * @throws StorageError, FormatError, DtypeError, CodecError
 */
export async function openGeotiff(
  store: ReadableStore,
  key: StoreKey,
  ref: StoreRef,
  group: StoreKey = "/",
  options?: GetOptions,
): Promise<StoredGroup> {
  const file = await geotiffFile(store, key, options);
  const pictures = await picturesOf(file);
  const [, image, overview] = /^\/(?:image_(\d+)\/?)?(?:overview_(\d+))?$/.exec(group) ?? [];
  const picture = pictures[Number(image ?? 0)];
  const shown = overview === undefined ? picture?.main : picture?.overviews[Number(overview)];
  if (!/^\/(?:image_\d+\/?)?(?:overview_\d+)?$/.test(group) || !shown)
    throw new FormatError({
      path: file.path,
      format: "TIFF",
      reason: `it has no group "${group.slice(1)}"`,
      hint: `its groups are ${namesOf(pictures).join(", ") || "none"}`,
    });
  const isMain = shown === picture.main;
  return {
    ...(await groupOf(file, store, key, ref, picture, shown)),
    groups: isMain ? namesBelow(pictures, picture) : [],
  };
}

async function groupOf(
  file: GeotiffFile,
  store: ReadableStore,
  key: StoreKey,
  ref: StoreRef,
  picture: Picture,
  shown: Directory,
): Promise<StoredGroup> {
  const own = await rasterOf(file, shown);
  // what is said of a picture holds for the smaller ones as well
  const main = shown === picture.main ? own : await rasterOf(file, picture.main);
  const { attributes } = main;
  const layout = { ...own.layout, nodata: own.layout.nodata ?? main.layout.nodata };
  const affine = await affineOf(picture, shown, layout.width, layout.height);
  const arrays = new Map<string, ArraySource>();
  const skipped = new Map<string, Error>();
  const dims = new Map([
    ["band", layout.bands],
    ["y", layout.height],
    ["x", layout.width],
    ...(layout.element.inner ?? []).map((axis): [string, number] => [axis.name ?? "inner", axis.length]),
  ]);
  const add = (
    name: string,
    array: GeotiffDetail["array"],
    names: readonly string[],
    told: Attributes,
  ): void => {
    const detail: GeotiffDetail = { key, array, dims: names, attributes: printExactJson(told) };
    arrays.set(name, new GeotiffSource({ format: "geotiff", store: ref, path: name, detail }, store));
  };
  const crs = crsAttributes(picture.main.geoKeys());
  const mapping = { grid_mapping: "spatial_ref" };
  const coordinates = isUpright(affine) ? "spatial_ref" : "xc yc spatial_ref";
  add("band_data", layout, [...dims.keys()], { ...attributes, ...mapping, coordinates });
  add("band", { kind: "bands", bands: layout.bands }, ["band"], {});
  for (const [name, array] of centresOf(affine, layout.width, layout.height))
    add(
      name,
      array,
      array.axes.map((axis) => (axis === 0 ? "x" : "y")),
      axisAttributes(name, crs),
    );
  add("spatial_ref", { kind: "reference" }, [], { ...crs, GeoTransform: geoTransformText(affine) });
  if (picture.mask && shown === picture.main) {
    try {
      const mask = await rasterOf(file, picture.mask);
      const fits = mask.layout.width === layout.width && mask.layout.height === layout.height;
      if (fits && mask.layout.bands === 1)
        add("mask", mask.layout, ["mask_band", "y", "x"], {
          long_name: "1 where pixels are valid",
          ...mapping,
        });
    } catch (error) {
      if (!isHyperslabError(error)) throw error;
      skipped.set("mask", error);
    }
  }
  return { format: "geotiff", attributes: {}, arrays, dims, unlimited: new Set(), skipped };
}

/** CF's words for coordinates. */
function axisAttributes(name: string, crs: Readonly<Record<string, Attribute>>): Attributes {
  if (name !== "x" && name !== "y") return {};
  const mapping = crs["grid_mapping_name"];
  if (mapping === undefined && crs["spatial_ref"] === undefined) return { axis: name.toUpperCase() };
  if (mapping === "latitude_longitude")
    return name === "x"
      ? { axis: "X", long_name: "longitude", standard_name: "longitude", units: "degrees_east" }
      : { axis: "Y", long_name: "latitude", standard_name: "latitude", units: "degrees_north" };
  return {
    axis: name.toUpperCase(),
    long_name: `${name} coordinate of projection`,
    standard_name: `projection_${name}_coordinate`,
    units: "metre",
  };
}

/** An overview shows the same place with fewer pixels. */
async function affineOf(picture: Picture, shown: Directory, width: number, height: number): Promise<Affine> {
  const affine = await transformOf(picture.main);
  if (shown === picture.main) return affine;
  const length = async (tag: string): Promise<number> => Number(listOf(await picture.main.tag(tag))[0]);
  return scaledTransform(
    affine,
    (await length("ImageWidth")) / width,
    (await length("ImageLength")) / height,
  );
}

/** Images in the order of the file: smaller pictures and masks come after what they belong to. */
async function picturesOf(file: GeotiffFile): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const directory of await file.directories()) {
    const purpose = Number(listOf(await directory.tag("NewSubfileType"))[0] ?? 0);
    const last = pictures.at(-1);
    if (!last || (purpose & (REDUCED | MASK)) === 0) pictures.push({ main: directory, overviews: [] });
    else if ((purpose & MASK) === 0) last.overviews.push(directory);
    else if ((purpose & REDUCED) === 0) last.mask ??= directory;
  }
  if (pictures.length === 0)
    throw new FormatError({ path: file.path, format: "TIFF", reason: "there is no image in it" });
  return pictures;
}

/** The groups that can be opened from an image's own. */
function namesBelow(pictures: readonly Picture[], picture: Picture): string[] {
  const images = picture === pictures[0] ? pictures.slice(1).map((_, i) => `image_${i + 1}`) : [];
  return [...picture.overviews.map((_, i) => `overview_${i}`), ...images];
}

function namesOf(pictures: readonly Picture[]): string[] {
  return pictures.flatMap((picture, i) => [
    ...(i === 0 ? [] : [`image_${i}`]),
    ...picture.overviews.map((_, k) => `${i === 0 ? "" : `image_${i}/`}overview_${k}`),
  ]);
}
