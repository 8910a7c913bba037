/** Owns dataspace messages: the shape of a dataset or attribute, and how far it may grow. */
import { sizeOf } from "@hyperslab/core/shape";
import type { Cursor } from "./cursor.js";

/** Most axes that HDF5 allows. */
export const MOST_AXES = 32;

export interface Dataspace {
  /** `null`: no elements at all, which is not a shape. */
  readonly kind: "scalar" | "simple" | "null";
  readonly shape: readonly number[];
  /** How long each axis may become; null for without limit. */
  readonly maxShape: readonly (number | null)[];
}

export function readDataspace(cursor: Cursor): Dataspace {
  const version = cursor.version("a dataspace", 1, 2);
  const start = cursor.at;
  const rank = cursor.uint8();
  if (rank > MOST_AXES) cursor.fail(`a dataspace of ${rank} axes`, start);
  const flags = cursor.uint8();
  const kind = version === 2 ? cursor.uint8() : rank === 0 ? 0 : 1;
  if (version === 1) cursor.skip(5);
  if (kind > 2) cursor.fail(`a dataspace of kind ${kind}`, start);
  const shape = Array.from({ length: rank }, () => cursor.length());
  if (!Number.isSafeInteger(sizeOf(shape.filter((length) => length > 0))))
    cursor.fail(`an array of shape (${shape.join(", ")}) is larger than any file`, start);
  const maxShape = flags & 1 ? shape.map(() => cursor.lengthOrUnlimited()) : shape;
  return { kind: kind === 0 ? "scalar" : kind === 1 ? "simple" : "null", shape, maxShape };
}
