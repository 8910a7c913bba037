/** Owns the list of a virtual dataset's sources: which part of which array is which part of it. */
import { Cursor } from "./cursor.js";
import { GlobalHeaps } from "./global-heap.js";
import type { Hdf5File } from "./hdf5-file.js";
import type { Layout } from "./layout.js";
import { verifyChecksum } from "./metadata-checksum.js";
import { type Pattern, type Selection, endlessAxes, readSelection } from "./selection.js";

/** One source. */
export interface VirtualMapping {
  /** Beside the virtual dataset's own file; "." is that file itself. `%b` stands for the number of a block. */
  readonly file: string;
  readonly dataset: string;
  readonly source: Selection;
  readonly virtual: Selection;
}

/** Flags of an entry: names that stand in an earlier entry, the same file. */
const [FILE_SHARED, DATASET_SHARED, SAME_FILE] = [1, 2, 4];

/** Reads all sources. @throws FormatError */
export async function readVirtualLayout(
  file: Hdf5File,
  layout: Extract<Layout, { kind: "virtual" }>,
): Promise<VirtualMapping[]> {
  if (layout.address === null) return [];
  const bytes = await new GlobalHeaps(file).object({ address: layout.address, index: layout.index });
  const cursor = new Cursor(bytes, file, layout.address);
  const version = cursor.version("a virtual layout", 0, 1);
  const count = cursor.length();
  if (count > bytes.length) cursor.fail(`${count} sources of a virtual dataset`);
  const mappings: VirtualMapping[] = [];
  const earlier = (): VirtualMapping => {
    const start = cursor.at;
    return mappings[cursor.length()] ?? cursor.fail("a source refers to one that comes later", start);
  };
  for (let i = 0; i < count; i++) {
    const flags = version === 0 ? 0 : cursor.uint8();
    const name = flags & SAME_FILE ? "." : flags & FILE_SHARED ? earlier().file : cursor.zeroEnded();
    const dataset = flags & DATASET_SHARED ? earlier().dataset : cursor.zeroEnded();
    mappings.push({ file: name, dataset, source: readSelection(cursor), virtual: readSelection(cursor) });
  }
  verifyChecksum(cursor, "a virtual layout");
  return mappings;
}

/**
 * The sources of a virtual dataset of `shape`, each by its own name: one with `%b` in its names stands for one source
 * for each block along the axis that has no end.
 */
export function expandMappings(
  mappings: readonly VirtualMapping[],
  shape: readonly number[],
): VirtualMapping[] {
  return mappings.flatMap((mapping) => {
    const { virtual } = mapping;
    const axis = endlessAxes(virtual, shape.length).indexOf(true);
    if (axis === -1 || virtual.kind !== "patterns" || !hasBlockNumber(mapping)) return [named(mapping, 0)];
    const { start, stride, block } = virtual.axes[axis];
    const count = Math.max(0, Math.ceil((shape[axis] - start) / Math.max(1, stride)));
    return Array.from({ length: Math.min(count, MOST_BLOCKS) }, (_, number): VirtualMapping => {
      const own: Pattern = { start: start + number * stride, stride, count: 1, block };
      const axes = virtual.axes.map((pattern, i) => (i === axis ? own : pattern));
      return { ...named(mapping, number), virtual: { kind: "patterns", axes } };
    });
  });
}

/** True where one mapping stands for many sources. */
export function hasBlockNumber({ file, dataset }: VirtualMapping): boolean {
  return /%\d*b/.test(file.replaceAll("%%", "")) || /%\d*b/.test(dataset.replaceAll("%%", ""));
}

/** The mapping with the number of a block in its names. */
export function named(mapping: VirtualMapping, number: number): VirtualMapping {
  const name = (pattern: string): string =>
    pattern.replaceAll(/%(%|\d*b)/g, (_, sign: string) => (sign === "%" ? "%" : String(number)));
  return { ...mapping, file: name(mapping.file), dataset: name(mapping.dataset) };
}

const MOST_BLOCKS = 2 ** 20;
