/**
 * Owns what runs: which ready task starts when, how many small ones go to a thread together, and what
 * becomes of them when they end.
 */
import { blockAt, bytesOf, dropPlace, holdLarge, holdSmall, sendBlocks, sendSmall } from "./blocks.js";
import type { BlockAt, WorkerEvent, WorkerInstruction } from "./events.js";
import { takePlace } from "./small-places.js";
import {
  type Queue,
  TASK,
  type WorkerJob,
  type WorkerRun,
  type WorkerStage,
  type WorkerState,
  eachInput,
  isHere,
  sizeOfTask,
  unitsOf,
} from "./state.js";
import { stageOfTask } from "@hyperslab/core/task-graph";

type Out = WorkerInstruction[];

/** Milliseconds of work that a batch should be: long enough to be worth a message, short enough to wait for. */
const BATCH_MS = 2;
const MAX_BATCH = 1024;
/** Tasks that take less are given out twice a thread: it has the next batch at hand when one ends. */
const BRIEF_MS = 1;
/** Weight of the last measurement in a stage's pace. */
const NEW = 0.5;

/** A task may run as soon as a thread is free. */
export function makeReady(state: WorkerState, job: WorkerJob, task: number): void {
  job.status[task] = TASK.ready;
  const stage = stageOfTask(job, task);
  const last = state.queues[state.queues.length - 1];
  if (last?.job === job.id && last.stage === stage) last.tasks.push(task);
  else state.queues.push({ job: job.id, stage, tasks: [task], head: 0 });
}

/** Starts what is ready, in the order in which it came, as far as threads and memory go. */
export function startRuns(state: WorkerState, out: Out): void {
  const { queues } = state;
  for (let q = 0; q < queues.length && state.busy < state.threads;) {
    const queue = queues[q];
    const job = state.jobs.get(queue.job);
    const stage = job?.stages[queue.stage];
    if (!job || !stage || queue.head >= queue.tasks.length) {
      queues.splice(q, 1);
      continue;
    }
    const share = shareOf(stage);
    if (state.busy + share > state.threads) {
      q++;
      continue;
    }
    const tasks = takeTasks(state, out, job, stage, queue);
    // a promise of the scheduler that could not be kept (a block larger than planned) waits its turn
    if (tasks === null) return;
    if (tasks.length === 0) continue;
    startRun(state, out, job, stage, queue.stage, tasks, share);
  }
}

function shareOf(stage: WorkerStage): number {
  return stage.small && stage.pace > 0 && stage.pace < BRIEF_MS ? Math.min(stage.share, 0.5) : stage.share;
}

/** How many tasks go together: as many as take about {@link BATCH_MS}, and no thread is left without. */
function batchSize(state: WorkerState, stage: WorkerStage, queue: Queue): number {
  if (!stage.small || stage.pace === 0) return 1;
  const left = queue.tasks.length - queue.head;
  const even = Math.ceil(left / (2 * state.threads));
  return Math.max(1, Math.min(MAX_BATCH, even, Math.floor(BATCH_MS / stage.pace)));
}

/** Takes tasks off a queue that can run now; null where the next one does not fit into memory. */
function takeTasks(
  state: WorkerState,
  out: Out,
  job: WorkerJob,
  stage: WorkerStage,
  queue: Queue,
): number[] | null {
  const tasks: number[] = [];
  const size = batchSize(state, stage, queue);
  let bytes = state.stored + state.runningBytes;
  for (; queue.head < queue.tasks.length && tasks.length < size; queue.head++) {
    const task = queue.tasks[queue.head];
    if (job.status[task] !== TASK.ready) continue;
    bytes += stage.own;
    if (bytes > state.memory && (tasks.length > 0 || state.running > 0))
      return tasks.length > 0 ? tasks : null;
    const gone: number[] = [];
    eachInput(job, stage, task, (block) => {
      if (!isHere(job, block)) gone.push(block);
    });
    if (gone.length === 0) tasks.push(task);
    else {
      bytes -= stage.own;
      job.status[task] = TASK.none;
      job.tasks--;
      const reason = "its inputs were released";
      out.push({ kind: "ReportReturned", job: job.id, tasks: [task], missing: [...new Set(gone)], reason });
    }
  }
  return tasks;
}

