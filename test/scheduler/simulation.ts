/**
 * A whole cluster in one thread without sockets: the real cores of scheduler and workers, joined by
 * queues. Whatever could happen next is drawn from a seeded source, so a run is repeated by its seed.
 * Every event is followed by `check` of the core that took it.
 */
import type { Block } from "@hyperslab/core/block";
import { chunkCount, regularAxis } from "@hyperslab/core/chunk-grid";
import { fromWire, toWire } from "@hyperslab/core/errors";
import type { AxisMap, PlanOutline, StageOutline } from "@hyperslab/core/plan";
import { type TaskGraph, blockOfTask, expand, stageOfTask } from "@hyperslab/core/task-graph";
import { check } from "@hyperslab/scheduler/check";
import type { SchedulerEvent, SchedulerInstruction } from "@hyperslab/scheduler/events";
import { place } from "@hyperslab/scheduler/place";
import { react } from "@hyperslab/scheduler/reactor";
import { type SchedulerState, newState } from "@hyperslab/scheduler/state";
import { workerEvent, workerMessage } from "@hyperslab/scheduler/wire";
import { check as checkWorker } from "@hyperslab/worker/check";
import type { WorkerEvent, WorkerInstruction } from "@hyperslab/worker/events";
import { react as workerReact } from "@hyperslab/worker/reactor";
import { type WorkerState, newState as newWorkerState } from "@hyperslab/worker/state";
import type { ToWorkerMessage, WorkerMessage } from "@hyperslab/protocol/messages";

/** A small, seeded source of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A stage over `length` positions in chunks of `chunk`. */
export function stage(
  name: string,
  length: number,
  chunk: number,
  inputs: readonly { stage: number; map: AxisMap }[] = [],
  cost: { output?: number; working?: number } = {},
): StageOutline {
  return {
    name,
    grid: [regularAxis(length, chunk)],
    fields: ["float64"],
    inputs: inputs.map(({ stage: from, map }) => ({ stage: from, axes: [map] })),
    cost: { output: cost.output ?? 8, working: cost.working ?? 8, read: 0 },
  };
}

/** A random plan of a few stages, with all kinds of edges. */
export function randomPlan(random: () => number): PlanOutline {
  const int = (n: number): number => Math.floor(random() * n);
  const stages: StageOutline[] = [stage("load", 1 + int(12), 1)];
  const extra = 1 + int(5);
  for (let s = 1; s <= extra; s++) {
    if (random() < 0.2) {
      stages.push(stage(`load${s}`, 1 + int(8), 1));
      continue;
    }
    const length = 1 + int(10);
    const inputs = Array.from({ length: 1 + int(2) }, () => {
      const from = int(s);
      const count = chunkCount(stages[from].grid[0]);
      return { stage: from, map: randomMap(int, count, length) };
    });
    stages.push(stage(`s${s}`, length, 1, inputs));
  }
  const outputs = [stages.length - 1];
  while (random() < 0.4) outputs.push(int(stages.length));
  return { stages, outputs };
}

function randomMap(int: (n: number) => number, count: number, length: number): AxisMap {
  switch (int(4)) {
    case 0:
      return count >= length ? { kind: "same", axis: 0 } : { kind: "range", start: 0, stop: count };
    case 1: {
      const start = int(count);
      return { kind: "range", start, stop: start + 1 + int(count - start) };
    }
    case 2:
      return { kind: "tree", axis: 0, fanIn: Math.max(1, Math.ceil(count / length)) };
    default: {
      const offsets = [0];
      const blocks: number[] = [];
      for (let i = 0; i < length; i++) {
        const some = new Set(Array.from({ length: int(4) }, () => int(count)));
        blocks.push(...some);
        offsets.push(blocks.length);
      }
      return { kind: "table", axis: 0, offsets, blocks };
    }
  }
}

