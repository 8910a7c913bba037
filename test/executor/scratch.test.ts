import { BufferPool } from "@hyperslab/executor/buffer-pool";
import { TaskScratch } from "@hyperslab/executor/scratch";
import { fromBlock } from "@hyperslab/executor/strided";
import { describe, expect, it } from "vitest";

const LARGE = 2 ** 16;

function bufferOf(data: unknown): ArrayBufferLike {
  if (!ArrayBuffer.isView(data)) throw new Error("a typed array was due");
  return data.buffer;
}

describe("TaskScratch", () => {
  it("gives a buffer to the next task when its last value is released", () => {
    const pool = new BufferPool();
    const first = new TaskScratch(pool);
    const block = first.allocate("float64", [LARGE]);
    const value = [fromBlock(block)];
    first.retain(value);
    first.retain(value);
    first.release(value);
    expect(pool.kept).toBe(0);
    first.release(value);
    expect(pool.kept).toBe(LARGE * 8);
    const second = new TaskScratch(pool);
    const again = second.allocate("float64", [LARGE - 1]);
    expect(bufferOf(again.data)).toBe(bufferOf(block.data));
    expect(again.data).toHaveLength(LARGE - 1);
    expect(pool.kept).toBe(0);
    expect(second.owns(again.data)).toBe(true);
    expect(first.owns(again.data)).toBe(false);
  });

  it("takes no buffer much larger than needed", () => {
    const pool = new BufferPool();
    const task = new TaskScratch(pool);
    task.allocate("float64", [LARGE]);
    task.releaseAll();
    const small = new TaskScratch(pool).allocate("float64", [LARGE / 4]);
    expect(bufferOf(small.data).byteLength).toBe(LARGE * 2);
  });

  it("keeps no more than its limit", () => {
    const pool = new BufferPool(LARGE * 8);
    const task = new TaskScratch(pool);
    task.allocate("float64", [LARGE]);
    task.allocate("float64", [LARGE]);
    task.releaseAll();
    expect(pool.kept).toBe(LARGE * 8);
  });

  it("leaves small blocks and strings alone", () => {
    const pool = new BufferPool();
    const task = new TaskScratch(pool);
    expect(task.owns(task.allocate("float64", [4]).data)).toBe(false);
    expect(task.owns(task.allocate("string", [LARGE]).data)).toBe(false);
  });
});
