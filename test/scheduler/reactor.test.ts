import { fromWire, isHyperslabError, toWire } from "@hyperslab/core/errors";
import type { PlanOutline } from "@hyperslab/core/plan";
import { explain, story } from "@hyperslab/scheduler/explain";
import { metricsText } from "@hyperslab/scheduler/metrics";
import { react } from "@hyperslab/scheduler/reactor";
import { clusterStatus } from "@hyperslab/scheduler/status";
import { describe, expect, it } from "vitest";
import { Core, handedOut, kinds } from "./core.js";
import { stage } from "./plans.js";

/** load 0 1 2 3 → sum 4 5 (pairs) → total 6 */
const tree: PlanOutline = {
  stages: [
    stage("load", 4, 1),
    stage("sum", 2, 1, [{ stage: 0, map: { kind: "tree", axis: 0, fanIn: 2 } }]),
    stage("total", 1, 1, [{ stage: 1, map: { kind: "range", start: 0, stop: 2 } }]),
  ],
  outputs: [2],
};

describe("a job", () => {
  it("goes from tasks to blocks to one result, and leaves nothing", () => {
    const core = new Core([{ threads: 4 }]);
    const job = core.submit(tree, { progress: true });
    const first = core.place();
    expect(kinds(first)).toEqual(["SendJob", "SendPrograms", "SendTasks"]);
    expect(handedOut(first)).toEqual({ 1: [0, 1, 2, 3] });
    expect(first[1]).toMatchObject({ stages: [0] });
    core.say({ kind: "TasksStarted", worker: 1, job: 1, tasks: [0, 1] });
    expect(core.statuses(job).slice(0, 3)).toEqual(["executing", "executing", "assigned"]);
    expect(core.finish(1, [0, 1])).toEqual([{ kind: "TellProgress", client: 100, ref: 1, tasks: [0, 1] }]);
    expect(core.statuses(job)[4]).toBe("ready");
    const second = core.place();
    expect(second[0]).toMatchObject({ kind: "SendPrograms", stages: [1] });
    // the inputs of a finished sum are released at once
    expect(core.finish(1, [4])).toContainEqual({ kind: "ReleaseBlocks", worker: 1, job: 1, blocks: [0, 1] });
    core.finish(1, [2, 3]);
    core.place();
    core.finish(1, [5]);
    // small results are sent without further asking
    expect(core.place().at(-1)).toMatchObject({ kind: "SendTasks", tasks: [6], send: true });
    expect(core.finish(1, [6])).toEqual([
      { kind: "ReleaseBlocks", worker: 1, job: 1, blocks: [4, 5] },
      { kind: "TellProgress", client: 100, ref: 1, tasks: [6] },
    ]);
    const last = core.arrive(1, [6], "value");
    expect(last[0]).toEqual({ kind: "RelayResults", client: 100, ref: 1, payload: "value" });
    expect(kinds(last)).toEqual([
      "RelayResults",
      "ReleaseBlocks",
      "TellSpent",
      "TellFinished",
      "ForgetJob",
      "DropJob",
    ]);
    expect(core.state.jobs.size).toBe(0);
    expect(core.state.workers.get(1)).toMatchObject({ stored: 0, reserved: 0, executing: 0, finished: 7 });
    expect(core.state.ended[0]).toMatchObject({ state: "finished", tasks: 7, done: 7 });
  });

  it("tells what its stages cost: now and then, and at its end", () => {
    const core = new Core([{ threads: 8 }]);
    core.submit({ stages: [stage("a", 3, 1)], outputs: [0] }, { progress: true });
    core.place();
    const finish = (task: number, time: number) =>
      react(core.state, {
        kind: "TasksFinished",
        worker: 1,
        time,
        job: 1,
        tasks: [task],
        bytes: [8],
        spent: [0, 1500, 9, 1],
      }).filter(({ kind }) => kind === "TellSpent");
    expect(finish(0, 100)).toEqual([]);
    const told = { kind: "TellSpent", client: 100, ref: 1, tasks: [2], time: [3], bytes: [16] };
    expect(finish(1, 300)).toEqual([told]);
    finish(2, 310);
    const end = core.arrive(1, [0, 1, 2]).find(({ kind }) => kind === "TellSpent");
    expect(end).toEqual({ ...told, tasks: [3], time: [4.5], bytes: [24] });
  });

  it("holds others back, rather than fails them, while it is paused and keeps blocks", () => {
    const core = new Core([{ memory: 20 }]);
    const next = stage("b", 1, 1, [{ stage: 0, map: { kind: "same", axis: 0 } }], { output: 1, working: 1 });
    core.submit({ stages: [stage("a", 1, 1), next], outputs: [1] });
    core.place();
    const steer = (paused: boolean) =>
      core.say({ kind: "JobSteered", client: 100, ref: 1, paused, priority: 0 });
    steer(true);
    core.finish(1, [0]);
    const other = core.submit({ stages: [stage("c", 1, 1)], outputs: [0] });
    expect(core.place()).toEqual([]);
    expect(core.state.jobs.has(other.id)).toBe(true);
    steer(false);
    expect(handedOut(core.place())).toEqual({ 1: [1] });
  });

  it("costs nothing to run what leads to no result", () => {
    const core = new Core([{ threads: 4 }]);
    const outline = { stages: [stage("unused", 5, 1), stage("used", 1, 1)], outputs: [1] };
    const job = core.submit(outline);
    expect(job.counts).toEqual([0, 1, 0, 0, 0, 5]);
    expect(handedOut(core.place())).toEqual({ 1: [5] });
  });

  it("is over at once where it has no results", () => {
    const core = new Core();
    const out = core.say({
      kind: "JobSubmitted",
      client: 100,
      ref: 1,
      name: "none",
      outline: { stages: [stage("a", 2, 1)], outputs: [] },
      window: 1,
      progress: false,
      priority: 0,
    });
    expect(kinds(out)).toEqual(["KeepJob", "TellStarted", "TellFinished", "DropJob"]);
  });

  it("gives its results within the client's window", () => {
    const core = new Core([{ threads: 4 }]);
    core.submit({ stages: [stage("a", 4, 1)], outputs: [0] }, { window: 20 });
    // 8 bytes each: two fit, and are sent as soon as they are made
    expect(core.place().filter((one) => one.kind === "SendTasks")).toMatchObject([
      { tasks: [0, 1], send: true },
      { tasks: [2, 3], send: false },
    ]);
    expect(core.finish(1, [0, 1, 2, 3])).toEqual([]);
    const arrive = (block: number) => core.arrive(1, [block]);
    expect(kinds(arrive(0))).toEqual(["RelayResults", "ReleaseBlocks"]);
    expect(core.say({ kind: "ResultsTaken", client: 100, ref: 1, bytes: 8 })).toEqual([
      { kind: "RequestResults", worker: 1, job: 1, blocks: [2] },
    ]);
    // one that comes twice counts once
    expect(kinds(arrive(0))).toEqual(["RelayResults"]);
    expect(core.state.jobs.get(1)?.untaken).toBe(0);
  });
});

