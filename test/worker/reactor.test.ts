import type { PlanOutline } from "@hyperslab/core/plan";
import type { Program } from "@hyperslab/core/program";
import { toWire } from "@hyperslab/core/errors";
import { blockAt } from "@hyperslab/worker/blocks";
import { check } from "@hyperslab/worker/check";
import type { Payload, WorkerEvent, WorkerInstruction } from "@hyperslab/worker/events";
import { react } from "@hyperslab/worker/reactor";
import { type WorkerState, newState } from "@hyperslab/worker/state";
import { describe, expect, it } from "vitest";
import { stage } from "../scheduler/plans.js";

/** load 0 1 2 3 → sum 4 5 (pairs), all blocks of 8 bytes, 8 more while a task runs */
const outline: PlanOutline = {
  stages: [stage("load", 4, 1), stage("sum", 2, 1, [{ stage: 0, map: { kind: "tree", axis: 0, fanIn: 2 } }])],
  outputs: [1],
};
/** Reads from a file: its tasks have blocks with memory of their own, and run one by one. */
const program: Program = {
  sources: [{ format: "zarr", store: { kind: "file", path: "/x" }, path: "", detail: null }],
  literals: [],
  targets: [],
  steps: [],
};
/** Computes only: its tasks have small blocks, and run in batches. */
const small: Program = { ...program, sources: [] };
const block = (value: number): Payload => [{ dtype: "float64", shape: [1], data: Float64Array.of(value) }];

class Core {
  readonly state: WorkerState;
  constructor(threads = 1, memory = 1000, programs = [program, program], loads = 4) {
    this.state = newState(threads, memory);
    const [load, sum] = loads === 4 ? outline.stages : [stage("load", loads, 1), outline.stages[1]];
    // strings never have places in common memory
    const fields = programs[0] === small ? (["float64"] as const) : (["string"] as const);
    const stages = [load, sum].map((one) => ({ ...one, fields }));
    this.say({ kind: "JobReceived", job: 1, outline: { ...outline, stages } });
    this.say({ kind: "ProgramsReceived", job: 1, stages: [0, 1], programs });
    const joined = [2, 3].map((worker) => ({ worker, name: `w${worker}`, address: `ws://w${worker}` }));
    this.say({ kind: "PeersChanged", joined, left: [] });
  }
  say(event: WorkerEvent): WorkerInstruction[] {
    const out = react(this.state, event);
    expect(check(this.state)).toEqual([]);
    return out;
  }
  /** Tasks, or a task and the blocks it has to fetch, each with its holders. */
  tasks(...tasks: (number | [number, ...number[][]])[]): WorkerInstruction[] {
    const fetch = tasks.flatMap((task) => (typeof task === "number" ? [] : (task.slice(1) as number[][])));
    return this.say({
      kind: "TasksReceived",
      job: 1,
      tasks: tasks.map((task) => (typeof task === "number" ? task : task[0])),
      fetch: fetch.map(([number, ...from]) => ({ from, blocks: [number] })),
      send: this.send,
    });
  }
  send = false;
  /** The run that has a task. */
  run(task: number): number {
    return [...this.state.runs.values()].find(({ tasks }) => tasks.includes(task))?.id ?? -1;
  }
  finish(task: number): WorkerInstruction[] {
    return this.say({ kind: "RunFinished", run: this.run(task), bytes: 8, payload: block(task), time: 5 });
  }
  fail(task: number, message: string): WorkerInstruction[] {
    return this.say({ kind: "RunFailed", run: this.run(task), task, error: toWire(new Error(message)) });
  }
  finishBatch(task: number, time: number, done = Infinity): WorkerInstruction[] {
    const run = this.state.runs.get(this.run(task));
    if (!run) throw new Error(`task ${task} does not run`);
    return this.say({
      kind: "BatchFinished",
      run: run.id,
      done: Math.min(done, run.tasks.length),
      failed: [],
      time,
    });
  }
}

