/** Jobs against a connection that is played by the test. */
import { CostBook } from "@hyperslab/client/cost-book";
import { type JobProgress, startJob } from "@hyperslab/client/job";
import { CancelledError, ClusterError, TaskError, toWire } from "@hyperslab/core/errors";
import { packRuns } from "@hyperslab/protocol/number-lists";
import { describe, expect, it } from "vitest";
import { heavyPlan } from "../cluster/plans.js";
import { played } from "./played.js";

const plan = heavyPlan({ blocks: 3, elements: 2 });

/** A job that the scheduler has. */
async function begun(work = plan, costs = new CostBook()) {
  const server = played();
  const starting = startJob(work, {}, server.connection, costs);
  server.say({ type: "job-started", job: 7, tasks: 4 });
  return { server, job: await starting };
}

const spent = { type: "spent", tasks: [2, 0], time: [4, 0], bytes: [32, 0] } as const;

describe("a job", () => {
  it("is there once the scheduler has it, with its number", async () => {
    const { server, job } = await begun();
    expect(job.id).toBe(7);
    expect(server.sent[0].message).toMatchObject({ type: "submit", progress: true, priority: 0 });
    const refused = played();
    const starting = startJob(plan, {}, refused.connection, new CostBook());
    const error = toWire(new ClusterError({ who: "the scheduler", reason: "no" }));
    refused.say({ type: "job-failed", error });
    await expect(starting).rejects.toThrow(ClusterError);
  });

  it("takes what has a plan, and a signal", async () => {
    const server = played();
    const controller = new AbortController();
    const { signal } = controller;
    const starting = startJob(
      { plan: () => plan },
      { signal, priority: 3 },
      server.connection,
      new CostBook(),
    );
    server.say({ type: "job-started", job: 1, tasks: 4 });
    const job = await starting;
    expect(server.sent[0].message).toMatchObject({ type: "submit", priority: 3 });
    controller.abort();
    await expect(job.finished).rejects.toThrow(CancelledError);
    expect([job.state, ...server.types()]).toEqual(["cancelled", "submit", "cancel"]);
    const late = startJob(plan, { signal }, server.connection, new CostBook());
    await expect(late).rejects.toThrow(CancelledError);
  });

  it("tells how far it is: the newest to whoever is slow, and the end", async () => {
    const { server, job } = await begun();
    const seen: JobProgress[] = [];
    const watch = (async () => {
      for await (const progress of job.progress) {
        seen.push(progress);
        if (seen.length > 1) continue;
        server.say({ type: "progress", tasks: packRuns([0]) });
        server.say({ type: "progress", tasks: packRuns([1]) });
        server.say(spent);
      }
    })();
    await new Promise(setImmediate);
    server.say({ type: "progress", tasks: packRuns([2, 3]) });
    server.result(3, 1);
    server.say({ type: "job-finished" });
    await watch;
    expect(seen.map(({ state, done, bytes }) => [state, done, bytes])).toEqual([
      ["running", 0, 0],
      ["running", 2, 32],
      ["finished", 4, 32],
    ]);
    expect(seen[0].eta).toBeNull();
    // two of four tasks are left: what ran took 2 ms a task
    expect(seen[1].eta).toBeGreaterThan(0);
    expect(seen[2]).toMatchObject({
      tasks: 4,
      eta: 0,
      byStage: [
        { name: "heavy", done: 3, tasks: 3 },
        { name: "sum", done: 1, tasks: 1 },
      ],
    });
    // who comes later hears of the end
    for await (const { state } of job.progress) expect(state).toBe("finished");
    await job.finished;
  });

  it("hands blocks out once, among all callers, also after its end", async () => {
    const { server, job } = await begun({ ...plan, outputs: [0] });
    const values: number[] = [];
    server.result(0, 1);
    for await (const { block } of job.blocks()) {
      values.push(Number(block.data[0]));
      break;
    }
    expect(server.types()).toEqual(["submit"]);
    server.result(1, 2);
    server.result(2, 3);
    server.say({ type: "job-finished" });
    await job.finished;
    for await (const { block } of job.blocks()) values.push(Number(block.data[0]));
    expect(values).toEqual([1, 2, 3]);
    for await (const _ of job.blocks()) expect.unreachable();
    expect(server.closed).toBe(1);
  });

  it("makes room for more as blocks are taken, also where one caller left and another came", async () => {
    const { server, job } = await begun({ ...plan, outputs: [0] });
    server.result(0);
    for await (const _ of job.blocks()) break;
    const next = job.blocks().next();
    await new Promise(setImmediate);
    expect(server.sent[1].message).toEqual({ type: "taken", ref: 5, bytes: 16 });
    server.result(1);
    await next;
    expect(server.types()).toEqual(["submit", "taken"]);
  });

  it("is cancelled, once, and leaves its scope so", async () => {
    const { server, job } = await begun();
    {
      await using scoped = job;
      scoped.cancel(new Error("not wanted"));
    }
    await expect(job.finished).rejects.toThrow("job 7 was cancelled");
    await expect(job.blocks().next()).rejects.toThrow(CancelledError);
    expect(server.types()).toEqual(["submit", "cancel"]);
    expect([job.state, server.closed]).toEqual(["cancelled", 1]);
  });

  it("is paused, goes on, and changes its priority", async () => {
    const { server, job } = await begun();
    job.resume();
    job.pause();
    job.pause();
    expect(job.state).toBe("paused");
    job.setPriority(2);
    job.resume();
    expect(server.sent.slice(1).map(({ message }) => message)).toEqual([
      { type: "steer", ref: 5, paused: true, priority: 0 },
      { type: "steer", ref: 5, paused: true, priority: 2 },
      { type: "steer", ref: 5, paused: false, priority: 2 },
    ]);
    job.cancel();
    job.setPriority(3);
    job.pause();
    expect(server.types().slice(4)).toEqual(["cancel"]);
  });

  it("fails with what the scheduler says; its progress only ends", async () => {
    const { server, job } = await begun();
    const error = toWire(new TaskError({ task: "t", block: "(0:1)", reason: "r" }));
    server.say({ type: "job-failed", error });
    await expect(job.finished).rejects.toThrow(TaskError);
    await expect(job.blocks().next()).rejects.toThrow(TaskError);
    for await (const { state } of job.progress) expect(state).toBe("failed");
  });

  it("reports predicted against actual, by stage and by line, and predicts better from then on", async () => {
    const costs = new CostBook();
    const { server, job } = await begun(plan, costs);
    server.say({ type: "progress", tasks: packRuns([0, 1, 2, 3]) });
    server.say({ type: "spent", tasks: [3, 1], time: [30, 1], bytes: [48, 8] });
    server.result(3);
    server.say({ type: "job-finished" });
    const report = job.report();
    expect(report).toMatchObject({
      job: 7,
      state: "finished",
      stages: [
        {
          name: "heavy",
          where: "plans.ts:1",
          done: 3,
          tasks: 3,
          bytes: { predicted: 48, actual: 48 },
          time: { actual: 30 },
        },
        { name: "sum", where: null, bytes: { predicted: 8, actual: 8 }, time: { actual: 1 } },
      ],
      lines: [{ where: "plans.ts:1", name: "heavy" }, { where: null }],
    });
    expect(String(report)).toMatch(
      /^job 7: finished[^]*heavy +3\/3 +48 B +48 B .* 30\.0 ms\n[^]*plans\.ts:1 /,
    );
    const again = (await begun(plan, costs)).job.report();
    expect(again.stages[0].time.predicted).toBeCloseTo(30, 6);
  });
});