describe("large results", () => {
  const big = { stages: [stage("a", 2, 1, [], { output: 1e6 })], outputs: [0] };

  it("are fetched from their worker by a client that dials", () => {
    const core = new Core([{ threads: 4, memory: 1e8 }], true);
    const job = core.submit(big, { window: 1e7 });
    expect(core.place().at(-1)).toMatchObject({ kind: "SendTasks", send: false });
    const holder = { worker: 1, name: "w1", address: "ws://w1" };
    expect(core.finish(1, [0, 1], 1e6)).toEqual([
      { kind: "TellPlace", client: 100, ref: 1, job: 1, holder, blocks: [0, 1] },
    ]);
    const out = core.say({ kind: "ResultsFetched", client: 100, ref: 1, blocks: [0] });
    expect(out).toEqual([{ kind: "ReleaseBlocks", worker: 1, job: 1, blocks: [0] }]);
    expect(job).toMatchObject({ resultsLeft: 1, asked: 1e6, untaken: 1e6 });
    // the last word on a result is the client's, whatever has become of the worker
    core.say({ kind: "WorkerLost", worker: 1, reason: "gone", retired: true });
    expect(kinds(core.say({ kind: "ResultsFetched", client: 100, ref: 1, blocks: [1] }))).toEqual([
      "TellFinished",
      "DropJob",
    ]);
  });

  it("come through the scheduler where the worker can't be reached, and are made again where it lost them", () => {
    const core = new Core([{ threads: 4, memory: 1e8 }], true);
    const job = core.submit(big, { window: 1e7 });
    core.place();
    core.finish(1, [0, 1], 1e6);
    const failed = (block: number, answered: boolean) =>
      core.say({ kind: "FetchFailed", client: 100, ref: 1, blocks: [block], worker: 1, answered });
    expect(failed(0, false)).toEqual([{ kind: "RequestResults", worker: 1, job: 1, blocks: [0] }]);
    expect(failed(1, true)).toEqual([]);
    expect(core.statuses(job)).toEqual(["memory", "ready"]);
  });
});

