/** Owns colour maps: names, and the colour of a number between 0 and 1. */
import { ArgumentError } from "@hyperslab/core/errors";
import type { Colour } from "./canvas.js";

/**
 * Control points at equal distances. viridis: matplotlib's (CC0), sampled; thermal and balance: our own, after
 * the usual maps for temperature and for differences around zero.
 */
const MAPS: Readonly<Record<string, readonly Colour[]>> = {
  viridis: [
    [68, 1, 84],
    [71, 45, 123],
    [59, 82, 139],
    [44, 114, 142],
    [33, 145, 140],
    [40, 174, 128],
    [94, 201, 98],
    [173, 220, 48],
    [253, 231, 37],
  ],
  thermal: [
    [4, 35, 71],
    [28, 52, 140],
    [90, 62, 148],
    [142, 76, 138],
    [196, 90, 118],
    [237, 114, 84],
    [251, 160, 60],
    [247, 210, 73],
    [252, 252, 180],
  ],
  balance: [
    [24, 28, 96],
    [40, 90, 190],
    [110, 165, 220],
    [190, 215, 235],
    [245, 245, 243],
    [240, 205, 185],
    [222, 140, 110],
    [190, 60, 55],
    [90, 10, 30],
  ],
  grey: [
    [0, 0, 0],
    [255, 255, 255],
  ],
};

export const COLORMAPS: readonly string[] = Object.keys(MAPS);

/** The colour of `fraction`, clipped to 0..1, on the named map. @throws ArgumentError for an unknown name */
export function colourOf(name: string, fraction: number): Colour {
  const map = MAPS[name];
  if (!map)
    throw new ArgumentError({
      asked: `colour map "${name}"`,
      found: "no such map",
      hint: `use one of ${COLORMAPS.join(", ")}`,
    });
  const place = Math.min(1, Math.max(0, fraction)) * (map.length - 1);
  const below = Math.min(map.length - 2, Math.floor(place));
  const share = place - below;
  const mix = (k: 0 | 1 | 2): number =>
    Math.round(map[below][k] + (map[below + 1][k] - map[below][k]) * share);
  return [mix(0), mix(1), mix(2)];
}
