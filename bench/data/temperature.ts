/**
 * Owns the stored data set of the bench: two-metre temperature, smooth with noise, rounded to 12 bits of
 * mantissa, daily. Made by zarr-python where it is there (stores as people have them), else by us.
 * Sizes at scale `ci`: 2.0 GB of elements, 0.6 GB as Blosc-LZ4 and 0.4 GB as zstd; `full` is four times that.
 */
import { execFileSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dataArray, dataset, inlineExecutor } from "hyperslab";
import type { Place, Scale } from "../case.js";
import { randomOf } from "./raw-array.js";

/** How the data is stored: version of Zarr, and compressor. */
export type TemperatureStore = "v2-lz4" | "v3-lz4" | "v2-zstd" | "v3-zstd";

/** Elements along time, latitude, longitude; and of a chunk along time. */
export interface TemperatureShape {
  readonly shape: readonly [number, number, number];
  readonly chunk: number;
}

const SHAPES: Record<Scale, TemperatureShape> = {
  tiny: { shape: [40, 18, 36], chunk: 4 },
  ci: { shape: [480, 721, 1440], chunk: 4 },
  full: { shape: [1920, 721, 1440], chunk: 4 },
};

export function temperatureShape(scale: Scale): TemperatureShape {
  return SHAPES[scale];
}

/** Bytes of all elements. */
export function temperatureBytes(scale: Scale): number {
  return 4 * SHAPES[scale].shape.reduce((a, b) => a * b, 1);
}

/** Folder name of the store. */
export function temperatureName(scale: Scale, store: TemperatureStore): string {
  return `temperature-${scale}-${store}.zarr`;
}

const PROGRAM = fileURLToPath(new URL("../../peers/make_temperature.py", import.meta.url));

/** Makes the store if it is not there yet. */
export async function makeTemperature(place: Place, store: TemperatureStore): Promise<void> {
  const path = join(place.data, temperatureName(place.scale, store));
  if (existsSync(path)) return;
  const { shape, chunk } = SHAPES[place.scale];
  const part = `${path}.part`;
  rmSync(part, { recursive: true, force: true });
  if (place.python)
    execFileSync(place.python, [PROGRAM, part, store, ...shape.map(String), String(chunk)], {
      stdio: "inherit",
    });
  else await writeOurs(part, store, shape, chunk);
  renameSync(part, path);
}

async function writeOurs(
  path: string,
  store: TemperatureStore,
  shape: readonly [number, number, number],
  chunk: number,
): Promise<void> {
  const [times, rows, columns] = shape;
  const values = temperatureValues(shape);
  const days = {
    dims: ["time"],
    data: Int32Array.from({ length: times }, (_, i) => i),
    attrs: { units: "days since 2001-01-01", calendar: "proleptic_gregorian" },
  };
  const t2m = dataArray(values, { dims: ["time", "latitude", "longitude"], shape: [times, rows, columns] });
  const codecs = store.endsWith("zstd")
    ? [{ name: "zstd", configuration: { level: 1, ...(store.startsWith("v3") ? { checksum: false } : {}) } }]
    : undefined;
  await dataset({ t2m }, { coords: { time: days } }).toZarr(path, {
    on: inlineExecutor(),
    zarrFormat: store.startsWith("v2") ? 2 : 3,
    encoding: { t2m: { chunks: [chunk, rows, columns], ...(codecs ? { codecs } : {}) } },
  });
}

/** The elements, in C order. */
export function temperatureValues([times, rows, columns]: readonly [
  number,
  number,
  number,
]): Float32Array<ArrayBuffer> {
  const values = new Float32Array(times * rows * columns);
  const bits = new Uint32Array(values.buffer);
  const random = randomOf(7);
  const wave = Float64Array.from({ length: columns }, (_, k) => (2 * Math.PI * k) / columns);
  for (let t = 0, i = 0; t < times; t++)
    for (let j = 0; j < rows; j++) {
      const latitude = Math.PI * (j / Math.max(1, rows - 1) - 0.5);
      const zonal = 255 + 45 * Math.cos(latitude);
      for (let k = 0; k < columns; k++, i++) {
        values[i] =
          zonal + 6 * Math.sin(4 * wave[k] + 0.2 * t) * Math.cos(latitude) + 0.4 * (random() + random() - 1);
        // 12 of 23 bits of mantissa, to the nearest
        bits[i] = (bits[i] + 0x400) & 0xfffff800;
      }
    }
  return values;
}