describe("several jobs", () => {
  const flat = { stages: [stage("a", 100, 1)], outputs: [0] };

  it("go by priority, and wait while they are paused", () => {
    const core = new Core([{ threads: 1 }]);
    core.submit(flat);
    const urgent = core.submit(flat, { priority: 1 });
    const steer = (ref: number, paused: boolean, priority: number) =>
      core.say({ kind: "JobSteered", client: 100, ref, paused, priority });
    const jobs = () => core.place().flatMap((one) => (one.kind === "SendTasks" ? [one.job] : []));
    steer(1, true, 0);
    steer(2, true, 1);
    expect(jobs()).toEqual([]);
    expect(explain(core.state, urgent, 0).because).toBe("its job is paused");
    steer(1, false, 0);
    steer(2, false, 1);
    expect(jobs()).toEqual([2]);
    core.finish(1, []);
    steer(1, false, 5);
    core.say({ kind: "TasksFinished", worker: 1, job: 2, tasks: [0, 1], bytes: [8, 8] });
    expect(jobs()).toEqual([1]);
  });
});

describe("a lost worker", () => {
  it("has only its lost blocks made again, and what these need", () => {
    const core = new Core([{ threads: 4 }]);
    const job = core.submit(tree);
    core.place();
    core.finish(1, [0, 1, 2, 3]);
    core.join(2, { threads: 1 });
    core.place();
    core.finish(1, [4]);
    expect(core.statuses(job)).toEqual([
      "released",
      "released",
      "memory",
      "memory",
      "memory",
      "assigned",
      "waiting",
    ]);
    core.say({ kind: "WorkerLost", worker: 1, reason: "gone", retired: false });
    expect(core.statuses(job)).toEqual(["ready", "ready", "ready", "ready", "waiting", "waiting", "waiting"]);
    expect(core.state.totals.tasksRecomputed).toBe(5);
  });

  it("leaves alone what others hold, and what nobody needs any more", () => {
    const core = new Core([{ threads: 1 }, { threads: 1 }]);
    const job = core.submit(tree);
    const first = handedOut(core.place());
    // what belongs together stays together
    expect(first).toEqual({ 1: [0, 1], 2: [2, 3] });
    core.finish(1, [0, 1]);
    core.finish(2, [2, 3]);
    expect(handedOut(core.place())).toEqual({ 1: [4], 2: [5] });
    core.finish(1, [4]);
    core.finish(2, [5]);
    expect(handedOut(core.place())).toEqual({ 1: [6] });
    expect(core.at(job, 1)).toEqual({ tasks: [6], incoming: [5] });
    core.say({ kind: "BlocksFetched", worker: 1, job: 1, blocks: [5], bytes: [8] });
    core.say({ kind: "WorkerLost", worker: 2, reason: "gone", retired: false });
    // the copy that was fetched stays; the task that reads it goes on
    expect(core.statuses(job).slice(4)).toEqual(["memory", "memory", "assigned"]);
  });

  it("ends a job only after three under the same task, and names it", () => {
    const core = new Core();
    core.submit({ stages: [{ ...stage("bad", 1, 1), where: "user.ts:7" }], outputs: [0] });
    for (let worker = 1; worker <= 3; worker++) {
      core.join(worker);
      core.place();
      core.say({ kind: "TasksStarted", worker, job: 1, tasks: [0] });
      const out = core.say({ kind: "WorkerLost", worker, reason: "out of memory", retired: false });
      if (worker < 3) expect(out).toEqual([]);
      else {
        const [told] = out;
        if (told.kind !== "TellFailed") throw new Error(told.kind);
        const error = fromWire(told.error);
        if (!isHyperslabError(error, "TaskError")) throw error;
        expect(error.fields).toMatchObject({ task: "bad", block: "(0:1)", worker: "w3", where: "user.ts:7" });
        expect(error.message).toMatch(/3 workers were lost .* out of memory/);
        expect(isHyperslabError(error.cause, "ClusterError")).toBe(true);
      }
    }
    expect(core.state.jobs.size).toBe(0);
  });

  it("does not blame tasks that only waited, or workers that were retired", () => {
    const core = new Core();
    const job = core.submit({ stages: [stage("a", 2, 1)], outputs: [0] });
    for (let worker = 1; worker <= 5; worker++) {
      core.join(worker);
      core.place();
      core.say({ kind: "WorkerLost", worker, reason: "scaled down", retired: true });
    }
    expect(job.deaths.size).toBe(0);
    core.join(9);
    core.place();
    core.say({ kind: "TasksStarted", worker: 9, job: 1, tasks: [0] });
    core.say({ kind: "WorkerLost", worker: 9, reason: "x", retired: false });
    expect([...job.deaths]).toEqual([[0, 1]]);
  });

  it("is told to its peers, and a new one too", () => {
    const core = new Core([{}]);
    expect(core.join(2)).toEqual([
      { kind: "SendPeers", worker: 2, joined: [{ worker: 1, name: "w1", address: "ws://w1" }], left: [] },
      { kind: "SendPeers", worker: 1, joined: [{ worker: 2, name: "w2", address: "ws://w2" }], left: [] },
    ]);
    expect(core.say({ kind: "WorkerLost", worker: 1, reason: "x", retired: false })).toEqual([
      { kind: "SendPeers", worker: 2, joined: [], left: [1] },
    ]);
  });
});

