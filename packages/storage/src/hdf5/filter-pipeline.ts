/** Owns filter pipeline messages: which filters chunks went through, in the order of writing. */
import type { Hdf5Filter } from "@hyperslab/codecs/hdf5-filters";
import type { Cursor } from "./cursor.js";

/** HDF5 allows no more. */
const MOST = 32;

export function readFilterPipeline(cursor: Cursor): Hdf5Filter[] {
  const version = cursor.version("a filter pipeline", 1, 2);
  const start = cursor.at;
  const count = cursor.uint8();
  if (count > MOST) cursor.fail(`a pipeline of ${count} filters`, start);
  if (version === 1) cursor.skip(6);
  return Array.from({ length: count }, (): Hdf5Filter => {
    const id = cursor.uint16();
    const nameBytes = version === 1 || id >= 256 ? cursor.uint16() : 0;
    const flags = cursor.uint16();
    const valueCount = cursor.uint16();
    const name = cursor.text(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    const values = Array.from({ length: valueCount }, () => cursor.uint32());
    if (version === 1 && valueCount % 2) cursor.skip(4);
    return { id, flags, values, ...(name ? { name } : {}) };
  });
}
