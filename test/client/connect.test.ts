/** A client against a real scheduler without workers. */
import { CancelledError, ClusterError } from "@hyperslab/core/errors";
import { connect } from "@hyperslab/client/client";
import { startScheduler } from "@hyperslab/scheduler/server";
import { describe, expect, it } from "vitest";
import { collect, heavyPlan } from "../cluster/plans.js";

describe("connect", () => {
  it("takes the wire's address or the dashboard's, and says what the cluster does", async () => {
    const scheduler = await startScheduler({ token: "t" });
    const client = await connect(scheduler.url, { token: "t", name: "me" });
    const other = await connect(scheduler.dashboardUrl);
    try {
      expect(await client.status()).toMatchObject({ clients: 2, workers: [], jobs: [] });
      await other.close();
      expect(other.connected).toBe(false);
      await expect(other.status()).rejects.toThrow(ClusterError);
    } finally {
      await client.close();
      await scheduler.close();
    }
  });

  it("refuses a wrong token, and an address where nobody is", async () => {
    const scheduler = await startScheduler({ token: "t" });
    await expect(connect(scheduler.url, { token: "x" })).rejects.toThrow(/the token was refused/);
    await scheduler.close();
    await expect(connect(scheduler.url, { token: "t" })).rejects.toThrow(ClusterError);
  });

  it("waits for workers, can be cancelled meanwhile, and leaves no job behind", async () => {
    const scheduler = await startScheduler();
    const client = await connect(scheduler.url, { token: scheduler.token, name: "me" });
    try {
      const controller = new AbortController();
      const run = collect(client.executor().run(heavyPlan({ blocks: 3 }), { signal: controller.signal }));
      expect((await client.status()).jobs[0]).toMatchObject({ state: "running", client: "me", tasks: 4 });
      const answer = await fetch(scheduler.dashboardUrl.replace("/?", "/task?job=1&task=0&"));
      expect(await answer.json()).toMatchObject({
        task: "heavy[0]",
        because: "there is no worker",
        story: [],
      });
      expect((await fetch(scheduler.dashboardUrl.replace("/?", "/task?job=9&task=0&"))).status).toBe(404);
      controller.abort();
      await expect(run).rejects.toThrow(CancelledError);
      expect((await client.status()).jobs[0]).toMatchObject({ state: "cancelled" });
    } finally {
      await client.close();
      await scheduler.close();
    }
  });

  it("ends runs and questions with ClusterError when the scheduler goes away", async () => {
    const scheduler = await startScheduler();
    const client = await connect(scheduler.url, { token: scheduler.token });
    const run = collect(client.executor().run(heavyPlan({ blocks: 3 })));
    await client.status();
    const [end] = await Promise.all([run.catch((error: unknown) => error), scheduler.close()]);
    expect(end).toBeInstanceOf(ClusterError);
    expect((end as Error).message).toMatch(/scheduler is closing/);
    await client.close();
  });

  it("cancels the jobs of a client that left", async () => {
    const scheduler = await startScheduler();
    const { token } = scheduler;
    const [one, two] = await Promise.all([
      connect(scheduler.url, { token }),
      connect(scheduler.url, { token }),
    ]);
    const run = collect(one.executor().run(heavyPlan({ blocks: 3 }))).catch((error: unknown) => error);
    await one.status();
    await one.close();
    expect(await run).toBeInstanceOf(ClusterError);
    while ((await two.status()).jobs[0].state === "running");
    expect((await two.status()).jobs[0].state).toBe("cancelled");
    await two.close();
    await scheduler.close();
  });
});
