/**
 * Mutates HDF5 files and reads all that they claim to hold. Whatever the bytes say, reading ends soon, in values or in
 * an error of ours. `HYPERSLAB_FUZZ` is the number of mutations.
 */
import { readFileSync, readdirSync } from "node:fs";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import { isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import { openHdf5 } from "@hyperslab/storage/hdf5/open-hdf5";
import { processStore, registerStore, unregisterStore } from "@hyperslab/storage/stores/process-store";
import type { StoredGroup } from "@hyperslab/storage/source";
import { randomOf } from "../../codecs/samples.js";

/** Elements of a block that is read: what a file claims beyond is not asked for. */
const MOST_ELEMENTS = 4096;
/** Arrays and groups that are looked at in one file. */
const MOST_ARRAYS = 12;
const MOST_GROUPS = 3;
/** Checksums of one file that are put right. */
const MOST_REPAIRS = 6;

/** Numbers from 0 to below 1, the same for each seed. */
export function uniformOf(seed: number): () => number {
  const next = randomOf(seed);
  return () => next() / 2 ** 32;
}

/** Files to mutate, by their names. */
export function seedFiles(folder: string, most = 50_000): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const name of readdirSync(folder).sort()) {
    const bytes = /\.(h5|nc)$/.test(name) ? new Uint8Array(readFileSync(`${folder}/${name}`)) : undefined;
    if (bytes && bytes.length <= most) files.set(name, bytes);
  }
  return files;
}

const NASTY = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];

/** A few bytes of the file changed, moved about or cut off. */
export function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const out = bytes.slice();
  // most of what is looked at stands in the beginning
  const place = (): number => Math.floor((random() < 0.5 ? random() ** 3 : random()) * out.length);
  const times = 1 + Math.floor(random() * 4);
  for (let i = 0; i < times; i++) {
    const at = place();
    const kind = random();
    if (kind < 0.35) out[at] ^= 1 << Math.floor(random() * 8);
    else if (kind < 0.7) out[at] = NASTY[Math.floor(random() * NASTY.length)];
    else if (kind < 0.8) out.fill(random() < 0.5 ? 0 : 255, at, at + 1 + Math.floor(random() * 8));
    else if (kind < 0.95) out.copyWithin(at, place(), place());
    else return out.subarray(0, Math.max(1, at));
  }
  return out;
}

/**
 * Opens the file and reads of every array. Checksums that the change has made wrong are put right, and all is read
 * again: what is behind them has to stand it, too.
 * @param beside files in the same folder, which links and virtual datasets lead to
 * @throws what isn't an error of ours
 */
export async function readAll(bytes: Uint8Array, beside: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const wrong: Error[] = [];
  for (let i = 0; i <= MOST_REPAIRS; i++) {
    wrong.length = 0;
    await readOnce(bytes, beside, (error) => wrong.push(error));
    if (!wrong.some((error) => repair(bytes, error))) return;
  }
}

/** Writes the checksum that an error misses; false where it tells of something else. */
function repair(bytes: Uint8Array, error: Error): boolean {
  const found = /at byte (\d+): the checksum of .* is 0x([0-9a-f]{8}) where/.exec(error.message);
  if (!found || Number(found[1]) + 4 > bytes.length) return false;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(
    Number(found[1]),
    Number.parseInt(found[2], 16),
    true,
  );
  return true;
}

async function readOnce(
  bytes: Uint8Array,
  beside: ReadonlyMap<string, Uint8Array>,
  onError: (error: Error) => void,
): Promise<void> {
  const name = "/file.h5" as const;
  const files = new Map<`/${string}`, Uint8Array>();
  for (const [other, content] of beside) files.set(`/${other}`, content);
  files.set(name, bytes);
  const ref = registerStore(files);
  const store = processStore(ref.id);
  try {
    const groups: (string | undefined)[] = [undefined];
    for (let i = 0; i < groups.length && i < MOST_GROUPS; i++) {
      const group = groups[i];
      const opened = await attempt(
        () => openHdf5(store, name, ref, group === undefined ? {} : { group }),
        onError,
      );
      if (!opened) continue;
      groups.push(...(opened.groups ?? []).map((below) => (group ? `${group}/${below}` : below)));
      for (const error of opened.skipped?.values() ?? []) await attempt(() => Promise.reject(error), onError);
      await readArrays(opened, onError);
    }
  } finally {
    unregisterStore(ref.id);
  }
}

async function readArrays(group: StoredGroup, onError: (error: Error) => void): Promise<void> {
  for (const source of [...group.arrays.values()].slice(0, MOST_ARRAYS)) {
    const { dtype, shape } = source.describe();
    let left = MOST_ELEMENTS;
    const lengths = shape.map((length) => {
      const taken = Math.min(length, Math.max(1, left));
      left = Math.floor(left / Math.max(1, taken));
      return taken;
    });
    if (sizeOf(lengths) > MOST_ELEMENTS) continue;
    const block = allocateBlock(dtype, lengths);
    const selection = lengths.map((length) => slice(0, length));
    await attempt(() => source.readBlock(selection, block), onError);
  }
}

/** The result; undefined where an error of ours was thrown. */
async function attempt<T>(run: () => Promise<T>, onError: (error: Error) => void): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (!isHyperslabError(error)) throw error;
    onError(error);
    return undefined;
  }
}
