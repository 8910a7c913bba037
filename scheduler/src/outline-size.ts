/** Owns the limit of what one job may ask of a scheduler: counted before anything is expanded. Pure. */
import { blockTotal, chunkCount, chunkStop, maxChunk } from "@hyperslab/core/chunk-grid";
import { ArgumentError } from "@hyperslab/core/errors";
import type { AxisMap, PlanOutline, StageOutline } from "@hyperslab/core/plan";
import { unreachable } from "@hyperslab/core/unreachable";

/** Tasks and edges of one job, at most: about 4 GB of tables. */
const MAX_TASKS = 2 ** 26;
const MAX_EDGES = 2 ** 28;

/** @throws ArgumentError for a plan that would fill the scheduler's memory */
export function checkSize(outline: PlanOutline): void {
  let tasks = 0;
  let edges = 0;
  for (const stage of outline.stages) {
    const count = blockTotal(stage.grid);
    tasks += count;
    for (const input of stage.inputs) {
      let each = count;
      const { grid } = outline.stages[input.stage];
      input.axes.forEach((map, axis) => (each *= fanOut(map, stage, grid[axis])));
      edges += each;
    }
    if (tasks > MAX_TASKS || edges > MAX_EDGES)
      throw new ArgumentError({
        asked: `schedule "${stage.name}"`,
        found: `${Math.round(tasks)} tasks with ${Math.round(edges)} inputs so far, where ${MAX_TASKS} with ${MAX_EDGES} are the limit`,
        hint: "use larger chunks, or reduce before arrays are cut in another way",
      });
  }
}

/** Blocks of one axis of an input that a task reads, on average. */
function fanOut(map: AxisMap, { grid }: StageOutline, input: StageOutline["grid"][number]): number {
  const count = chunkCount(input);
  switch (map.kind) {
    case "same":
      return 1;
    case "range":
      return Math.max(0, map.stop - map.start);
    case "tree":
      return Math.min(count, map.fanIn);
    case "overlap": {
      const width = maxChunk(grid[map.axis]) + Math.max(0, map.high - map.low);
      const chunk = Math.max(1, chunkStop(input, 0));
      return Math.min(count, width / chunk + 2);
    }
    case "table":
      return map.blocks.length / Math.max(1, map.offsets.length - 1);
    default:
      return unreachable(map);
  }
}
