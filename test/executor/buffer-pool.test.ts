import { BufferPool } from "@hyperslab/executor/buffer-pool";
import { expect, it } from "vitest";

it("gives what fits best, else something fresh", () => {
  const pool = new BufferPool();
  const [small, large] = [new ArrayBuffer(100), new ArrayBuffer(140)];
  pool.give(large);
  pool.give(small);
  expect(pool.take(95)).toBe(small);
  expect(pool.take(95)).toBe(large);
  pool.give(large);
  expect(pool.take(90).byteLength).toBe(90);
  expect(pool.take(141).byteLength).toBe(141);
  expect(pool.kept).toBe(140);
  expect(pool.take(140)).toBe(large);
  expect(pool.kept).toBe(0);
});

it("gives shared memory where asked for", () => {
  expect(new BufferPool(100, true).take(8)).toBeInstanceOf(SharedArrayBuffer);
  expect(new BufferPool(100).take(8)).toBeInstanceOf(ArrayBuffer);
});

it("keeps no more than its limit, the latest sizes longest", () => {
  const pool = new BufferPool(250, true);
  const kept = new SharedArrayBuffer(70);
  pool.give(new SharedArrayBuffer(100));
  pool.give(new SharedArrayBuffer(100));
  pool.give(kept);
  expect(pool.kept).toBe(170);
  expect(pool.take(70)).toBe(kept);
  pool.clear();
  expect(pool.kept).toBe(0);
});
