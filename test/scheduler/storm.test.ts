/** Random storms: workers join, die, finish and fail in any order; results come exactly once, or one error does. */
import { isHyperslabError } from "@hyperslab/core/errors";
import { describe, expect, it } from "vitest";
import { randomPlan, seeded } from "./plans.js";
import { Simulation } from "./simulation.js";

/** More of them find rarer orders: HYPERSLAB_STORMS=20000. */
const STORMS = Number(process.env["HYPERSLAB_STORMS"] ?? 400);

describe("storms", () => {
  it("delivers every result exactly once, whatever the order of events", () => {
    for (let seed = 1; seed <= 150; seed++) {
      const simulation = new Simulation({ seed });
      simulation.join();
      simulation.submit(1, randomPlan(seeded(seed)));
      simulation.join();
      simulation.settle();
      expect(simulation.ended.get(1), `seed ${seed}`).toBe("finished");
      expect(simulation.faultsOf(1), `seed ${seed}`).toEqual([]);
      expect(simulation.leftovers(), `seed ${seed}`).toEqual([]);
    }
  });

  it("survives workers that come and go", () => {
    let recomputed = 0;
    for (let seed = 1; seed <= STORMS; seed++) {
      const large = seed % 2 === 0;
      const simulation = new Simulation({
        seed,
        large,
        threads: 1 + (seed % 3),
        window: 8 + (seed % 5) * 16,
      });
      const { random } = simulation;
      simulation.join();
      simulation.submit(1, randomPlan(seeded(seed)));
      for (let i = 0; i < 400 && !simulation.ended.has(1); i++) {
        if (random() < 0.04) simulation.join();
        const ids = [...simulation.workers.keys()];
        if (random() < 0.04 && ids.length > 1) {
          // two crashes; the others leave politely, so that no task is blamed
          simulation.kill(ids[Math.floor(random() * ids.length)], simulation.lost >= 2);
        }
        simulation.step();
      }
      simulation.join();
      simulation.settle();
      expect(simulation.ended.get(1), `seed ${seed}`).toBe("finished");
      expect(simulation.faultsOf(1), `seed ${seed}`).toEqual([]);
      expect(simulation.leftovers(), `seed ${seed}`).toEqual([]);
      recomputed += simulation.scheduler.totals.tasksRecomputed;
    }
    expect(recomputed).toBeGreaterThan(100);
  });

  it("runs several jobs with little memory, or refuses with numbers", () => {
    let refused = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const simulation = new Simulation({ seed, memory: 48 + 8 * (seed % 16), window: 16 });
      simulation.join();
      simulation.join();
      for (const ref of [1, 2]) simulation.submit(ref, randomPlan(seeded(1000 * ref + seed)));
      simulation.settle();
      for (const ref of [1, 2]) {
        const end = simulation.ended.get(ref);
        if (end === "finished") expect(simulation.faultsOf(ref), `seed ${seed}`).toEqual([]);
        else {
          expect(isHyperslabError(end, "MemoryError"), `seed ${seed}: ${String(end)}`).toBe(true);
          refused++;
        }
      }
      expect(simulation.leftovers(), `seed ${seed}`).toEqual([]);
    }
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(200);
  });

  it("survives both at once: little memory, and workers that come and go", () => {
    for (let seed = 1; seed <= STORMS; seed++) {
      const simulation = new Simulation({
        seed,
        memory: 80 + 8 * (seed % 20),
        window: 24,
        threads: 2,
        large: seed % 3 === 0,
      });
      const { random } = simulation;
      simulation.join();
      simulation.join();
      for (const ref of [1, 2]) simulation.submit(ref, randomPlan(seeded(7000 * ref + seed)));
      for (let i = 0; i < 500 && simulation.ended.size < 2; i++) {
        const ids = [...simulation.workers.keys()];
        if (random() < 0.03 && ids.length < 5) simulation.join();
        if (random() < 0.03 && ids.length > 1) simulation.kill(ids[Math.floor(random() * ids.length)], true);
        simulation.step();
      }
      simulation.settle();
      for (const ref of [1, 2]) {
        const end = simulation.ended.get(ref);
        if (end === "finished") expect(simulation.faultsOf(ref), `seed ${seed}`).toEqual([]);
        else expect(isHyperslabError(end, "MemoryError"), `seed ${seed}: ${String(end)}`).toBe(true);
      }
      expect(simulation.leftovers(), `seed ${seed}`).toEqual([]);
    }
  });

  it("ends a job with the error of a failing task, once, and leaves nothing behind", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const bad = seed % 5;
      const simulation = new Simulation({ seed, fails: (task) => task === bad });
      simulation.join();
      simulation.join();
      simulation.submit(1, randomPlan(seeded(seed)));
      simulation.settle();
      const end = simulation.ended.get(1);
      if (end === "finished") expect(simulation.faultsOf(1)).toEqual([]);
      else expect(isHyperslabError(end, "TaskError"), `seed ${seed}: ${String(end)}`).toBe(true);
      expect(simulation.leftovers(), `seed ${seed}`).toEqual([]);
    }
  });

  it("blames a task that its workers keep dying of, and lets others live", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const simulation = new Simulation({ seed, kills: (task) => task === 0 });
      const plan = randomPlan(seeded(seed));
      simulation.submit(1, plan);
      for (let i = 0; i < 2000 && !simulation.ended.has(1); i++) {
        while (simulation.workers.size < 2) simulation.join();
        simulation.step();
      }
      const end = simulation.ended.get(1);
      if (end !== "finished") {
        expect(isHyperslabError(end, "TaskError"), `seed ${seed}: ${String(end)}`).toBe(true);
        expect((end as Error).message).toMatch(/3 workers were lost/);
      }
      expect(simulation.lost).toBeLessThanOrEqual(5);
    }
  });

  it("gives everything back when the client cancels or leaves", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const simulation = new Simulation({ seed });
      simulation.join();
      simulation.join();
      simulation.submit(1, randomPlan(seeded(seed)));
      for (let i = 0; i < seed; i++) simulation.step();
      const { time } = simulation;
      if (seed % 2) simulation.send({ kind: "JobCancelled", client: 1, time, ref: 1 });
      else simulation.send({ kind: "ClientLost", client: 1, time, reason: "gone" });
      simulation.settle();
      expect(simulation.leftovers(), `seed ${seed}`).toEqual([]);
      expect(simulation.scheduler.jobs.size).toBe(0);
    }
  });
});