/** The value of every task's block: a hash of its number and of its inputs. */
export function valuesOf(plan: PlanOutline): { graph: TaskGraph; values: number[] } {
  const graph = expand(plan);
  const values: number[] = [];
  for (let task = 0; task < graph.taskCount; task++) {
    const inputs = graph.dependencies.subarray(graph.dependencyStart[task], graph.dependencyStart[task + 1]);
    values.push(
      valueOf(
        task,
        [...inputs].map((input) => values[input]),
      ),
    );
  }
  return { graph, values };
}

function valueOf(task: number, inputs: readonly number[]): number {
  let hash = task + 1;
  for (const input of [...inputs].sort((a, b) => a - b)) hash = (Math.imul(hash, 31) + input) >>> 0;
  return (Math.imul(hash, 2654435761) >>> 8) + 1;
}

interface SimulatedWorker {
  readonly id: number;
  readonly state: WorkerState;
  readonly inbox: ToWorkerMessage[];
  readonly outbox: { message: WorkerMessage; payload: unknown }[];
  /** Runs and fetches under way: what comes of them. */
  readonly pending: (() => WorkerEvent)[];
}

export interface SimulationOptions {
  readonly seed: number;
  readonly memory?: number;
  readonly threads?: number;
  /** Tasks that throw. */
  readonly fails?: (task: number) => boolean;
  /** Tasks that kill their worker. */
  readonly kills?: (task: number) => boolean;
  readonly window?: number;
}

