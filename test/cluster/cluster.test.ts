/** Whole clusters of real processes and sockets: what the simulations can't show. */
import { CancelledError, ClusterError, isHyperslabError } from "@hyperslab/core/errors";
import type { RunEvent } from "@hyperslab/core/executor";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { Cluster } from "@hyperslab/launch/cluster";
import type { ClusterEvent, LocalCluster } from "@hyperslab/launch/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, failingPlan, heavyPlan, valuesOf } from "./plans.js";

let cluster: LocalCluster;
const died: ClusterEvent[] = [];

beforeAll(async () => {
  cluster = await Cluster.local({ workers: 2, memory: "256MiB", on: (event) => died.push(event) });
});
afterAll(async () => cluster?.close());

/** Waits until the cluster looks as expected. */
async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const idle = async (): Promise<boolean> =>
  (await cluster.workers()).every((worker) => worker.stored + worker.reserved + worker.assigned === 0);

describe("a local cluster", () => {
  it("gives the same blocks as the inline executor", async () => {
    for (const plan of [heavyPlan({ blocks: 7 }), heavyPlan({ blocks: 5, whole: true })]) {
      const there = await collect(cluster.executor.run(plan));
      const here = await collect(inlineExecutor().run(plan));
      expect(valuesOf(there)).toEqual(valuesOf(here));
    }
  });

  it("tells of its progress: a start, then every task once", async () => {
    const events: RunEvent[] = [];
    await collect(cluster.executor.run(heavyPlan({ blocks: 6 }), { on: (event) => events.push(event) }));
    expect(events[0]).toEqual({ kind: "started", tasks: 7, stages: ["heavy", "sum"], stageTasks: [6, 1] });
    const finished = events.slice(1).map((event) => (event.kind === "finished" ? event : null));
    expect(finished.map((event) => event?.done)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(finished.map((event) => event?.task)).size).toBe(7);
    expect(finished.filter((event) => event?.stage === 1)).toHaveLength(1);
  });

  it("runs several plans at once", async () => {
    const plans = [3, 4, 5].map((blocks) => heavyPlan({ blocks }));
    const there = await Promise.all(plans.map((plan) => collect(cluster.executor.run(plan))));
    const here = await Promise.all(plans.map((plan) => collect(inlineExecutor().run(plan))));
    expect(there.map(valuesOf)).toEqual(here.map(valuesOf));
  });

  it("tells which task failed, where, of what, and goes on with the next plan", async () => {
    const error: unknown = await collect(cluster.executor.run(failingPlan())).catch((e: unknown) => e);
    if (!isHyperslabError(error, "TaskError")) throw error;
    expect(error.fields).toMatchObject({ task: "missing", where: "plans.ts:2" });
    expect(error.fields.block).toMatch(/^\(\d:\d\)$/);
    expect(error.fields.worker).toMatch(/^worker-\d$/);
    expect(isHyperslabError(error.cause)).toBe(true);
    await until(idle);
    expect(await collect(cluster.executor.run(heavyPlan({ blocks: 2 })))).toHaveLength(1);
  });

  it("cancels when the caller aborts, and keeps nothing", async () => {
    const controller = new AbortController();
    const plan = heavyPlan({ blocks: 200, elements: 20_000, rounds: 40, whole: true });
    const seen: number[] = [];
    const run = (async () => {
      for await (const { index } of cluster.executor.run(plan, { signal: controller.signal })) {
        seen.push(index);
        controller.abort();
      }
    })();
    await expect(run).rejects.toThrow(CancelledError);
    expect(seen).toHaveLength(1);
    await until(idle);
  });

  it("cancels when the caller leaves early, and keeps nothing", async () => {
    const plan = heavyPlan({ blocks: 200, elements: 20_000, rounds: 40, whole: true });
    for await (const _block of cluster.executor.run(plan)) break;
    await until(idle);
  });

  it("sends no more than the caller takes", async () => {
    // 160 MB of results, with a window of 64 MiB
    const plan = heavyPlan({ blocks: 40, elements: 500_000, rounds: 1, whole: true });
    const iterator = cluster.executor.run(plan)[Symbol.asyncIterator]();
    await iterator.next();
    await until(async () => (await cluster.workers()).some((worker) => worker.stored > 0));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const client = await cluster.workers();
    expect(client.every((worker) => worker.stored + worker.reserved <= worker.memory)).toBe(true);
    let count = 1;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) count++;
    expect(count).toBe(40);
  });

  it("makes lost blocks again when a worker is killed, and replaces the worker", async () => {
    const plan = heavyPlan({ blocks: 60, elements: 20_000, rounds: 30 });
    let killed = -1;
    const on = (event: RunEvent): void => {
      if (event.kind !== "finished" || event.done !== 15 || killed !== -1) return;
      killed = 0;
      void cluster.workers().then(([worker]) => {
        killed = worker.pid;
        process.kill(worker.pid, "SIGKILL");
      });
    };
    const there = await collect(cluster.executor.run(plan, { on }));
    expect(killed).toBeGreaterThan(0);
    const here = await collect(inlineExecutor().run(plan));
    expect(valuesOf(there)).toEqual(valuesOf(here));
    await until(async () => (await cluster.workers()).length === 2);
    expect(died).toMatchObject([{ kind: "worker-died", replaced: true }]);
    expect((await cluster.workers()).map((worker) => worker.pid)).not.toContain(killed);
  });

  it("grows and shrinks", async () => {
    await cluster.scale(3);
    expect(await cluster.workers()).toHaveLength(3);
    const run = collect(cluster.executor.run(heavyPlan({ blocks: 30, elements: 10_000, rounds: 20 })));
    await cluster.scale(1);
    expect(await run).toHaveLength(1);
    expect(await cluster.workers()).toHaveLength(1);
    await cluster.scale(2);
  });

  it("ends a run with ClusterError when it is closed under it", async () => {
    const other = await Cluster.local({ workers: 1 });
    const [{ pid }] = await other.workers();
    const run = collect(other.executor.run(heavyPlan({ blocks: 200, elements: 50_000, rounds: 40 })));
    const [, end] = await Promise.all([other.close(), run.catch((error: unknown) => error)]);
    expect(end).toBeInstanceOf(ClusterError);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
