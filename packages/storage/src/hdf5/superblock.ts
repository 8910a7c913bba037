/** Owns the superblock: finding it, its versions 0 to 3, and the opening of a file through it. */
import { FormatError, StorageError } from "@hyperslab/core/errors";
import type { ReadableStore, StoreKey } from "../store.js";
import type { BlockReader } from "./block-reader.js";
import { Cursor, type FileFacts, damaged, unsupported } from "./cursor.js";
import { Hdf5File, type Superblock } from "./hdf5-file.js";
import { verifyChecksum } from "./metadata-checksum.js";

const SIGNATURE = "\x89HDF\r\n\x1a\n";
/** Longest superblock: version 1 with addresses of eight bytes. */
const LONGEST = 128;
/** User blocks beyond this are looked for only where looking costs little. */
const FAR_USER_BLOCK = 2 ** 20;

/** True for bytes that a superblock begins with. */
function hasSignature(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && [...SIGNATURE].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

/** Opens a file. @throws FormatError for what is no HDF5 file, StorageError for one that is cut off */
export async function openHdf5File(
  store: ReadableStore,
  key: StoreKey,
  reader: BlockReader,
): Promise<Hdf5File> {
  const { size } = reader.version;
  const at = await findSuperblock(reader, store.lasting === true);
  if (at === null)
    throw new FormatError({ path: reader.path, format: "HDF5", reason: "it has no superblock" });
  const bytes = await reader.read(at, Math.min(LONGEST, size - at));
  const superblock = readSuperblock(bytes, reader.path, at, size);
  return new Hdf5File(store, key, superblock, reader);
}

/** Where the superblock is: at the start, or behind a user block of 512, 1024, 2048 … bytes; null where nowhere. */
export async function findSuperblock(
  reader: Pick<BlockReader, "read" | "version">,
  dear: boolean,
): Promise<number | null> {
  const end = dear ? Math.min(reader.version.size, FAR_USER_BLOCK) : reader.version.size;
  for (let at = 0; at + 8 <= end; at = Math.max(512, at * 2))
    if (hasSignature(await reader.read(at, 8))) return at;
  return null;
}

function readSuperblock(bytes: Uint8Array, path: string, at: number, size: number): Superblock {
  const sizes = bytes[8] < 2 ? [bytes[13], bytes[14]] : [bytes[9], bytes[10]];
  if (!sizes.every((one) => one === 2 || one === 4 || one === 8))
    throw (sizes.some((one) => one === 16 || one === 32) ? unsupported : damaged)(
      path,
      at + 9,
      `addresses of ${sizes[0]} and lengths of ${sizes[1]} bytes`,
    );
  const facts: FileFacts = { path, offsetSize: sizes[0], lengthSize: sizes[1], base: at };
  const cursor = new Cursor(bytes, facts, 0);
  cursor.skip(8);
  const version = cursor.version("the superblock", 0, 1, 2, 3);
  let extension: number | null = null;
  let root: number;
  let base: number | null;
  let end: number | null;
  if (version < 2) {
    cursor.skip(15);
    if (version === 1) cursor.skip(4);
    base = cursor.offset();
    cursor.offset();
    end = cursor.offset();
    cursor.offset();
    cursor.skip(facts.offsetSize);
    root = cursor.definedOffset("the root group");
  } else {
    cursor.skip(3);
    base = cursor.offset();
    extension = cursor.offset();
    end = cursor.offset();
    root = cursor.definedOffset("the root group");
    verifyChecksum(cursor, "the superblock");
  }
  // a user block that was put before a finished file moves all of it, and leaves these two as they were
  if (end !== null && end - (base ?? 0) + at > size)
    throw new StorageError({
      path,
      reason: `the file has ${size} bytes, but its superblock tells of ${end}: it is cut off`,
      hint: "copy or download it again",
    });
  return { offsetSize: facts.offsetSize, lengthSize: facts.lengthSize, base: at, root, extension };
}