export class Simulation {
  readonly random: () => number;
  readonly scheduler: SchedulerState = newState(0);
  readonly workers = new Map<number, SimulatedWorker>();
  readonly plans = new Map<number, PlanOutline>();
  /** What the client was told, in order. */
  readonly told: SchedulerInstruction[] = [];
  /** Results by `ref`, then by task: how often they came, and the value. */
  readonly results = new Map<number, Map<number, { times: number; value: number }>>();
  readonly ended = new Map<number, "finished" | Error>();
  recomputed = 0;
  lost = 0;
  #time = 0;
  #nextWorker = 1;
  #untaken: { ref: number; bytes: number }[] = [];
  readonly #options: SimulationOptions;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.random = seeded(options.seed);
    this.send({ kind: "ClientJoined", client: 1, time: 0, name: "test" });
  }

  /** Gives the scheduler an event, and carries out what it wants. */
  send(event: SchedulerEvent): void {
    this.#carryOut(react(this.scheduler, event));
    this.#check();
  }

  #check(): void {
    const faults = check(this.scheduler);
    if (faults.length > 0) throw new Error(`seed ${this.#options.seed}: ${faults.slice(0, 5).join("; ")}`);
  }

  get time(): number {
    return ++this.#time;
  }

  submit(ref: number, plan: PlanOutline): void {
    this.plans.set(ref, plan);
    this.results.set(ref, new Map());
    const { window = 64 } = this.#options;
    this.send({
      kind: "JobSubmitted",
      client: 1,
      time: this.time,
      ref,
      name: "test",
      outline: plan,
      window,
      progress: true,
    });
  }

  join(): number {
    const { threads = 2, memory = 1e6 } = this.#options;
    const id = this.#nextWorker++;
    this.workers.set(id, { id, state: newWorkerState(threads, memory), inbox: [], outbox: [], pending: [] });
    const name = `w${id}`;
    this.send({
      kind: "WorkerJoined",
      worker: id,
      time: this.time,
      name,
      address: `ws://${name}`,
      pid: id,
      threads,
      memory,
    });
    return id;
  }

  kill(id: number, retired = false): void {
    this.workers.delete(id);
    this.lost++;
    this.send({ kind: "WorkerLost", worker: id, time: this.time, reason: "killed", retired });
  }

  /** Everything that could happen next. */
  choices(): (() => void)[] {
    const choices: (() => void)[] = [];
    if (this.scheduler.dirty) choices.push(() => this.place());
    for (const worker of this.workers.values()) {
      if (worker.inbox.length > 0) choices.push(() => this.#deliver(worker));
      if (worker.outbox.length > 0) choices.push(() => this.#report(worker));
      worker.pending.forEach((_, i) =>
        choices.push(() => {
          const [ends] = worker.pending.splice(i, 1);
          this.tell(worker, ends());
        }),
      );
    }
    if (this.#untaken.length > 0)
      choices.push(() => {
        const { ref, bytes } = this.#untaken.splice(0, 1)[0];
        this.send({ kind: "ResultsTaken", client: 1, time: this.time, ref, bytes });
      });
    return choices;
  }

  place(): void {
    this.#carryOut(place(this.scheduler));
    this.#check();
  }

  /** One thing happens, drawn at random. False where nothing can. */
  step(): boolean {
    const choices = this.choices();
    if (choices.length === 0) return false;
    choices[Math.floor(this.random() * choices.length)]();
    return true;
  }

  /** Until nothing more can happen. */
  settle(limit = 200_000): void {
    for (let i = 0; i < limit; i++) if (!this.step()) return;
    throw new Error(`seed ${this.#options.seed}: no end after ${limit} steps`);
  }

  tell(worker: SimulatedWorker, event: WorkerEvent): void {
    if (!this.workers.has(worker.id)) return;
    const out = workerReact(worker.state, event);
    const faults = checkWorker(worker.state);
    if (faults.length > 0)
      throw new Error(
        `seed ${this.#options.seed}, worker ${worker.id}, ${event.kind}: ${faults.slice(0, 5).join("; ")}`,
      );
    for (const instruction of out) this.#work(worker, instruction);
  }

  #deliver(worker: SimulatedWorker): void {
    const message = worker.inbox.shift();
    switch (message?.type) {
      case "peers":
        return this.tell(worker, { kind: "PeersChanged", joined: message.joined, left: message.left });
      case "job": {
        const outline = this.#outline(message.job);
        if (outline) this.tell(worker, { kind: "JobReceived", job: message.job, outline });
        return;
      }
      case "programs": {
        const program = { sources: [], literals: [], targets: [], steps: [] };
        const programs = message.stages.map(() => program);
        return this.tell(worker, {
          kind: "ProgramsReceived",
          job: message.job,
          stages: message.stages,
          programs,
        });
      }
      case "tasks":
        return this.tell(worker, { kind: "TasksReceived", job: message.job, tasks: message.tasks });
      case "release":
        return this.tell(worker, { kind: "BlocksReleased", job: message.job, blocks: message.blocks });
      case "send-results":
        return this.tell(worker, { kind: "ResultsRequested", job: message.job, blocks: message.blocks });
      case "forget-job":
        return this.tell(worker, { kind: "JobForgotten", job: message.job });
    }
  }

  readonly #outlines = new Map<number, PlanOutline>();
  #outline(job: number): PlanOutline | undefined {
    return this.#outlines.get(job);
  }

  #report(worker: SimulatedWorker): void {
    const report = worker.outbox.shift();
    if (!report) return;
    const event = workerEvent(worker.id, this.time, report.message, []);
    this.send(event.kind === "ResultArrived" ? { ...event, payload: report.payload } : event);
  }

  #work(worker: SimulatedWorker, instruction: WorkerInstruction): void {
    switch (instruction.kind) {
      case "Report":
        worker.outbox.push({ message: instruction.message, payload: null });
        return;
      case "SendResult": {
        const { job, block, payload } = instruction;
        worker.outbox.push({ message: { type: "result", job, block, bytes: 8, heads: [] }, payload });
        return;
      }
      case "FetchBlock": {
        const { peer, job, block } = instruction;
        worker.pending.push(() => {
          const other = this.workers.get(peer.worker);
          if (!other) return { kind: "PeerLost", peer: peer.worker, reason: "the connection was lost" };
          const [answer] = workerReact(other.state, { kind: "BlockAsked", asker: 0, job, block });
          if (answer.kind !== "AnswerPeer" || !answer.payload)
            return { kind: "FetchMissed", peer: peer.worker, job, block };
          return { kind: "FetchFinished", peer: peer.worker, job, block, bytes: 8, payload: answer.payload };
        });
        return;
      }
      case "StartRun": {
        const { job, task, inputs } = instruction;
        if (this.#options.kills?.(task)) {
          worker.pending.push(() => {
            this.kill(worker.id);
            return { kind: "JobForgotten", job };
          });
          return;
        }
        if (this.#options.fails?.(task)) {
          const error = toWire(new Error("a bad task"));
          worker.pending.push(() => ({ kind: "RunFailed", job, task, error }));
          return;
        }
        const read = new Map<number, number>();
        const outline = this.#outline(job);
        inputs.forEach((blocks, i) => {
          if (!outline) return;
          const graph = expand(outline);
          const from = graph.firstTask[outline.stages[instruction.stage].inputs[i].stage];
          for (const [number, fields] of blocks) read.set(from + number, Number(fields[0].data[0]));
        });
        const value = valueOf(task, [...read.values()]);
        const payload: Block[] = [{ dtype: "float64", shape: [1], data: Float64Array.of(value) }];
        worker.pending.push(() => ({ kind: "RunFinished", job, task, bytes: 8, payload }));
        return;
      }
      case "StopRun":
      case "AnswerPeer":
      case "RegisterStage":
      case "UnregisterJob":
    }
  }

  #carryOut(instructions: readonly SchedulerInstruction[]): void {
    for (const instruction of instructions) {
      switch (instruction.kind) {
        case "KeepJob": {
          const plan = this.plans.get(instruction.ref);
          if (plan) this.#outlines.set(instruction.job, plan);
          break;
        }
        case "SendJob":
          this.workers.get(instruction.worker)?.inbox.push({ type: "job", job: instruction.job });
          break;
        case "SendPrograms": {
          const { job, stages } = instruction;
          this.workers.get(instruction.worker)?.inbox.push({ type: "programs", job, stages });
          break;
        }
        case "SendTasks":
        case "ReleaseBlocks":
        case "RequestResults":
        case "ForgetJob":
        case "SendPeers":
          this.workers.get(instruction.worker)?.inbox.push(workerMessage(instruction));
          break;
        case "RelayResult": {
          const { ref, stage: from, index, bytes, payload } = instruction;
          const results = this.results.get(ref);
          const task = expand(this.plans.get(ref) ?? { stages: [], outputs: [] }).firstTask[from] + index;
          const before = results?.get(task)?.times ?? 0;
          results?.set(task, { times: before + 1, value: Number((payload as Block[])[0].data[0]) });
          this.#untaken.push({ ref, bytes });
          break;
        }
        case "TellFinished":
        case "TellFailed":
          if (this.ended.has(instruction.ref)) throw new Error("a job ended twice");
          this.ended.set(
            instruction.ref,
            instruction.kind === "TellFinished" ? "finished" : fromWire(instruction.error),
          );
          this.told.push(instruction);
          break;
        case "TellStarted":
        case "TellProgress":
          this.told.push(instruction);
          break;
        case "DropJob":
      }
    }
  }

  /** What is wrong with the results of a finished job, as sentences. */
  faultsOf(ref: number): string[] {
    const plan = this.plans.get(ref);
    if (!plan) return ["no such plan"];
    const { graph, values } = valuesOf(plan);
    const faults: string[] = [];
    for (let task = 0; task < graph.taskCount; task++) {
      if (!plan.outputs.includes(stageOfTask(graph, task))) continue;
      const result = this.results.get(ref)?.get(task);
      if (result?.times !== 1 || result.value !== values[task])
        faults.push(`block ${blockOfTask(graph, task)}: ${JSON.stringify(result)}, not once ${values[task]}`);
    }
    return faults;
  }

  /** What workers keep of jobs that are over. */
  leftovers(): string[] {
    return [...this.workers.values()]
      .filter(({ state }) => state.blocks.size + state.jobs.size + state.tasks.size + state.fetches.size > 0)
      .map(
        ({ id, state }) =>
          `worker ${id}: ${state.blocks.size} blocks, ${state.jobs.size} jobs, ${state.tasks.size} tasks`,
      );
  }
}
