/** Futures of calls, against a job that is played by the test. */
import { callAll } from "@hyperslab/client/calls";
import { CostBook } from "@hyperslab/client/cost-book";
import { startJob } from "@hyperslab/client/job";
import { CancelledError, ClusterError, TaskError, toWire } from "@hyperslab/core/errors";
import { outcomeToText } from "@hyperslab/protocol/call-outcome";
import { blockToBytes } from "@hyperslab/protocol/block-bytes";
import { packRuns } from "@hyperslab/protocol/number-lists";
import { programFromBytes } from "@hyperslab/protocol/program-bytes";
import { describe, expect, it } from "vitest";
import { played } from "./played.js";

const ref = { module: "m.js", name: "f" };

async function called(count: number) {
  const server = played();
  const calls = Array.from({ length: count }, (_, i) => [i]);
  const futures = callAll(ref, calls, { memory: 99, priority: 2 }, (plan, options) =>
    startJob(plan, options, server.connection, new CostBook()),
  );
  server.say({ type: "job-started", job: 1, tasks: count });
  await new Promise(setImmediate);
  const outcome = (call: number, text: string): void => {
    const bytes = blockToBytes([{ dtype: "string", shape: [1], data: [text] }]);
    server.listener?.onMessage({ type: "results", ref: 5, blocks: packRuns([call]) }, [Buffer.concat(bytes)]);
  };
  return { server, futures, outcome };
}

describe("futures", () => {
  it("name the function, and send no code", async () => {
    const { server } = await called(2);
    expect(server.sent[0].message).toMatchObject({ type: "submit", name: "m.js#f", priority: 2 });
    const { sources } = programFromBytes(server.sent[0].parts[1]);
    expect(sources).toMatchObject([{ format: "call", path: "m.js", detail: { name: "f" } }]);
  });

  it("have the outcome of their own call", async () => {
    const { futures, outcome } = await called(2);
    outcome(1, outcomeToText({ value: new Map([["no", "plain data"]]) }));
    outcome(0, outcomeToText({ error: toWire(new RangeError("too far")) }));
    await expect(futures[0].result()).rejects.toThrow(
      new TaskError({ task: "m.js#f", block: "(0)", reason: "too far" }),
    );
    await Promise.allSettled([futures[1].result()]);
    expect(futures[0].status).toBe("failed");
  });

  it("cancel their job with the last of them that is cancelled", async () => {
    const { server, futures, outcome } = await called(3);
    outcome(0, outcomeToText({ value: 7 }));
    expect(await futures[0].result()).toBe(7);
    futures[0].cancel();
    futures[1].cancel();
    await expect(futures[1].result()).rejects.toThrow(CancelledError);
    expect(server.types()).not.toContain("cancel");
    futures[2].cancel();
    await new Promise(setImmediate);
    expect(server.types()).toContain("cancel");
    expect(futures.map(({ status }) => status)).toEqual(["finished", "cancelled", "cancelled"]);
  });

  it("fail with their job", async () => {
    const { server, futures } = await called(2);
    server.listener?.onLost(new ClusterError({ who: "scheduler", reason: "gone" }));
    for (const future of futures) await expect(future.result()).rejects.toThrow(ClusterError);
    expect(futures[1].status).toBe("failed");
  });
});
