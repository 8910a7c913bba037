/** Puts the blocks that an executor yields together, for tests. */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { blockBox, blockCoords, blockCounts, gridShape } from "@hyperslab/core/chunk-grid";
import type { Executor, RunOptions } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";

/** Runs a plan and gives each result as one block; every block of it must come exactly once. */
export async function collect(executor: Executor, plan: Plan, options?: RunOptions): Promise<Block[]> {
  const grids = plan.outputs.map((stage) => plan.stages[stage].grid);
  const results = plan.outputs.map((stage, k) =>
    allocateBlock(plan.stages[stage].fields[0], gridShape(grids[k])),
  );
  const seen = new Set<string>();
  for await (const { output, index, block } of executor.run(plan, options)) {
    if (seen.has(`${output}:${index}`)) throw new Error(`block ${index} of result ${output} came twice`);
    seen.add(`${output}:${index}`);
    const box = blockBox(grids[output], blockCoords(blockCounts(grids[output]), index));
    if (box.shape.join() !== block.shape.join())
      throw new Error(`block ${index}: shape (${block.shape.join()}) where (${box.shape.join()}) was due`);
    place(block, results[output], box.start);
  }
  const due = grids.reduce((sum, grid) => sum + blockCounts(grid).reduce((a, b) => a * b, 1), 0);
  if (seen.size !== due) throw new Error(`${seen.size} blocks came where ${due} were due`);
  return results;
}

function place(block: Block, into: Block, start: readonly number[]): void {
  const strides = stridesOf(into.shape);
  for (let i = 0; i < sizeOf(block.shape); i++) {
    const coords = blockCoords(block.shape, i);
    const at = coords.reduce((sum, position, axis) => sum + (position + start[axis]) * strides[axis], 0);
    into.data[at] = block.data[i];
  }
}

/** The elements as plain numbers (or texts), for comparisons. */
export function elements(block: Block): (number | string)[] {
  return Array.from<number | bigint | string, number | string>(block.data, (one) =>
    typeof one === "string" ? one : Number(one),
  );
}
