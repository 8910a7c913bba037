/** Zarr arrays on disk, written by hand, and references to them: for tests of those who run plans. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Block } from "@hyperslab/core/block";
import {
  type ChunkGrid,
  blockBox,
  blockCoords,
  blockCounts,
  blockTotal,
  maxBlockShape,
} from "@hyperslab/core/chunk-grid";
import type { SourceRef, StoreRef, TargetRef } from "@hyperslab/core/source-ref";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { openStore } from "@hyperslab/storage/open-store";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";

export interface StoredFixture {
  readonly root: string;
  /** Writes a float64 array in chunks; chunks named in `leaveOut` are truncated to one byte. */
  source(name: string, block: Block, grid: ChunkGrid, spoilt?: readonly number[]): Promise<SourceRef>;
  /** An array of float64 that has no chunks yet. */
  target(name: string, grid: ChunkGrid): Promise<TargetRef>;
  /** What stands in a chunk now. */
  chunk(name: string, coords: readonly number[]): Promise<Float64Array>;
  remove(): Promise<void>;
}

export async function storedFixture(): Promise<StoredFixture> {
  const root = await mkdtemp(join(tmpdir(), "hyperslab-executor-"));
  const chunkPath = (name: string, coords: readonly number[]): string =>
    join(root, name, "c", ...coords.map(String));
  const refOf = async (name: string): Promise<SourceRef> => {
    const ref: StoreRef = { kind: "file", path: root };
    const group = await openZarrGroup(openStore(ref), ref, "/");
    const found = group?.arrays.get(name);
    if (!found) throw new Error(`no array ${name} in the fixture`);
    return found.ref;
  };
  const create = async (name: string, grid: ChunkGrid): Promise<void> => {
    await mkdir(join(root, name), { recursive: true });
    const shape = grid.map((axis) => axis.length);
    const metadata = {
      zarr_format: 3,
      node_type: "array",
      shape,
      data_type: "float64",
      chunk_grid: { name: "regular", configuration: { chunk_shape: maxBlockShape(grid) } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: -1,
      codecs: [{ name: "bytes", configuration: { endian: "little" } }],
      dimension_names: shape.map((_, axis) => `${name}${axis}`),
      attributes: {},
    };
    await writeFile(join(root, name, "zarr.json"), JSON.stringify(metadata));
    await writeFile(
      join(root, "zarr.json"),
      JSON.stringify({ zarr_format: 3, node_type: "group", attributes: {} }),
    );
  };
  return {
    root,
    async source(name, block, grid, spoilt = []) {
      await create(name, grid);
      const full = maxBlockShape(grid);
      for (let index = 0; index < blockTotal(grid); index++) {
        const coords = blockCoords(blockCounts(grid), index);
        const path = chunkPath(name, coords);
        await mkdir(dirname(path), { recursive: true });
        const box = blockBox(grid, coords);
        const bytes = new Uint8Array(chunkOf(block, box.start, box.shape, full).buffer);
        await writeFile(path, spoilt.includes(index) ? bytes.subarray(0, 1) : bytes);
      }
      return refOf(name);
    },
    async target(name, grid) {
      await create(name, grid);
      return { ...(await refOf(name)), format: "zarr" };
    },
    async chunk(name, coords) {
      const bytes = await readFile(chunkPath(name, coords));
      return new Float64Array(new Uint8Array(bytes).buffer);
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** The part of a block at `start`, in a chunk of shape `full`. */
function chunkOf(
  block: Block,
  start: readonly number[],
  shape: readonly number[],
  full: readonly number[],
): Float64Array {
  const out = new Float64Array(sizeOf(full));
  const from = stridesOf(block.shape);
  const to = stridesOf(full);
  for (let i = 0; i < sizeOf(shape); i++) {
    const at = blockCoords(shape, i);
    const source = at.reduce((sum, position, axis) => sum + (position + start[axis]) * from[axis], 0);
    const target = at.reduce((sum, position, axis) => sum + position * to[axis], 0);
    out[target] = Number(block.data[source]);
  }
  return out;
}
