import type { PlanOutline } from "@hyperslab/core/plan";
import type { Program } from "@hyperslab/core/program";
import { toWire } from "@hyperslab/core/errors";
import { check } from "@hyperslab/worker/check";
import type { Payload, WorkerEvent, WorkerInstruction } from "@hyperslab/worker/events";
import { react } from "@hyperslab/worker/reactor";
import { type WorkerState, newState } from "@hyperslab/worker/state";
import { describe, expect, it } from "vitest";
import { stage } from "../scheduler/simulation.js";

/** load 0 1 2 3 → sum 4 5 (pairs), all blocks of 8 bytes, 8 more while a task runs */
const outline: PlanOutline = {
  stages: [stage("load", 4, 1), stage("sum", 2, 1, [{ stage: 0, map: { kind: "tree", axis: 0, fanIn: 2 } }])],
  outputs: [1],
};
const program: Program = { sources: [], literals: [], targets: [], steps: [] };
const block = (value: number): Payload => [{ dtype: "float64", shape: [1], data: Float64Array.of(value) }];

class Core {
  readonly state: WorkerState;
  constructor(threads = 1, memory = 1000, programs = [program, program]) {
    this.state = newState(threads, memory);
    this.say({ kind: "JobReceived", job: 1, outline });
    this.say({ kind: "ProgramsReceived", job: 1, stages: [0, 1], programs });
    const joined = [2, 3].map((worker) => ({ worker, name: `w${worker}`, address: `ws://w${worker}` }));
    this.say({ kind: "PeersChanged", joined, left: [] });
  }
  say(event: WorkerEvent): WorkerInstruction[] {
    const out = react(this.state, event);
    expect(check(this.state)).toEqual([]);
    return out;
  }
  tasks(...tasks: (number | [number, ...number[][]])[]): WorkerInstruction[] {
    const orders = tasks.map((task) =>
      typeof task === "number" ? { task, fetch: [] } : { task: task[0], fetch: task.slice(1) as number[][] },
    );
    return this.say({ kind: "TasksReceived", job: 1, tasks: orders });
  }
  finish(task: number): WorkerInstruction[] {
    return this.say({ kind: "RunFinished", job: 1, task, bytes: 8, payload: block(task) });
  }
}

const text = (out: readonly WorkerInstruction[]): string[] =>
  out.map((one) => {
    if (one.kind === "Report") {
      const { type, job: _job, ...rest } = one.message as Record<string, unknown> & { type: string };
      return `${type} ${JSON.stringify(rest)}`;
    }
    if (one.kind === "StartRun") return `StartRun ${one.task}`;
    if (one.kind === "StopRun") return `StopRun ${one.task}`;
    if (one.kind === "FetchBlock") return `FetchBlock ${one.block} from ${one.peer.name}`;
    return one.kind;
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
      'finished {"tasks":[1],"bytes":[8]}',
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
    expect([...run.inputs[0].entries()].map(([number, [field]]) => [number, field.data[0]])).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });

  it("fetches what is missing, runs others meanwhile, and reports copies", () => {
    const core = new Core();
    expect(text(core.tasks([4, [0, 2], [1, 3]], 2))).toEqual([
      "FetchBlock 0 from w2",
      "FetchBlock 1 from w3",
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
      "FetchBlock 0 from w3",
      'returned {"tasks":[4],"missing":[1],"reason":"reset"}',
    ]);
    // block 0 is still on its way, for nobody: that it won't come has to be told too
    expect(text(core.say({ kind: "FetchMissed", peer: 3, job: 1, block: 0 }))).toEqual([
      'returned {"tasks":[],"missing":[0],"reason":"the block is not there any more"}',
    ]);
    expect(core.state.fetches.size + core.state.tasks.size).toBe(0);
  });

  it("does not ask a worker that left", () => {
    const core = new Core();
    core.say({ kind: "PeersChanged", joined: [], left: [2] });
    expect(text(core.tasks([4, [0, 2], [1, 3]]))).toEqual([
      'returned {"tasks":[4],"missing":[0],"reason":"no worker holds the block"}',
      "FetchBlock 1 from w3",
    ]);
  });

  it("gives a task back whose inputs the scheduler wrongly thinks here", () => {
    const core = new Core();
    expect(text(core.tasks([4, [1, 2]]))).toEqual([
      'returned {"tasks":[4],"missing":[0,1],"reason":"a block is not at the worker that should hold it"}',
    ]);
  });

  it("does not run what it already holds a copy of", () => {
    const core = new Core();
    core.tasks([4, [0, 2], [1, 2]]);
    core.say({ kind: "FetchFinished", peer: 2, job: 1, block: 0, bytes: 8, payload: block(0) });
    expect(text(core.tasks(0))).toEqual(['finished {"tasks":[0],"bytes":[8]}']);
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
    const error = toWire(new Error("bad"));
    const [report, , next] = core.say({ kind: "RunFailed", job: 1, task: 0, error });
    expect(report).toMatchObject({ kind: "Report", message: { type: "failed", task: 0 } });
    expect(text([next])).toEqual(["StartRun 1"]);
  });

  it("sends results and blocks that it has, and says where it has none", () => {
    const core = new Core();
    core.tasks(0);
    core.finish(0);
    expect(text(core.say({ kind: "ResultsRequested", job: 1, blocks: [0, 1] }))).toEqual([
      "SendResult",
      'no-result {"block":1}',
    ]);
    const ask = (number: number) => core.say({ kind: "BlockAsked", asker: 9, job: 1, block: number })[0];
    expect(ask(0)).toMatchObject({ kind: "AnswerPeer", asker: 9, payload: block(0) });
    expect(ask(3)).toMatchObject({ kind: "AnswerPeer", payload: null });
    core.say({ kind: "BlocksReleased", job: 1, blocks: [0] });
    expect(ask(0)).toMatchObject({ payload: null });
    expect(core.state.stored).toBe(0);
  });

  it("forgets a job: blocks at once, running tasks once they have stopped", () => {
    const core = new Core();
    core.tasks(0, 1, [4, [0, 2], [1, 2]]);
    expect(text(core.say({ kind: "JobForgotten", job: 1 }))).toEqual(["StopRun 0", "UnregisterJob"]);
    expect(core.state).toMatchObject({ running: 1, runningBytes: 16, stored: 0 });
    expect(core.state.tasks.size).toBe(1);
    expect(core.say({ kind: "RunFailed", job: 1, task: 0, error: toWire(new Error("cancelled")) })).toEqual(
      [],
    );
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
    expect(core.say({ kind: "TasksReceived", job: 2, tasks: [{ task: 0, fetch: [] }] })).toEqual([]);
  });
});