const text = (out: readonly WorkerInstruction[]): string[] =>
  out.map((one) => {
    switch (one.kind) {
      case "ReportStarted":
      case "ReportFinished":
      case "ReportFetched":
      case "ReportReturned":
      case "ReportFailed": {
        const { kind, job: _job, ...rest } = one;
        return `${kind.slice(6).toLowerCase()} ${JSON.stringify(rest)}`;
      }
      case "StartRun":
        return `StartRun ${one.task}`;
      case "StartBatch":
        return `StartBatch ${one.stage}: ${one.blocks.join()}`;
      case "FetchBlocks":
        return `FetchBlocks ${one.blocks.join()} from ${one.peer.name}`;
      case "SendSmall":
        return `SendSmall ${one.blocks.join()} to ${one.to ?? "the client"}`;
      case "SendBlock":
        return `SendBlock ${one.block} to ${one.to ?? "the client"}`;
      case "SendMissing":
        return `SendMissing ${one.blocks.join()} to ${one.to ?? "the client"}`;
      default:
        return one.kind;
    }
  });

describe("a worker", () => {
  it("runs tasks in the order in which they came, as many as it has threads", () => {
    const core = new Core(2);
    expect(text(core.tasks(0, 1, 2))).toEqual([
      'started {"tasks":[0]}',
      "StartRun 0",
      'started {"tasks":[1]}',
      "StartRun 1",
    ]);
    expect(text(core.finish(1))).toEqual([
      'finished {"tasks":[1],"bytes":[8],"spent":[0,5000]}',
      'started {"tasks":[2]}',
      "StartRun 2",
    ]);
    expect(core.state).toMatchObject({ stored: 8, running: 2, runningBytes: 32 });
  });

  it("gives a task the blocks of its inputs, by their numbers in their stage", () => {
    const core = new Core();
    core.tasks(2);
    core.finish(2);
    core.tasks(3);
    core.finish(3);
    const [, run] = core.tasks(5);
    if (run.kind !== "StartRun") throw new Error(run.kind);
    expect(run).toMatchObject({ stage: 1, block: 1 });
    const values = [...run.inputs[0]].map(([number, at]) => [
      number,
      "payload" in at ? at.payload[0].data[0] : "small",
    ]);
    expect(values).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });

  it("fetches what is missing, runs others meanwhile, and reports copies", () => {
    const core = new Core();
    expect(text(core.tasks([4, [0, 2], [1, 3]], 2))).toEqual([
      "FetchBlocks 0 from w2",
      "FetchBlocks 1 from w3",
      'started {"tasks":[2]}',
      "StartRun 2",
    ]);
    const fetched = (number: number, peer: number) =>
      core.say({ kind: "FetchFinished", peer, job: 1, block: number, bytes: 8, payload: block(number) });
    expect(text(fetched(0, 2))).toEqual(['fetched {"blocks":[0],"bytes":[8]}']);
    // from one that was not asked
    expect(fetched(1, 2)).toEqual([]);
    expect(text(fetched(1, 3))).toEqual(['fetched {"blocks":[1],"bytes":[8]}']);
    expect(text(core.finish(2))).toContain("StartRun 4");
  });

  it("asks the next holder where one fails, and gives the task back where none is left", () => {
    const core = new Core();
    core.tasks([4, [0, 2, 3], [1, 2]]);
    expect(text(core.say({ kind: "PeerLost", peer: 2, reason: "reset" }))).toEqual([
      "FetchBlocks 0 from w3",
      'returned {"tasks":[4],"missing":[1],"reason":"reset"}',
    ]);
    // block 0 is still on its way, for nobody: that it won't come has to be told too
    expect(text(core.say({ kind: "FetchMissed", peer: 3, job: 1, blocks: [0] }))).toEqual([
      'returned {"tasks":[],"missing":[0],"reason":"the block is not there any more"}',
    ]);
    expect(core.state.jobs.get(1)).toMatchObject({ tasks: 0, fetches: new Map(), waiters: new Map() });
  });

  it("does not ask a worker that left", () => {
    const core = new Core();
    core.say({ kind: "PeersChanged", joined: [], left: [2] });
    expect(text(core.tasks([4, [0, 2], [1, 3]]))).toEqual([
      'returned {"tasks":[4],"missing":[0],"reason":"no worker holds the block"}',
      "FetchBlocks 1 from w3",
    ]);
  });

  it("gives a task back whose inputs the scheduler wrongly thinks here", () => {
    const core = new Core();
    expect(text(core.tasks([4, [1, 2]]))).toEqual([
      'returned {"tasks":[4],"missing":[0],"reason":"a block is not at the worker that should hold it"}',
      // it was asked for, and the scheduler expects it here
      "FetchBlocks 1 from w2",
    ]);
  });

  it("does not run what it already holds a copy of", () => {
    const core = new Core();
    core.tasks([4, [0, 2], [1, 2]]);
    core.say({ kind: "FetchFinished", peer: 2, job: 1, block: 0, bytes: 8, payload: block(0) });
    expect(text(core.tasks(0))).toEqual(['finished {"tasks":[0],"bytes":[8],"spent":[]}']);
  });

  it("starts nothing that does not fit, as long as something runs", () => {
    const core = new Core(4, 40);
    expect(text(core.tasks(0, 1, 2)).filter((line) => line.startsWith("Start"))).toEqual([
      "StartRun 0",
      "StartRun 1",
    ]);
    core.finish(0);
    expect(core.state.running).toBe(2);
    expect(core.state.stored + core.state.runningBytes).toBe(40);
  });

  it("lets tasks that read over a network share a thread", () => {
    const remote: Program = {
      ...program,
      sources: [{ format: "zarr", store: { kind: "http", url: "http://x" }, path: "", detail: null }],
    };
    const core = new Core(1, 1000, [remote, program]);
    const started = text(core.tasks(0, 1, 2, 3)).filter((line) => line.startsWith("Start"));
    expect(started).toHaveLength(4);
  });

  it("reports a failure, and goes on", () => {
    const core = new Core();
    core.tasks(0, 1);
    const [report, , next] = core.fail(0, "bad");
    expect(report).toMatchObject({ kind: "ReportFailed", task: 0, error: { message: "bad" } });
    expect(text([next])).toEqual(["StartRun 1"]);
  });

  it("sends results and blocks that it has, and says where it has none", () => {
    const core = new Core();
    core.tasks(0);
    core.finish(0);
    expect(text(core.say({ kind: "ResultsRequested", job: 1, blocks: [0, 1] }))).toEqual([
      "SendBlock 0 to the client",
      "SendMissing 1 to the client",
    ]);
    const ask = (number: number) =>
      text(core.say({ kind: "BlocksAsked", asker: 9, job: 1, blocks: [number], from: 0 }));
    expect(ask(0)).toEqual(["SendBlock 0 to 9"]);
    expect(ask(3)).toEqual(["SendMissing 3 to 9"]);
    core.say({ kind: "BlocksReleased", job: 1, blocks: [0] });
    expect(ask(0)).toEqual(["SendMissing 0 to 9"]);
    expect(core.state.stored).toBe(0);
  });

  it("forgets a job: blocks at once, running tasks once they have stopped", () => {
    const core = new Core();
    core.tasks(0, 1, [4, [0, 2], [1, 2]]);
    expect(text(core.say({ kind: "JobForgotten", job: 1 }))).toEqual(["StopRun", "UnregisterJob"]);
    expect(core.state).toMatchObject({ running: 1, runningBytes: 16, stored: 0 });
    expect(core.fail(0, "cancelled")).toEqual([]);
    expect(core.state).toMatchObject({ running: 0, runningBytes: 0 });
    // what still comes for it finds nobody
    expect(core.tasks(2)).toEqual([]);
    expect(
      core.say({ kind: "FetchFinished", peer: 2, job: 1, block: 0, bytes: 8, payload: block(0) }),
    ).toEqual([]);
  });

  it("takes no task of a stage without a program", () => {
    const core = new Core();
    core.say({ kind: "JobReceived", job: 2, outline });
    expect(core.say({ kind: "TasksReceived", job: 2, tasks: [0], fetch: [], send: false })).toEqual([]);
  });
});

