import { MemoryBudget, RESTING_BYTES, defaultMemory } from "@hyperslab/executor/memory-budget";
import { totalmem } from "node:os";
import { expect, it } from "vitest";

it("lets a run hold most of the memory, never all", () => {
  expect(defaultMemory()).toBeGreaterThan(0);
  expect(defaultMemory()).toBeLessThan(totalmem());
  const resting = defaultMemory() - defaultMemory(2);
  expect(resting).toBeGreaterThan(0);
  expect(resting).toBeLessThanOrEqual(2 * RESTING_BYTES);
  expect(defaultMemory(1e6)).toBe(Math.floor(defaultMemory() / 2));
});

it("counts what is held and what is promised", () => {
  const budget = new MemoryBudget(100);
  budget.held = 30;
  budget.reserved = 50;
  expect(budget.available).toBe(20);
  expect(budget.fits(20)).toBe(true);
  expect(budget.fits(21)).toBe(false);
});

it("tells a task that never fits from one that finds no room now", () => {
  const budget = new MemoryBudget(100);
  budget.held = 90;
  expect(budget.refuse("task a", 80, 40).fields).toMatchObject({ needed: 120, available: 100 });
  const now = budget.refuse("task a", 50, 10);
  expect(now.fields).toMatchObject({ needed: 50, available: 10 });
  expect(now.message).toContain("90 of 100 bytes hold blocks that later tasks need");
});
