/** A run against a connection that is played by the test. */
import { CancelledError, ClusterError, TaskError, toWire } from "@hyperslab/core/errors";
import type { RunEvent } from "@hyperslab/core/executor";
import { runPlan } from "@hyperslab/client/run";
import { crcOf } from "@hyperslab/protocol/block-bytes";
import { packRuns } from "@hyperslab/protocol/number-lists";
import { outlineFromBytes, programFromBytes } from "@hyperslab/protocol/program-bytes";
import { describe, expect, it } from "vitest";
import { collect, heavyPlan } from "../cluster/plans.js";
import { played } from "./played.js";

const plan = heavyPlan({ blocks: 3, elements: 2 });

describe("a run", () => {
  it("sends the outline and the programs, and nothing for each block", async () => {
    const server = played();
    const run = collect(runPlan(plan, {}, server.connection));
    await Promise.resolve();
    expect(server.sent[0].message).toEqual({
      type: "submit",
      ref: 5,
      name: "sum",
      window: 1000,
      progress: false,
      priority: 0,
    });
    const [outline, ...programs] = server.sent[0].parts;
    expect(outlineFromBytes(outline).stages.map(({ name }) => name)).toEqual(["heavy", "sum"]);
    expect(programs.map((bytes) => programFromBytes(bytes).steps.length)).toEqual([3, 2]);
    server.result(3, 42);
    server.listener?.onMessage({ type: "job-finished", ref: 5 }, []);
    const [{ output, index, block }] = await run;
    expect([output, index, block.data[0]]).toEqual([0, 0, 42]);
    // nothing more is to come: no room has to be made
    expect(server.types()).toEqual(["submit"]);
    expect(server.closed).toBe(1);
  });

  it("gives one block to every result that it belongs to", async () => {
    const server = played();
    const run = collect(runPlan({ ...plan, outputs: [1, 0, 1] }, {}, server.connection));
    await Promise.resolve();
    server.result(3);
    server.result(2);
    server.listener?.onMessage({ type: "job-finished", ref: 5 }, []);
    expect((await run).map(({ output, index }) => [output, index])).toEqual([
      [0, 0],
      [2, 0],
      [1, 2],
    ]);
  });

  it("makes room for more results only when the caller comes back", async () => {
    const server = played();
    const run = runPlan({ ...plan, outputs: [1, 0] }, {}, server.connection);
    const first = run.next();
    await Promise.resolve();
    server.result(3);
    server.result(2);
    // one that comes again is dropped
    server.result(3);
    await first;
    expect(server.types()).toEqual(["submit"]);
    await run.next();
    expect(server.types()).toEqual(["submit", "taken"]);
    server.listener?.onMessage({ type: "job-finished", ref: 5 }, []);
    expect((await run.next()).done).toBe(true);
  });

  it("fetches large results from their workers, and says what has come and what has not", async () => {
    const server = played();
    const run = collect(runPlan({ ...plan, outputs: [0] }, {}, server.connection));
    await Promise.resolve();
    const holder = { worker: 9, name: "w9", address: "ws://w9" };
    const at = { type: "results-at", ref: 5, job: 3, holder, blocks: packRuns([0, 1]) } as const;
    server.listener?.onMessage(at, []);
    expect(server.fetched).toEqual([[3, 0, 1]]);
    server.listener?.onFetched([1], new Uint8Array(Float64Array.of(5, 6).buffer));
    server.listener?.onFetchFailed(9, [0], false);
    const piece = { type: "result-piece", ref: 5, block: 0, total: 16 } as const;
    const bytes = new Uint8Array(Float64Array.of(7, 8).buffer);
    for (const [at, end] of [
      [0, 10],
      [10, 16],
    ]) {
      const parts = [bytes.subarray(at, end)];
      server.listener?.onMessage({ ...piece, at, crc: crcOf(parts) }, parts);
    }
    server.listener?.onMessage({ type: "job-finished", ref: 5 }, []);
    expect((await run).map(({ index, block }) => [index, ...(block.data as Float64Array)])).toEqual([
      [1, 5, 6],
      [0, 7, 8],
    ]);
    expect(server.sent.slice(1).map(({ message }) => message)).toMatchObject([
      { type: "results-fetched", blocks: packRuns([1]) },
      { type: "fetch-failed", worker: 9, answered: false, blocks: packRuns([0]) },
    ]);
  });

  it("tells its progress", async () => {
    const server = played();
    const events: RunEvent[] = [];
    const run = collect(runPlan(plan, { on: (event) => events.push(event) }, server.connection));
    await Promise.resolve();
    server.listener?.onMessage({ type: "job-started", ref: 5, job: 1, tasks: 4 }, []);
    server.listener?.onMessage({ type: "progress", ref: 5, tasks: packRuns([2, 3]) }, []);
    server.listener?.onMessage({ type: "job-finished", ref: 5 }, []);
    await run;
    expect(events).toEqual([
      { kind: "started", tasks: 4, stages: ["heavy", "sum"], stageTasks: [3, 1] },
      { kind: "finished", task: 2, stage: 0, done: 1, tasks: 4 },
      { kind: "finished", task: 3, stage: 1, done: 2, tasks: 4 },
    ]);
    expect(server.sent[0].message).toMatchObject({ progress: true });
  });

  it("fails with the scheduler's error, and with a caller's own callback", async () => {
    const server = played();
    const run = collect(runPlan(plan, {}, server.connection));
    await Promise.resolve();
    server.result(0);
    const error = toWire(new TaskError({ task: "t", block: "(0:1)", reason: "r" }));
    server.listener?.onMessage({ type: "job-failed", ref: 5, error }, []);
    await expect(run).rejects.toThrow(TaskError);
    expect(server.types()).toEqual(["submit"]);
    const other = played();
    const on = (): void => {
      throw new Error("own");
    };
    const own = collect(runPlan(plan, { on }, other.connection));
    await Promise.resolve();
    other.listener?.onMessage({ type: "job-started", ref: 5, job: 1, tasks: 4 }, []);
    await expect(own).rejects.toThrow("own");
    expect(other.types()).toEqual(["submit", "cancel"]);
  });

  it("is cancelled at once by a signal, and by leaving", async () => {
    const server = played();
    const controller = new AbortController();
    const run = collect(runPlan(plan, { signal: controller.signal }, server.connection));
    await Promise.resolve();
    controller.abort();
    expect(server.types()).toEqual(["submit", "cancel"]);
    await expect(run).rejects.toThrow(CancelledError);
    expect(server.types()).toEqual(["submit", "cancel"]);
    const other = played();
    const left = (async () => {
      for await (const _ of runPlan(plan, {}, other.connection)) break;
    })();
    await Promise.resolve();
    other.result(3);
    await left;
    expect(other.types()).toEqual(["submit", "cancel"]);
    const never = played();
    await expect(collect(runPlan(plan, { signal: AbortSignal.abort() }, never.connection))).rejects.toThrow(
      CancelledError,
    );
    expect(never.sent).toEqual([]);
  });

  it("ends where the connection does, also before it began", async () => {
    const lost = new ClusterError({ who: "scheduler", reason: "gone" });
    const server = played();
    const run = collect(runPlan(plan, {}, server.connection));
    await Promise.resolve();
    server.listener?.onLost(lost);
    await expect(run).rejects.toBe(lost);
    await expect(collect(runPlan(plan, {}, played(lost).connection))).rejects.toBe(lost);
  });

  it("refuses plans that use objects of this process", async () => {
    const [stage] = plan.stages;
    const source = {
      format: "zarr" as const,
      store: { kind: "process" as const, id: 1 },
      path: "temp",
      detail: null,
    };
    const local = { stages: [{ ...stage, program: { ...stage.program, sources: [source] } }], outputs: [0] };
    await expect(collect(runPlan(local, {}, played().connection))).rejects.toThrow(
      /"temp" in a store that lives in this process/,
    );
  });
});
