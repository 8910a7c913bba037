/** Jobs on a whole cluster: what a played connection can't show. */
import { connect } from "@hyperslab/client/client";
import { CancelledError } from "@hyperslab/core/errors";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { Cluster } from "@hyperslab/launch/cluster";
import type { LocalCluster } from "@hyperslab/launch/local";
import { dataArray } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, heavyPlan, valuesOf } from "./plans.js";

let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await Cluster.local({ workers: 1, threads: 1, memory: "128MiB" });
});
afterAll(async () => cluster?.close());

/** Waits until the worker looks as expected. */
async function until(what: (worker: { stored: number; executing: number }) => boolean): Promise<void> {
  while (!what((await cluster.workers())[0])) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** One task that computes for half a minute, at least. */
const endless = heavyPlan({ blocks: 1, elements: 1_000_000, rounds: 3_000 });

describe("a job on a cluster", () => {
  it("gives the same blocks as the inline executor, and reports what they cost", async () => {
    const plan = heavyPlan({ blocks: 7, elements: 20_000, rounds: 20 });
    await using job = await cluster.client.start(plan);
    expect(valuesOf(await collect(job.blocks()))).toEqual(
      valuesOf(await collect(inlineExecutor().run(plan))),
    );
    await job.finished;
    const { stages, lines } = job.report();
    expect(stages).toMatchObject([
      { done: 7, tasks: 7, bytes: { predicted: 1_120_000, actual: 1_120_000 } },
      { done: 1, tasks: 1, bytes: { predicted: 8, actual: 8 } },
    ]);
    expect(stages[0].time.actual).toBeGreaterThan(0);
    expect(lines.map(({ where }) => where)).toContain("plans.ts:1");
    expect((await cluster.client.status()).jobs.find(({ id }) => id === job.id)?.state).toBe("finished");
  });

  it("stops a task that computes when it is cancelled; the worker and its blocks stay", async () => {
    const [{ pid }] = await cluster.workers();
    const slow = await connect(cluster.url, { token: cluster.token, window: 1, dials: false });
    try {
      // results that nobody takes: the first is on its way, the worker keeps the others
      const kept = await slow.start(heavyPlan({ blocks: 3, elements: 100_000, rounds: 1, whole: true }));
      const blocks = kept.blocks();
      const first = await blocks.next();
      await until(({ stored, executing }) => stored === 1_600_000 && executing === 0);
      const order: string[] = [];
      const long = await cluster.client.start(endless);
      const ended = long.finished.catch((error: unknown) => {
        order.push("cancelled");
        return error;
      });
      await until(({ executing }) => executing === 1);
      // it has the only thread: whatever comes later ends after it, or after it was stopped
      const next = await cluster.client.start(heavyPlan({ blocks: 2 }));
      void next.finished.then(() => order.push("next"));
      order.push("cancel");
      long.cancel();
      expect(await ended).toBeInstanceOf(CancelledError);
      await next.finished;
      expect(order).toEqual(["cancel", "cancelled", "next"]);
      expect((await cluster.workers())[0]).toMatchObject({ pid, stored: 1_600_000, executing: 0 });
      const rest = await collect(blocks);
      expect([first.value?.index, ...rest.map(({ index }) => index)].sort()).toEqual([0, 1, 2]);
      expect(kept.report().stages[0]).toMatchObject({ done: 3, bytes: { actual: 2_400_000 } });
    } finally {
      await slow.close();
    }
  });

  it("holds what is not taken on the workers, and makes no more than they hold", async () => {
    // 320 MB of results, of which 128 MiB fit the worker and 64 MiB may be here
    await using job = await cluster.client.start(
      heavyPlan({ blocks: 80, elements: 500_000, rounds: 1, whole: true }),
    );
    let done = -1;
    // until nothing moves any more
    for (let before = -2; before !== done; await new Promise((resolve) => setTimeout(resolve, 500))) {
      before = done;
      done = (await cluster.client.status()).jobs[0].done;
    }
    expect(done).toBeGreaterThan(16);
    expect(done).toBeLessThan(80);
    expect(job.state).toBe("running");
    let count = 0;
    for await (const _ of job.blocks()) count++;
    expect(count).toBe(80);
  });

  it("waits while it is paused, lets others by, and tells its progress to the end", async () => {
    const job = await cluster.client.start(heavyPlan({ blocks: 300, elements: 20_000, rounds: 20 }));
    job.pause();
    const states = new Set<string>();
    const watch = (async () => {
      for await (const { state } of job.progress) states.add(state);
    })();
    const other = await cluster.client.start(heavyPlan({ blocks: 2 }), { priority: -1 });
    await other.finished;
    expect(job.state).toBe("paused");
    job.resume();
    expect(await collect(job.blocks())).toHaveLength(1);
    await watch;
    expect([...states]).toEqual(["paused", "running", "finished"]);
  });

  it("is what a labelled array has left to compute; a client or a cluster is an executor", async () => {
    const array = dataArray(
      Float64Array.from({ length: 6 }, (_, i) => i),
      { dims: ["x"] },
    )
      .chunk({ x: 2 })
      .add(1);
    const blocks = await collect((await cluster.client.start(array)).blocks());
    expect([...valuesOf(blocks).values()]).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(await array.sum().item({ on: cluster })).toBe(21);
    expect(await array.sum().item({ on: cluster.client })).toBe(21);
    const nothing = { executor: {} } as never;
    await expect(array.sum().item({ on: nothing })).rejects.toThrow(/give a cluster, a client/);
  });
});
