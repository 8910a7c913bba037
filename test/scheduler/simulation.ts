/**
 * A whole cluster in one thread without sockets: the real cores of scheduler and workers, joined by
 * queues. Whatever could happen next is drawn from a seeded source, so a run is repeated by its seed.
 * Every event is followed by `check` of the core that took it.
 */
import type { Block } from "@hyperslab/core/block";
import { fromWire } from "@hyperslab/core/errors";
import type { PlanOutline } from "@hyperslab/core/plan";
import { type TaskGraph, blockOfTask, expand, stageOfTask } from "@hyperslab/core/task-graph";
import { check } from "@hyperslab/scheduler/check";
import type { SchedulerEvent, SchedulerInstruction } from "@hyperslab/scheduler/events";
import { place } from "@hyperslab/scheduler/place";
import { react } from "@hyperslab/scheduler/reactor";
import { type SchedulerState, newState } from "@hyperslab/scheduler/state";
import { type ResultPayload, workerEvent, workerMessage } from "@hyperslab/scheduler/wire";
import { check as checkWorker } from "@hyperslab/worker/check";
import type { WorkerEvent, WorkerInstruction } from "@hyperslab/worker/events";
import { react as workerReact } from "@hyperslab/worker/reactor";
import { newState as newWorkerState } from "@hyperslab/worker/state";
import { reportMessage, schedulerEvent } from "@hyperslab/worker/wire";
import type { WorkerMessage } from "@hyperslab/protocol/messages";
import { seeded, valuesOf } from "./plans.js";
import {
  type SimulatedWorker,
  type SimulationOptions,
  leftoversOf,
  prepareBatch,
  prepareRun,
  valueAt,
} from "./simulated-worker.js";
import { packRuns, unpackRuns } from "@hyperslab/protocol/number-lists";

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
  lost = 0;
  #time = 0;
  #nextWorker = 1;
  #untaken: { ref: number; bytes: number }[] = [];
  readonly #options: SimulationOptions;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.random = seeded(options.seed);
    this.send({ kind: "ClientJoined", client: 1, time: 0, name: "test", dials: options.dials ?? false });
  }

  send(event: SchedulerEvent): void {
    this.#carryOut(react(this.scheduler, event));
    this.#check();
  }

  #check(): void {
    if (this.#options.unchecked) return;
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
      priority: 0,
    });
  }

  join(): number {
    const { threads = 2, memory = 1e6 } = this.#options;
    const id = this.#nextWorker++;
    this.workers.set(id, {
      id,
      state: newWorkerState(threads, memory),
      inbox: [],
      outbox: [],
      pending: [],
      small: new Map(),
    });
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
    this.#fetches.forEach((_, i) => choices.push(() => this.#fetches.splice(i, 1)[0]()));
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
    const faults = this.#options.unchecked ? [] : checkWorker(worker.state);
    if (faults.length > 0)
      throw new Error(
        `seed ${this.#options.seed}, worker ${worker.id}, ${event.kind}: ${faults.slice(0, 5).join("; ")}`,
      );
    for (const instruction of out) this.#work(worker, instruction);
  }

  #deliver(worker: SimulatedWorker): void {
    const message = worker.inbox.shift();
    if (!message) return;
    switch (message.type) {
      case "retire":
        return;
      case "job": {
        const outline = this.#outlines.get(message.job);
        if (!outline) return;
        // strings never have places in common memory
        const stages = outline.stages.map((one) => ({ ...one, fields: ["string"] as const }));
        const given = this.#options.large ? { ...outline, stages } : outline;
        this.tell(worker, { kind: "JobReceived", job: message.job, outline: given });
        return;
      }
      case "programs": {
        const source = { format: "zarr", store: { kind: "file", path: "" }, path: "", detail: null } as const;
        // what reads from storage runs alone
        const sources = this.#options.large ? [source] : [];
        const program = { sources, literals: [], targets: [], steps: [] };
        const programs = message.stages.map(() => program);
        return this.tell(worker, {
          kind: "ProgramsReceived",
          job: message.job,
          stages: message.stages,
          programs,
        });
      }
      default:
        return this.tell(worker, schedulerEvent(message, []));
    }
  }

  readonly #outlines = new Map<number, PlanOutline>();
  readonly #graphs = new Map<number, TaskGraph>();

  #report(worker: SimulatedWorker): void {
    const message = worker.outbox.shift();
    if (!message) return;
    const parts = message.type === "blocks" ? this.#parts.get(message) : [];
    this.send(workerEvent(worker.id, this.time, message, parts ?? []));
  }

  /** Data of messages. */
  readonly #parts = new WeakMap<object, readonly Uint8Array[]>();

  #data(job: number, blocks: readonly number[], values: readonly number[]): WorkerMessage {
    const message: WorkerMessage = { type: "blocks", job, blocks: packRuns(blocks) };
    this.#parts.set(message, [new Uint8Array(Float64Array.from(values).buffer)]);
    return message;
  }

  #work(worker: SimulatedWorker, instruction: WorkerInstruction): void {
    switch (instruction.kind) {
      case "ReportStarted":
      case "ReportFinished":
      case "ReportFailed":
      case "ReportFetched":
      case "ReportReturned":
        worker.outbox.push(reportMessage(instruction));
        return;
      case "SendSmall": {
        const { job, blocks, places, to } = instruction;
        const values = places.map((place) => worker.small.get(place) ?? Number.NaN);
        if (to === null) worker.outbox.push(this.#data(job, blocks, values));
        return;
      }
      case "SendBlock": {
        const { job, block, payload, to } = instruction;
        if (to === null) worker.outbox.push(this.#data(job, [block], [Number(payload[0].data[0])]));
        return;
      }
      case "SendMissing":
        if (instruction.to === null)
          worker.outbox.push({
            type: "no-result",
            job: instruction.job,
            blocks: packRuns(instruction.blocks),
          });
        return;
      case "StoreBlock":
        worker.small.set(instruction.place, Number(instruction.payload[0].data[0]));
        return;
      case "StoreSmall": {
        const values = new Float64Array(instruction.bytes.buffer);
        instruction.places.forEach((place, i) => place >= 0 && worker.small.set(place, values[i]));
        return;
      }
      case "FetchBlocks": {
        const { peer, job, blocks } = instruction;
        for (const block of blocks) worker.pending.push(() => this.#fetched(peer.worker, job, block));
        return;
      }
      case "StartRun":
      case "StartBatch": {
        const plan = this.#graphOf(instruction.job);
        const run =
          instruction.kind === "StartRun"
            ? prepareRun(worker, instruction, plan, this.#options, this.random)
            : prepareBatch(worker, instruction, plan, this.#options, this.random);
        worker.pending.push(() => {
          const ends = run();
          if (ends) return ends;
          this.kill(worker.id);
          return { kind: "JobForgotten", job: instruction.job };
        });
        return;
      }
      case "StopRun":
      case "FreeBlock":
      case "RegisterStage":
      case "UnregisterJob":
    }
  }

  #graphOf(job: number): { graph: TaskGraph; plan: PlanOutline } {
    const plan = this.#outlines.get(job) ?? { stages: [], outputs: [] };
    let graph = this.#graphs.get(job);
    if (!graph) this.#graphs.set(job, (graph = expand(plan)));
    return { graph, plan };
  }

  #fetched(peer: number, job: number, block: number): WorkerEvent {
    const other = this.workers.get(peer);
    if (!other) return { kind: "PeerLost", peer, reason: "the connection was lost" };
    const value = valueAt(other, job, block);
    if (value === null) return { kind: "FetchMissed", peer, job, blocks: [block] };
    if (this.#options.large) {
      const payload: Block[] = [{ dtype: "float64", shape: [1], data: Float64Array.of(value) }];
      return { kind: "FetchFinished", peer, job, block, bytes: 8, payload };
    }
    const bytes = new Uint8Array(Float64Array.of(value).buffer);
    return { kind: "SmallFetched", peer, job, blocks: [block], bytes };
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
        case "RelayResults": {
          const { message, parts } = instruction.payload as ResultPayload;
          if (message.type !== "blocks") break;
          const values = new Float64Array(parts[0].buffer);
          unpackRuns(message.blocks).forEach((task, i) => this.#give(instruction.ref, task, values[i]));
          break;
        }
        case "TellPlace": {
          const { ref, job, holder, blocks } = instruction;
          for (const block of blocks)
            this.#fetches.push(() => this.#clientFetches(ref, job, holder.worker, block));
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

  /** What the client fetches from workers. */
  readonly #fetches: (() => void)[] = [];

  #clientFetches(ref: number, job: number, holder: number, block: number): void {
    const worker = this.workers.get(holder);
    const value = worker && this.random() > 0.1 ? valueAt(worker, job, block) : undefined;
    const about = { client: 1, time: this.time, ref, blocks: [block] };
    if (value === undefined || value === null)
      return this.send({ kind: "FetchFailed", ...about, worker: holder, answered: value === null });
    this.#give(ref, block, value);
    this.send({ kind: "ResultsFetched", ...about });
  }

  /** The client gets a result; one that comes again it does not take again. */
  #give(ref: number, task: number, value: number): void {
    const results = this.results.get(ref);
    const before = results?.get(task);
    if (before && before.value === value) return;
    results?.set(task, { times: (before?.times ?? 0) + 1, value });
    this.#untaken.push({ ref, bytes: 8 });
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
    return [...this.workers.values()].flatMap(leftoversOf);
  }
}