function startRun(
  state: WorkerState,
  out: Out,
  job: WorkerJob,
  stage: WorkerStage,
  number: number,
  tasks: number[],
  share: number,
): void {
  const id = state.nextRun++;
  const units = stage.small ? tasks.map((task) => unitsOf(stage.uniform ?? sizeOfTask(job, task))) : [];
  const places = stage.small ? units.map((count) => takePlace(state.places, count)) : null;
  if (places) state.smalls += places.length;
  const bytes = stage.own * tasks.length;
  state.runs.set(id, { id, job: job.id, stage: number, tasks, places, units, share, bytes, wanted: true });
  for (const task of tasks) job.status[task] = TASK.running;
  state.running += tasks.length;
  state.busy += share;
  state.runningBytes += bytes;
  out.push({ kind: "ReportStarted", job: job.id, tasks });
  if (places)
    out.push({
      kind: "StartBatch",
      run: id,
      job: job.id,
      stage: number,
      blocks: Int32Array.from(tasks, (task) => task - stage.first),
      places: Int32Array.from(places),
      inputs: placesOfInputs(job, stage, tasks),
    });
  else {
    const [task] = tasks;
    const inputs = gatherInputs(job, stage, task);
    out.push({
      kind: "StartRun",
      run: id,
      job: job.id,
      task,
      stage: number,
      block: task - stage.first,
      inputs,
    });
  }
}

/** For each task and input: the number of blocks, then number and place of each. */
function placesOfInputs(job: WorkerJob, stage: WorkerStage, tasks: readonly number[]): Int32Array {
  const list: number[] = [];
  const count = stage.outline.inputs.length;
  if (count === 0) return new Int32Array();
  for (const task of tasks) {
    let open = -1;
    let counter = 0;
    const openTo = (input: number): void => {
      while (open < input) {
        counter = list.push(0) - 1;
        open++;
      }
    };
    eachInput(job, stage, task, (dependency, input, block) => {
      openTo(input);
      list[counter]++;
      list.push(block, job.places[dependency]);
    });
    openTo(count - 1);
  }
  return Int32Array.from(list);
}

function gatherInputs(job: WorkerJob, stage: WorkerStage, task: number): Map<number, BlockAt>[] {
  const inputs = stage.outline.inputs.map(() => new Map<number, BlockAt>());
  eachInput(job, stage, task, (dependency, input, block) => {
    const at = blockAt(job, dependency);
    if (at) inputs[input].set(block, at);
  });
  return inputs;
}

/** Strikes a run off the books. */
function endRun(state: WorkerState, id: number): WorkerRun | null {
  const run = state.runs.get(id);
  if (!run) return null;
  state.runs.delete(id);
  state.running -= run.tasks.length;
  state.busy -= run.share;
  state.runningBytes -= run.bytes;
  return run;
}

/** Learns how long the tasks of a stage take. */
function measure(stage: WorkerStage | undefined, tasks: number, time: number): void {
  if (!stage || tasks === 0) return;
  const pace = Math.max(1e-4, time / tasks);
  stage.pace = stage.pace === 0 ? pace : (1 - NEW) * stage.pace + NEW * pace;
}

