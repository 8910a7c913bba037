/** Owns local heaps: the names of an old group's members. */
import type { Cursor } from "./cursor.js";
import type { Hdf5File } from "./hdf5-file.js";

/** Reads the names of the heap at `address`. */
export async function readLocalHeap(file: Hdf5File, address: number): Promise<(offset: number) => string> {
  const cursor = await file.cursor(address, 8 + 2 * file.lengthSize + file.offsetSize, "a local heap");
  cursor.signature("HEAP");
  cursor.version("a local heap", 0);
  cursor.skip(3);
  const size = cursor.length();
  cursor.skip(file.lengthSize);
  const segment: Cursor = await file.cursor(
    cursor.definedOffset("a local heap's names"),
    size,
    "a local heap",
  );
  return (offset) => {
    segment.at = 0;
    segment.skip(offset);
    return segment.zeroEnded();
  };
}