describe("a failure", () => {
  it("reaches the client with task, block, worker, place and cause; the rest is dropped", () => {
    const core = new Core([{ threads: 4 }, { threads: 4 }]);
    core.submit(tree);
    core.place();
    const error = toWire(new RangeError("no such byte"));
    const out = core.say({ kind: "TaskFailed", worker: 1, job: 1, task: 0, error });
    expect(kinds(out)).toEqual(["TellFailed", "ForgetJob", "ForgetJob", "DropJob"]);
    const [told] = out;
    const wire = told.kind === "TellFailed" ? fromWire(told.error) : null;
    expect(wire?.message).toBe("task load, block (0:1) on w1: no such byte");
    expect(wire?.cause).toMatchObject({ message: "no such byte" });
    expect(core.finish(2, [1])).toEqual([]);
    expect(core.state.errors).toHaveLength(1);
  });

  it("of a plan that can't be expanded is told, and changes nothing", () => {
    const core = new Core();
    const outline = {
      stages: [
        stage("a", 2, 1),
        stage("b", 5, 1, [{ stage: 0, map: { kind: "table" as const, axis: 0, offsets: [], blocks: [] } }]),
      ],
      outputs: [1],
    };
    const broken = {
      ...outline,
      stages: [
        outline.stages[0],
        { ...outline.stages[1], inputs: [{ stage: 0, axes: [{ kind: "odd" } as never] }] },
      ],
    };
    const out = core.say({
      kind: "JobSubmitted",
      client: 100,
      ref: 1,
      name: "x",
      outline: broken,
      window: 1,
      progress: false,
      priority: 0,
    });
    expect(kinds(out)).toEqual(["TellFailed"]);
    expect(core.state.jobs.size).toBe(0);
  });
});