export function onRunFinished(
  state: WorkerState,
  out: Out,
  event: Extract<WorkerEvent, { kind: "RunFinished" }>,
): void {
  const run = endRun(state, event.run);
  const job = run?.wanted ? state.jobs.get(run.job) : undefined;
  if (!run || !job) return;
  const [task] = run.tasks;
  const stage = job.stages[run.stage];
  measure(stage, 1, event.time);
  if (stage?.placed) {
    const size = sizeOfTask(job, task);
    const place = takePlace(state.places, unitsOf(size));
    holdSmall(state, out, job, task, size.bytes, place);
    out.push({ kind: "StoreBlock", place, bytes: size.padded, payload: event.payload });
  } else holdLarge(state, out, job, task, event.bytes, event.payload);
  finish(out, job, task);
  reportSpent(out, job, run.stage, event.time);
  if (job.sends[task]) sendBlocks(out, job, job.id, null, [task]);
}

export function onBatchFinished(
  state: WorkerState,
  out: Out,
  event: Extract<WorkerEvent, { kind: "BatchFinished" }>,
): void {
  const run = endRun(state, event.run);
  if (!run?.places) return;
  const job = run.wanted ? state.jobs.get(run.job) : undefined;
  const stage = job?.stages[run.stage];
  measure(stage, event.done, event.time);
  const failed = new Set(event.failed.map(({ task }) => task));
  for (let i = 0; i < run.tasks.length; i++) {
    const task = run.tasks[i];
    const size = stage?.uniform ?? (job ? sizeOfTask(job, task) : null);
    if (job && size && i < event.done && !failed.has(task)) {
      state.smalls--;
      holdSmall(state, out, job, task, size.bytes, run.places[i]);
      finish(out, job, task);
      continue;
    }
    dropRunPlace(state, run, i);
    // its thread was ended before it came to it
    if (job && i >= event.done) makeReady(state, job, task);
  }
  if (!job) return;
  reportSpent(out, job, run.stage, event.time);
  for (let i = 0; i < event.done; i++) {
    const task = run.tasks[i];
    if (job.sends[task] && !failed.has(task)) sendSmall(out, job, null, task);
  }
  for (const { task, error } of event.failed) {
    job.status[task] = TASK.none;
    job.tasks--;
    out.push({ kind: "ReportFailed", job: job.id, task, error });
  }
}

export function onRunFailed(
  state: WorkerState,
  out: Out,
  event: Extract<WorkerEvent, { kind: "RunFailed" }>,
): void {
  const run = endRun(state, event.run);
  if (!run) return;
  const job = run.wanted ? state.jobs.get(run.job) : undefined;
  run.tasks.forEach((task, i) => {
    dropRunPlace(state, run, i);
    if (job && task !== event.task) makeReady(state, job, task);
  });
  if (!job) return;
  job.status[event.task] = TASK.none;
  job.tasks--;
  out.push({ kind: "ReportFailed", job: job.id, task: event.task, error: event.error });
}

/** The place of a task that did not yield a block. */
function dropRunPlace(state: WorkerState, run: WorkerRun, i: number): void {
  if (run.places) dropPlace(state, run.places[i], run.units[i]);
}

/** A task's block is here, and the scheduler is told. */
function finish(out: Out, job: WorkerJob, task: number): void {
  job.status[task] = TASK.none;
  job.tasks--;
  reportFinished(out, job, task);
}

/** Tells the scheduler of a block that is here. */
export function reportFinished(out: Out, job: WorkerJob, task: number): void {
  const last = out[out.length - 1];
  if (last?.kind === "ReportFinished" && last.job === job.id) {
    last.tasks.push(task);
    last.bytes.push(bytesOf(job, task));
  } else
    out.push({ kind: "ReportFinished", job: job.id, tasks: [task], bytes: [bytesOf(job, task)], spent: [] });
}

/** Longer times do not fit the message. Microseconds. */
const MAX_SPENT = 2 ** 31 - 1;

/** Adds to the report of the tasks just finished how many milliseconds they took. */
function reportSpent(out: Out, job: WorkerJob, stage: number, time: number): void {
  const last = out[out.length - 1];
  if (last?.kind === "ReportFinished" && last.job === job.id)
    last.spent.push(stage, Math.min(MAX_SPENT, Math.round(1000 * time)));
}
