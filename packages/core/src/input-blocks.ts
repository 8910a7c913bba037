/** Owns the expansion of a stage's inputs: which blocks of another stage one block needs, without an object for either. */
import { type ChunkAxis, type ChunkGrid, chunkCount, chunkOf, chunkStart, chunkStop } from "./chunk-grid.js";
import type { AxisMap, StageInput } from "./plan.js";
import { unreachable } from "./unreachable.js";

/** Walks over the blocks of one input. Made once for a stage and reused for all its blocks. */
export interface InputWalk {
  /** Calls `visit` with the linear number (C order) of every block that the block at `coords` needs, ascending. */
  visit(coords: Int32Array, visit: (block: number) => void): void;
}

/** The walk over `input`, whose blocks are cut by `inputGrid`, for blocks of `grid`. */
export function inputWalk(grid: ChunkGrid, input: StageInput, inputGrid: ChunkGrid): InputWalk {
  const rank = inputGrid.length;
  const counts = inputGrid.map(chunkCount);
  const spans = new Int32Array(2 * rank);
  const at = new Int32Array(rank);
  const tables = input.axes.map((map) => (map.kind === "table" ? map.blocks : null));
  return {
    visit(coords, visit) {
      for (let axis = 0; axis < rank; axis++) {
        setSpan(spans, axis, input.axes[axis], grid, coords, inputGrid[axis], counts[axis]);
        if (spans[2 * axis] >= spans[2 * axis + 1]) return;
        at[axis] = spans[2 * axis];
      }
      for (;;) {
        let block = 0;
        for (let axis = 0; axis < rank; axis++) {
          const table = tables[axis];
          block = block * counts[axis] + (table ? table[at[axis]] : at[axis]);
        }
        visit(block);
        let axis = rank - 1;
        while (axis >= 0 && ++at[axis] === spans[2 * axis + 1]) {
          at[axis] = spans[2 * axis];
          axis--;
        }
        if (axis < 0) return;
      }
    },
  };
}

/** Writes the run `start .. stop` of blocks on one axis (of places in the table, for a table). */
function setSpan(
  spans: Int32Array,
  axis: number,
  map: AxisMap,
  grid: ChunkGrid,
  coords: Int32Array,
  inputAxis: ChunkAxis,
  count: number,
): void {
  let start = 0;
  let stop = 0;
  switch (map.kind) {
    case "same":
      start = coords[map.axis];
      stop = start + 1;
      break;
    case "range":
      start = map.start;
      stop = map.stop;
      break;
    case "tree":
      start = coords[map.axis] * map.fanIn;
      stop = Math.min(count, start + map.fanIn);
      break;
    case "overlap": {
      const lo = Math.max(0, chunkStart(grid[map.axis], coords[map.axis]) + map.low);
      const hi = Math.min(inputAxis.length, chunkStop(grid[map.axis], coords[map.axis]) + map.high);
      if (hi > lo) {
        start = chunkOf(inputAxis, lo);
        stop = chunkOf(inputAxis, hi - 1) + 1;
      }
      break;
    }
    case "table":
      start = map.offsets[coords[map.axis]];
      stop = map.offsets[coords[map.axis] + 1];
      break;
    default:
      unreachable(map);
  }
  spans[2 * axis] = start;
  spans[2 * axis + 1] = stop;
}

/** Linear numbers of the blocks of `input` that the block at `coords` of `grid` needs, ascending. */
export function inputBlocks(
  grid: ChunkGrid,
  coords: ArrayLike<number>,
  input: StageInput,
  inputGrid: ChunkGrid,
): number[] {
  const out: number[] = [];
  inputWalk(grid, input, inputGrid).visit(Int32Array.from(coords), (block) => out.push(block));
  return out;
}
