/**
 * Owns a first look at the chain of directories of a TIFF file: whether every list that a tag claims to have fits into the
 * file. What is read after it costs no more memory than the file has bytes. Knows no tag by its meaning.
 */
import { FormatError } from "@hyperslab/core/errors";

/** A chain beyond this is an attack or a mistake. */
const MOST_DIRECTORIES = 1024;
const MOST_TAGS = 4096;

/** Bytes of the values of each type, by its number in the file. */
const SIZES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/** Gives so many bytes; fewer at the end of the file. */
type Read = (offset: number, length: number) => Promise<ArrayBuffer>;

/**
 * The number of directories.
 * @throws FormatError with the byte for what is no TIFF file, a list that doesn't fit, or a chain that leads back
 */
export async function countDirectories(path: string, size: number, read: Read): Promise<number> {
  const fail = (reason: string, offset: number): FormatError =>
    new FormatError({ path, format: "TIFF", offset, reason, hint: "the file is cut off, or damaged" });
  const view = async (offset: number, length: number): Promise<DataView> => {
    if (!(offset >= 0 && offset + length <= size))
      throw fail(`${length} bytes are to be there, but the file ends at byte ${size}`, offset);
    return new DataView(await read(offset, length));
  };
  const head = await view(0, 8);
  const order = head.getUint16(0);
  const little = order === 0x4949;
  const big = head.getUint16(2, little) === 43;
  if ((!little && order !== 0x4d4d) || (!big && head.getUint16(2, little) !== 42))
    throw fail("the file starts like no TIFF file", 0);
  const offsetIn = (at: DataView, place: number): number =>
    big ? Number(at.getBigUint64(place, little)) : at.getUint32(place, little);
  const [word, entry, width] = big ? [8, 20, 8] : [2, 12, 4];
  const seen = new Set<number>();
  let next = big ? offsetIn(await view(8, 8), 0) : head.getUint32(4, little);
  while (next !== 0) {
    if (seen.has(next) || seen.size === MOST_DIRECTORIES)
      throw fail(`the chain of images leads back to itself, or has more than ${MOST_DIRECTORIES}`, next);
    seen.add(next);
    const start = await view(next, word);
    const count = big ? Number(start.getBigUint64(0, little)) : start.getUint16(0, little);
    if (count > MOST_TAGS) throw fail(`an image has ${count} tags`, next);
    const tags = await view(next + word, count * entry + width);
    for (let i = 0; i < count; i++) {
      const at = i * entry;
      const bytes = (SIZES[tags.getUint16(at + 2, little)] ?? 0) * offsetIn(tags, at + 4);
      if (bytes <= width) continue;
      const place = offsetIn(tags, at + 4 + width);
      if (!(place + bytes <= size))
        throw fail(
          `tag ${tags.getUint16(at, little)} has ${bytes} bytes at byte ${place}, but the file ends at byte ${size}`,
          next + word + at,
        );
    }
    next = offsetIn(tags, count * entry);
  }
  if (seen.size === 0) throw fail("there is no image in it", 0);
  return seen.size;
}
