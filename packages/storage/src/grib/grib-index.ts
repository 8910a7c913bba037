/** Owns the finding of all messages of a GRIB file: their headers are read, not their data. */
import { FormatError, StorageError } from "@hyperslab/core/errors";
import type { GetOptions, ReadableStore, StoreKey } from "../store.js";
import { GribCursor } from "./grib-cursor.js";
import { type GribField, fieldOfEdition1, fieldsOfEdition2 } from "./grib-field.js";

/** Small messages are read many at once; of large ones, only the first bytes. */
const WINDOW = 1024 * 1024;
const LARGE = 64 * 1024;
/** A header is shorter; those of edition 2 may have sections of their makers' own. */
const HEADER = 4096;
/** Bytes between messages that are no message. */
const MOST_GAP = 64 * 1024;
const MAGIC = 0x47524942;

/** A field and where its message is. `number` counts the fields of one message. */
export interface IndexedField {
  readonly offset: number;
  readonly length: number;
  readonly number: number;
  readonly field: GribField;
}

/**
 * All fields of a file, in its order.
 * @throws StorageError, FormatError with the byte for what is no GRIB message or isn't supported
 */
export async function indexGrib(
  store: ReadableStore,
  key: StoreKey,
  options?: GetOptions,
): Promise<IndexedField[]> {
  const path = `${store.label}${key}`;
  const size = await store.sizeOf(key, options);
  if (size === undefined) throw new StorageError({ path, reason: "no such file, or its size is not known" });
  let [window, start] = [new Uint8Array(0), 0];
  let ahead = WINDOW;
  /** Bytes from `offset`; fewer at the end of the file. */
  const bytesAt = async (offset: number, length: number): Promise<Uint8Array> => {
    const wanted = Math.min(length, size - offset);
    if (offset < start || offset + wanted > start + window.length) {
      const more = await store.getRange(
        key,
        { offset, length: Math.min(Math.max(wanted, ahead), size - offset) },
        options,
      );
      if (!more) throw new StorageError({ path, reason: "no such file" });
      [window, start] = [new Uint8Array(more), offset];
    }
    return window.subarray(offset - start, offset - start + wanted);
  };
  const found: IndexedField[] = [];
  let gap = 0;
  for (let offset = 0; size - offset >= 20;) {
    const head = new GribCursor(await bytesAt(offset, 16), path, offset);
    if (head.u32(0) !== MAGIC) {
      // padding, or the header of a bulletin
      if (++gap > MOST_GAP) throw head.fail("no GRIB message starts here");
      offset++;
      continue;
    }
    gap = 0;
    const edition = head.u8(7);
    if (edition !== 1 && edition !== 2) throw head.fail(`it has edition ${edition}, not 1 or 2`, 7);
    const length = edition === 1 ? head.u24(4) : head.u64(8);
    if (!(length >= 20 && offset + length <= size))
      throw new FormatError({
        path,
        format: "GRIB",
        offset,
        reason: `a message of ${length} bytes starts here, but the file ends at byte ${size}: it is cut off, or damaged`,
      });
    ahead = length > LARGE ? HEADER : WINDOW;
    const fields = await fieldsAt(edition, offset, length);
    fields.forEach((field, number) => found.push({ offset, length, number, field }));
    offset += length;
  }
  return found;

  async function fieldsAt(edition: 1 | 2, offset: number, length: number): Promise<GribField[]> {
    const short = new GribCursor(await bytesAt(offset, Math.min(length, HEADER)), path, offset);
    if (edition === 1) return [fieldOfEdition1(short)];
    // the sections of edition 2 follow on one another's data
    return fieldsOfEdition2(new GribCursor(await bytesAt(offset, length), path, offset));
  }
}
