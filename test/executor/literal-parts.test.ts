/** Arrays in plain memory: threads get what their blocks need of them, and the values are those of the whole. */
import { regularAxis, wholeGrid } from "@hyperslab/core/chunk-grid";
import { slice } from "@hyperslab/core/box";
import { BufferPool } from "@hyperslab/executor/buffer-pool";
import { literalsInParts, partsFor } from "@hyperslab/executor/literal-parts";
import { runTask } from "@hyperslab/executor/run-task";
import type { TaskStage } from "@hyperslab/executor/task-stage";
import { ThreadPool } from "@hyperslab/executor/thread-pool";
import { afterAll, describe, expect, it } from "vitest";
import { elements } from "./collect.js";
import { ProgramBuilder, affine, float64 } from "./plan-builder.js";

const ROWS = 600;
const COLUMNS = 256;

/** Twice and one more, of rows from 5 on, turned; in blocks of 100 rows. */
function stage(shared = false): TaskStage {
  const whole = float64([ROWS, COLUMNS], (i) => i % 977);
  const data = new Float64Array(
    shared ? new SharedArrayBuffer(whole.data.length * 8) : new ArrayBuffer(whole.data.length * 8),
  );
  data.set(whole.data as Float64Array);
  const p = new ProgramBuilder();
  const picked = p.select(p.literal({ ...whole, data }), [
    slice(5, ROWS - 5),
    slice(COLUMNS - 1, COLUMNS, -1),
  ]);
  p.view(p.elementwise(affine(2, 1), picked), [1, 0]);
  const grid = [regularAxis(COLUMNS, COLUMNS), regularAxis(ROWS - 5, 100)];
  return { name: "turned", grid, fields: ["float64"], program: p.build(), inputGrids: [] };
}

const pool = new ThreadPool({ threads: 2 });
afterAll(() => pool.close());

describe("parts of literals", () => {
  it("are for large arrays in plain memory that several blocks read", () => {
    expect(literalsInParts(stage().program, 6)).toEqual([0]);
    expect(literalsInParts(stage().program, 1)).toEqual([]);
    expect(literalsInParts(stage(true).program, 6)).toEqual([]);
  });

  it("hold just what a block needs", () => {
    const { literals } = stage().program;
    const [part] = partsFor(stage(), 1, new Map([[0, literals[0]]]), new BufferPool(0, true));
    expect(part.start).toEqual([105, 0]);
    expect(part.block.shape).toEqual([100, COLUMNS]);
    expect(part.block.data[0]).toBe(literals[0].data[105 * COLUMNS]);
  });

  it("give the values of the whole, on threads", async () => {
    const given = stage();
    pool.define("parts", [given]);
    for (let block = 0; block < 6; block++) {
      const { fields } = await pool.run({ programId: "parts", stage: 0, block, inputs: [] });
      const [expected] = (await runTask(given, block, [])).fields;
      expect(elements(fields[0])).toEqual(elements(expected));
    }
    pool.forget("parts");
    // the copies are used again: no more than two blocks were ever copied at once
    expect(pool.buffers.kept).toBeLessThanOrEqual(2 * 100 * COLUMNS * 8);
  });

  it("never come out of a task themselves", async () => {
    const p = new ProgramBuilder();
    p.literal(float64([ROWS, COLUMNS], (i) => i));
    const given = { ...stage(), grid: [regularAxis(ROWS, 100), ...wholeGrid([COLUMNS])], program: p.build() };
    pool.define("same", [given]);
    const first = await pool.run({ programId: "same", stage: 0, block: 0, inputs: [] });
    const before = elements(first.fields[0]);
    for (let block = 1; block < 6; block++)
      await pool.run({ programId: "same", stage: 0, block, inputs: [] });
    expect(elements(first.fields[0])).toEqual(before);
    pool.forget("same");
  });
});