describe("a plan that is too large", () => {
  it("is refused before it is expanded", () => {
    const core = new Core();
    const all = { kind: "range" as const, start: 0, stop: 50_000 };
    const outline = {
      stages: [stage("a", 50_000, 1), stage("b", 50_000, 1, [{ stage: 0, map: all }])],
      outputs: [1],
    };
    const event = {
      kind: "JobSubmitted",
      client: 100,
      ref: 1,
      name: "x",
      outline,
      window: 1,
      progress: false,
      priority: 0,
    } as const;
    expect(core.say(event)).toMatchObject([{ kind: "TellFailed", error: { tag: "ArgumentError" } }]);
  });
});

describe("inputs that can't be fetched", () => {
  it("send the task back, and end the job after ten times", () => {
    const core = new Core([{ threads: 1 }, { threads: 1 }]);
    const job = core.submit(tree);
    core.place();
    core.finish(1, [0, 1]);
    core.finish(2, [2, 3]);
    core.place();
    core.finish(1, [4]);
    core.finish(2, [5]);
    for (let i = 1; core.state.jobs.size > 0; i++) {
      expect(i).toBeLessThan(40);
      core.place();
      for (const worker of [1, 2]) {
        const { tasks, incoming: missing } = core.at(job, worker);
        if (tasks.length === 0) continue;
        const [task] = tasks;
        core.say({ kind: "TasksReturned", worker, job: 1, tasks: [task], missing, reason: "no route" });
        if (core.state.jobs.size === 0) break;
      }
    }
    expect(core.state.ended[0].error).toMatch(/inputs could not be fetched: no route/);
  });

  it("are made again where their holder says that it does not have them", () => {
    const core = new Core([{ threads: 4 }]);
    const job = core.submit(tree);
    core.place();
    core.finish(1, [0, 1]);
    core.place();
    core.say({ kind: "TasksReturned", worker: 1, job: 1, tasks: [4], missing: [0], reason: "not here" });
    expect(core.statuses(job).slice(0, 5)).toEqual(["ready", "memory", "assigned", "assigned", "waiting"]);
  });
});

describe("people who ask", () => {
  it("get the story of a task, and why it does not run", () => {
    const core = new Core([{ threads: 1 }]);
    const job = core.submit(tree);
    expect(explain(core.state, job, 6)).toMatchObject({
      status: "waiting",
      because: "it waits for 2 of 2 inputs",
    });
    expect(explain(core.state, job, 0).because).toMatch(/next tick/);
    core.place();
    expect(explain(core.state, job, 0)).toMatchObject({ task: "load[0]", status: "assigned" });
    core.say({ kind: "TasksStarted", worker: 1, job: 1, tasks: [0] });
    core.finish(1, [0]);
    expect(story(core.state, job, 0)).toEqual([
      "+0.000 s: ready → assigned (w1): placed",
      "+0.001 s: assigned → executing (w1): started",
      "+0.002 s: executing → memory (w1): finished",
    ]);
    expect(explain(core.state, job, 0).because).toBe("it is done; its block has 1 uses left");
    const alone = new Core();
    expect(explain(alone.state, alone.submit(tree), 0).because).toBe("there is no worker");
    expect(() => explain(core.state, job, 99)).toThrow(RangeError);
  });

  it("get a status and metrics", () => {
    const core = new Core([{ threads: 2 }]);
    core.submit(tree);
    core.place();
    core.say({ kind: "WorkerMeasured", worker: 1, rss: 12345 });
    const status = clusterStatus(core.state, 2000);
    expect(status.jobs[0]).toMatchObject({ state: "running", tasks: 7, done: 0, client: "client" });
    expect(status.workers[0]).toMatchObject({
      name: "w1",
      rss: 12345,
      assigned: 4,
      reserved: 64,
      executing: 0,
    });
    const text = metricsText({ ...status, workers: [{ ...status.workers[0], name: 'a"b\\\n' }] });
    expect(text).toMatch(/^hyperslab_tasks\{state="assigned"\} 4$/m);
    expect(text).toMatch(/^hyperslab_worker_memory_resident_bytes\{worker="a\\"b\\\\\\n"\} 12345$/m);
    expect(text.split("\n").every((line) => /^(#.*|[a-z_]+(\{.*\})? [\d.e+-]+|)$/.test(line))).toBe(true);
  });
});
