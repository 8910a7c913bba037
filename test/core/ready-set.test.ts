import { ReadySet } from "@hyperslab/core/ready-set";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("a ready set", () => {
  it("gives the lowest member, as a sorted set does", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("add" as const), number: fc.nat(4999) }),
      fc.record({ do: fc.constant("delete" as const), number: fc.nat(4999) }),
      fc.record({ do: fc.constant("take" as const), number: fc.constant(0) }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 5000, max: 40_000 }),
        (steps, size) => {
          const set = new ReadySet(size);
          const model = new Set<number>();
          for (const { do: what, number } of steps) {
            if (what === "take") {
              const lowest = model.size === 0 ? -1 : Math.min(...model);
              expect(set.takeFirst()).toBe(lowest);
              model.delete(lowest);
            } else {
              set[what](number);
              model[what](number);
            }
            expect(set.size).toBe(model.size);
            expect(set.has(number)).toBe(model.has(number));
          }
        },
      ),
    );
  });

  it("can begin full", () => {
    for (const count of [0, 1, 31, 32, 33, 1024, 1025, 40_000]) {
      const set = new ReadySet(count);
      set.fill(count);
      expect(set.size).toBe(count);
      for (let i = 0; i < count; i++) expect(set.takeFirst()).toBe(i);
      expect(set.takeFirst()).toBe(-1);
    }
  });
});
