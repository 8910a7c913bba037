/** Owns what is known of a virtual dataset when it is opened: how long its sources make it, and where they meet. */
import { selectionLength } from "@hyperslab/core/box";
import type { Hdf5Dataset } from "./dataset.js";
import { type Pattern, axesOf, endlessAxes } from "./selection.js";
import {
  type VirtualMapping,
  expandMappings,
  hasBlockNumber,
  named,
  readVirtualLayout,
} from "./virtual-layout.js";
import { openVirtualSource } from "./virtual-reader.js";

/** Sources that a numbered name is tried for. */
const MOST_SOURCES = 2 ** 16;
/** Bounds of sources on one axis that a reference may carry. */
const MOST_BOUNDS = 4096;

/** The dataset with its present shape, and the bounds of its sources on each axis. */
export async function withVirtualExtent(dataset: Hdf5Dataset): Promise<Hdf5Dataset> {
  const { file, layout, space } = dataset;
  if (layout.kind !== "virtual") return dataset;
  const mappings = await readVirtualLayout(file, layout);
  const shape = [...space.shape];
  const found = new Map<number, number>();
  for (const mapping of mappings) {
    const axis = endlessAxes(mapping.virtual, shape.length).indexOf(true);
    if (axis === -1 || mapping.virtual.kind !== "patterns") continue;
    const length = await lengthOf(dataset, mapping, mapping.virtual.axes[axis]);
    found.set(axis, Math.max(found.get(axis) ?? 0, length));
  }
  for (const [axis, length] of found) shape[axis] = length;
  return { ...dataset, space: { ...space, shape }, bounds: boundsOf(expandMappings(mappings, shape), shape) };
}

/** How far a source without end reaches along its axis. */
async function lengthOf(
  { file }: Hdf5Dataset,
  mapping: VirtualMapping,
  { start, stride, block }: Pattern,
): Promise<number> {
  if (hasBlockNumber(mapping)) {
    let count = 0;
    while (count < MOST_SOURCES && (await openVirtualSource(file, named(mapping, count)))) count++;
    return count === 0 ? 0 : start + (count - 1) * stride + block;
  }
  const source = await openVirtualSource(file, named(mapping, 0));
  if (!source) return 0;
  const { shape } = source.space;
  const own = endlessAxes(mapping.source, shape.length).indexOf(true);
  const count = own === -1 ? 0 : selectionLength(axesOf(mapping.source, shape)[own]);
  if (block === Infinity) return start + count;
  const rest = count % block;
  const blocks = Math.floor(count / block);
  return rest > 0 ? start + blocks * stride + rest : Math.max(0, start + (blocks - 1) * stride + block);
}

/** Where sources begin and end on each axis: blocks of a read had better not cross that. */
function boundsOf(mappings: readonly VirtualMapping[], shape: readonly number[]): number[][] {
  const bounds = shape.map((length) => new Set([0, length]));
  for (const { virtual } of mappings)
    axesOf(virtual, shape).forEach((own, axis) => {
      if (own.kind !== "slice" || own.step !== 1 || bounds[axis].size > MOST_BOUNDS) return;
      for (const at of [own.start, own.start + own.length])
        if (at > 0 && at < shape[axis]) bounds[axis].add(at);
    });
  return bounds.map((axis, i) => (axis.size > MOST_BOUNDS ? [0, shape[i]] : [...axis].sort((a, b) => a - b)));
}
