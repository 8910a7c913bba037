/** Owns inputs in plain files: elements of one dtype, little-endian, made once from a seed, read by both sides. */
import { closeSync, existsSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Parameters, Place } from "../case.js";

/** Uniform values. */
export interface RawArray {
  readonly dtype: "float32" | "float64";
  readonly length: number;
  readonly seed: number;
  readonly low: number;
  readonly high: number;
  /** Part of the elements that are NaN. */
  readonly missing?: number;
}

/** Its name in the data folder: says all that it was made from. */
export function rawName({ dtype, length, seed, low, high, missing = 0 }: RawArray): string {
  return `uniform-${dtype}-${length}-${seed}-${low}-${high}-${missing}.raw`;
}

/** Parameters by which both sides find raw arrays: file names by the names that programs use. */
export function rawParameters(arrays: Readonly<Record<string, RawArray>>): Parameters {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, rawName(array)]));
}

/** Makes files that are not there yet. */
export function makeRaw(place: Place, arrays: readonly RawArray[]): void {
  for (const array of arrays) {
    const path = join(place.data, rawName(array));
    if (existsSync(path)) continue;
    // under its name only when it is complete
    const handle = openSync(`${path}.part`, "w");
    const random = randomOf(array.seed);
    const piece = array.dtype === "float32" ? new Float32Array(2 ** 20) : new Float64Array(2 ** 20);
    const { low, high, missing = 0 } = array;
    for (let done = 0; done < array.length; done += piece.length) {
      const count = Math.min(piece.length, array.length - done);
      for (let i = 0; i < count; i++)
        piece[i] = missing > 0 && random() < missing ? NaN : low + (high - low) * random();
      writeSync(handle, piece.subarray(0, count));
    }
    closeSync(handle);
    renameSync(`${path}.part`, path);
  }
}

/** Fills `into` from a file. */
export function readRaw(place: Place, name: string, into: TypedArray): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  const handle = openSync(join(place.data, name), "r");
  for (let at = 0; at < bytes.length;) {
    const got = readSync(handle, bytes, at, Math.min(bytes.length - at, 2 ** 28), null);
    if (got === 0) throw new RangeError(`${name} has ${at} bytes, ${bytes.length} are wanted`);
    at += got;
  }
  closeSync(handle);
}

/** Uniform in [0, 1), 32 bits of it. */
export function randomOf(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