describe("small tasks", () => {
  it("go to a thread in batches that last about two milliseconds, two for each thread", () => {
    const core = new Core(1, 1e6, [small, small], 4096);
    const tasks = Array.from({ length: 4096 }, (_, i) => i);
    // nothing is known of their length
    expect(text(core.tasks(...tasks))).toContain("StartBatch 0: 0");
    const sizes = (out: readonly WorkerInstruction[]) =>
      out.flatMap((one) => (one.kind === "StartBatch" ? [one.blocks.length] : []));
    expect(sizes(core.finishBatch(0, 0.01))).toEqual([200, 200]);
    expect(core.state.busy).toBe(1);
    const next = core.finishBatch(1, 4000);
    // they take longer now: one batch at a time, and small ones
    expect(sizes(next)).toEqual([]);
    expect(sizes(core.finishBatch(201, 4000))).toEqual([1]);
  });

  it("find their inputs at places, fetched ones too, and leave none behind", () => {
    const core = new Core(1, 1000, [small, small]);
    core.tasks(2);
    core.finishBatch(2, 1);
    const [fetch] = core.tasks([5, [3, 2]]);
    expect(text([fetch])).toEqual(["FetchBlocks 3 from w2"]);
    const bytes = new Uint8Array(8);
    const out = core.say({ kind: "SmallFetched", peer: 2, job: 1, blocks: [3], bytes });
    expect(text(out)).toEqual([
      "StoreSmall",
      'fetched {"blocks":[3],"bytes":[8]}',
      'started {"tasks":[5]}',
      "StartBatch 1: 1",
    ]);
    const job = core.state.jobs.get(1);
    const batch = out[3];
    if (batch.kind !== "StartBatch" || !job) throw new Error("no batch");
    expect([...batch.inputs]).toEqual([2, 2, job.places[2], 3, job.places[3]]);
    core.finishBatch(5, 1);
    expect(blockAt(job, 5)).toEqual({ place: job.places[5], stage: 1, block: 1 });
    core.say({ kind: "BlocksReleased", job: 1, blocks: [2, 3, 5] });
    expect(core.state).toMatchObject({ smalls: 0, stored: 0, places: { top: 0 } });
  });

  it("are sent as soon as they are made, where that was said, all in one message", () => {
    const core = new Core(1, 1000, [small, small]);
    core.send = true;
    core.tasks(0, 1, 2, 3);
    expect(text(core.finishBatch(0, 0.01))).toEqual([
      'finished {"tasks":[0],"bytes":[8],"spent":[0,10]}',
      "SendSmall 0 to the client",
      'started {"tasks":[1,2]}',
      "StartBatch 0: 1,2",
      'started {"tasks":[3]}',
      "StartBatch 0: 3",
    ]);
    expect(text(core.finishBatch(1, 0.01)).slice(0, 2)).toEqual([
      'finished {"tasks":[1,2],"bytes":[8,8],"spent":[0,10]}',
      "SendSmall 1,2 to the client",
    ]);
  });

  it("start again where their thread was ended before it came to them; one that killed it has failed", () => {
    const core = new Core(1, 1000, [small, small]);
    core.tasks(0, 1, 2, 3);
    core.finishBatch(0, 0.01);
    expect(text(core.finishBatch(1, 0.01, 1)).slice(0, 1)).toEqual([
      'finished {"tasks":[1],"bytes":[8],"spent":[0,10]}',
    ]);
    const out = core.fail(3, "the thread died");
    expect(out[0]).toMatchObject({ kind: "ReportFailed", task: 3 });
    core.finishBatch(2, 0.01);
    expect(core.state.running).toBe(0);
  });
});
