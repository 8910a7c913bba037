import type { PlanOutline } from "@hyperslab/core/plan";
import { slotsOf } from "@hyperslab/scheduler/pace";
import { describe, expect, it } from "vitest";
import { Core, handedOut, kinds } from "./core.js";
import { stage } from "./plans.js";

const flat = (count: number, cost: { output?: number; working?: number } = {}): PlanOutline => ({
  stages: [stage("a", count, 1, [], cost)],
  outputs: [0],
});

describe("placing", () => {
  it("spreads tasks, and gives a worker no more than its threads and a little", () => {
    const core = new Core([{ threads: 1 }, { threads: 3 }]);
    core.submit(flat(100));
    const by = handedOut(core.place());
    expect([by[1].length, by[2].length]).toEqual([4, 8]);
    for (const worker of core.state.workers.values()) expect(worker.assigned).toBe(slotsOf(worker));
    expect(core.place()).toEqual([]);
  });

  it("never promises more memory than there is", () => {
    // 16 bytes a task
    const core = new Core([{ threads: 8, memory: 50 }]);
    core.submit(flat(100));
    expect(handedOut(core.place())).toEqual({ 1: [0, 1, 2] });
    core.finish(1, [0]);
    // the block that is kept for the client takes 8 of the 16
    expect(core.place()).toEqual([]);
    core.arrive(1, [0]);
    expect(handedOut(core.place())).toEqual({ 1: [3] });
  });

  it("goes where the inputs are", () => {
    const core = new Core([
      { threads: 1, memory: 1e9 },
      { threads: 1, memory: 1e9 },
    ]);
    const big = 2 ** 26;
    core.submit({
      stages: [
        stage("load", 2, 1, [], { output: big }),
        stage("use", 2, 1, [{ stage: 0, map: { kind: "same", axis: 0 } }]),
      ],
      outputs: [1],
    });
    expect(handedOut(core.place())).toEqual({ 1: [0], 2: [1] });
    core.finish(2, [1], big);
    core.finish(1, [0], big);
    const out = core.place();
    expect(handedOut(out)).toEqual({ 1: [2], 2: [3] });
    for (const one of out) if (one.kind === "SendTasks") expect(one.fetch).toEqual([]);
  });

  it("fetches small inputs rather than wait, and says from where", () => {
    const core = new Core([
      { threads: 1, memory: 1000 },
      { threads: 1, memory: 1000 },
    ]);
    core.submit({
      stages: [
        stage("load", 1, 1),
        stage("use", 8, 1, [{ stage: 0, map: { kind: "range", start: 0, stop: 1 } }]),
      ],
      outputs: [1],
    });
    core.place();
    core.finish(1, [0]);
    const out = core.place();
    const other = out.find((one) => one.kind === "SendTasks" && one.worker === 2);
    if (other?.kind !== "SendTasks") throw new Error("nothing for worker 2");
    // once for all tasks there
    expect(other.tasks).toHaveLength(4);
    expect(other.fetch).toEqual([{ from: [1], blocks: [0] }]);
    expect(core.state.workers.get(2)).toMatchObject({ reserved: 4 * 16 + 8 });
  });

  it("lets copies go where it needs the room", () => {
    const core = new Core([
      { threads: 1, memory: 40 },
      { threads: 1, memory: 40 },
    ]);
    core.submit({
      stages: [
        stage("load", 1, 1),
        stage("use", 2, 1, [{ stage: 0, map: { kind: "range", start: 0, stop: 1 } }]),
        stage("big", 2, 1, [{ stage: 1, map: { kind: "same", axis: 0 } }], { output: 8, working: 20 }),
      ],
      outputs: [2, 0],
    });
    core.place();
    core.finish(1, [0]);
    const first = handedOut(core.place());
    expect(first).toEqual({ 1: [1], 2: [2] });
    core.say({ kind: "BlocksFetched", worker: 2, job: 1, blocks: [0], bytes: [8] });
    core.finish(2, [2]);
    const out = core.place();
    // 8 held for the result, 8 for the copy: the copy goes, because worker 1 has the block too
    expect(out[0]).toEqual({ kind: "ReleaseBlocks", worker: 2, job: 1, blocks: [0] });
    expect(handedOut(out)).toEqual({ 2: [4] });
  });

  it("lets no small task overtake one that waits for memory, unless it gives memory back", () => {
    const core = new Core([{ threads: 4, memory: 100 }]);
    core.submit({
      stages: [
        stage("small", 1, 1, [], { output: 10, working: 0 }),
        stage("big", 1, 1, [], { output: 95, working: 0 }),
        stage("more", 3, 1, [], { output: 10, working: 0 }),
      ],
      outputs: [0, 1, 2],
    });
    expect(handedOut(core.place())).toEqual({ 1: [0] });
    core.finish(1, [0], 10);
    expect(core.place()).toEqual([]);
    core.arrive(1, [0]);
    expect(handedOut(core.place())).toEqual({ 1: [1] });
  });

  it("lets jobs take turns", () => {
    const core = new Core([{ threads: 3 }]);
    core.submit(flat(100));
    core.submit(flat(100));
    const out = core.place().filter((one) => one.kind === "SendTasks");
    expect(out.map((one) => [one.job, one.tasks.length])).toEqual([
      [1, 4],
      [2, 4],
    ]);
  });

  it("refuses a task that fits no worker, with numbers", () => {
    const core = new Core([{ memory: 100 }, { memory: 200 }]);
    core.submit(flat(3, { output: 150, working: 100 }));
    const out = core.place();
    expect(kinds(out)).toEqual(["TellFailed", "DropJob"]);
    expect(out[0]).toMatchObject({
      error: { tag: "MemoryError", fields: { needed: 250, available: 200 } },
    });
  });

  it("waits while there is no worker, and while something else may free memory", () => {
    const core = new Core();
    core.submit(flat(3, { output: 150 }));
    expect(core.place()).toEqual([]);
    expect(core.state.jobs.size).toBe(1);
  });

  it("refuses where blocks that are kept leave no room for what would free them", () => {
    const core = new Core([{ threads: 4, memory: 40 }]);
    core.submit({
      stages: [
        stage("load", 4, 1, [], { output: 10, working: 0 }),
        stage("all", 1, 1, [{ stage: 0, map: { kind: "range", start: 0, stop: 4 } }], {
          output: 0,
          working: 0,
        }),
        stage("late", 1, 1, [{ stage: 1, map: { kind: "same", axis: 0 } }], { output: 35, working: 0 }),
      ],
      outputs: [2, 0],
    });
    core.place();
    core.finish(1, [0, 1, 2, 3], 10);
    // results 0 .. 3 are on their way: that may free memory
    core.place();
    core.finish(1, [4], 0);
    core.place();
    expect(core.state.jobs.size).toBe(1);
    for (let block = 0; block < 4; block++) core.arrive(1, [block]);
    expect(handedOut(core.place())).toEqual({ 1: [5] });
  });
});
