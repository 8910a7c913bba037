/**
 * Owns the invariants of a scheduler's state: everything that is kept as a running sum is counted
 * again from the start. Tests run it after every event; it is slow by design.
 */
import {
  MARK,
  NOWHERE,
  STATUS,
  STATUS_NAMES,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  dependenciesOf,
  dependentsOf,
  freeBytes,
  isDone,
  isOut,
  isWanted,
  jobOfKey,
  keyOf,
  ownBytes,
  stageOf,
  taskName,
  taskOfKey,
} from "./state.js";
import { maxSlotsOf } from "./pace.js";

/** Everything that is wrong with the state, as sentences; empty for a sound one. */
export function check(state: SchedulerState): string[] {
  const faults: string[] = [];
  for (const worker of state.workers.values()) checkWorker(state, worker, faults);
  state.slots.forEach((worker, slot) => {
    if (worker && (worker.slot !== slot || state.workers.get(worker.id) !== worker))
      faults.push(`slot ${slot} has ${worker.name}, which left, or is elsewhere`);
  });
  for (const job of state.jobs.values()) checkJob(state, job, faults);
  return faults;
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

function checkWorker(state: SchedulerState, worker: SchedulerWorker, faults: string[]): void {
  const expect = (holds: boolean, fault: () => string): void => {
    if (!holds) faults.push(`${worker.name}: ${fault()}`);
  };
  let stored = sum(worker.copies.values());
  let reserved = sum(worker.incoming.values());
  let assigned = 0;
  let executing = 0;
  let suspects = 0;
  for (const job of state.jobs.values())
    job.at.forEach((slot, task) => {
      if (slot !== worker.slot) return;
      const status = job.status[task];
      if (status === STATUS.memory) stored += job.size[task];
      if (!isOut(status)) return;
      assigned++;
      reserved += ownBytes(job, task);
      if (status === STATUS.executing) executing++;
      if (job.deaths.has(task)) suspects++;
    });
  expect(worker.stored === stored, () => `stored ${worker.stored}, holds ${stored}`);
  expect(worker.reserved === reserved, () => `reserved ${worker.reserved}, not ${reserved}`);
  expect(worker.assigned === assigned, () => `${worker.assigned} tasks, not ${assigned}`);
  expect(worker.executing === executing, () => `executing ${worker.executing}, not ${executing}`);
  expect(!suspects || (worker.alone && assigned === 1), () => `a task that killed a worker is not alone`);
  expect(assigned <= maxSlotsOf(worker), () => "more tasks than slots");
  expect(freeBytes(worker) >= 0, () => `promised ${-freeBytes(worker)} bytes too many`);
  for (const [books, lists] of [
    [worker.copies, "copies"],
    [worker.incoming, "incomingAt"],
  ] as const)
    for (const key of books.keys()) {
      const job = state.jobs.get(jobOfKey(key));
      const list = job?.[lists].get(taskOfKey(key)) ?? [];
      expect(list.filter((id) => id === worker.id).length === 1, () => `block ${key} not in ${lists}`);
      if (lists === "copies")
        expect(
          job?.status[taskOfKey(key)] === STATUS.memory,
          () => `a copy of ${key}, which is not in memory`,
        );
    }
  for (const job of worker.programs.keys())
    expect(state.jobs.has(job), () => `keeps programs of job ${job}, which is over`);
}

function checkJob(state: SchedulerState, job: SchedulerJob, faults: string[]): void {
  const { waiting, needed, ready } = job.frontier;
  const counts = [0, 0, 0, 0, 0, 0];
  const queued = new Set(job.deliverable.slice(job.deliverableHead));
  let resultsLeft = 0;
  let done = 0;
  let asked = 0;
  for (let task = 0; task < job.graph.taskCount; task++) {
    const status = job.status[task];
    const marks = job.marks[task];
    const expect = (holds: boolean, fault: string): void => {
      if (!holds) faults.push(`${taskName(job, task)} (${STATUS_NAMES[status]}): ${fault}`);
    };
    counts[status]++;
    if (marks & MARK.seen) done++;
    const isResult = isWanted(job, task);
    if (isResult) resultsLeft++;
    let missing = 0;
    for (const input of dependenciesOf(job, task)) if (job.status[input] !== STATUS.memory) missing++;
    if (!isDone(status)) expect(waiting[task] === missing, `waits for ${waiting[task]}, misses ${missing}`);
    let uses = isResult ? 1 : 0;
    for (const dependent of dependentsOf(job, task)) if (!isDone(job.status[dependent])) uses++;
    expect(needed[task] === uses, `needed ${needed[task]} times, not ${uses}`);
    const placed = job.at[task] !== NOWHERE;
    expect(placed === (isOut(status) || status === STATUS.memory), `at slot ${job.at[task]}`);
    expect(!placed || state.slots[job.at[task]] !== undefined, `at a worker that left`);
    for (const [lists, books] of [
      [job.copies, "copies"],
      [job.incomingAt, "incoming"],
    ] as const)
      for (const id of lists.get(task) ?? [])
        expect(
          state.workers.get(id)?.[books].has(keyOf(job.id, task)) === true,
          `worker ${id}: not in ${books}`,
        );
    if (status === STATUS.ready)
      expect(missing === 0 && ready.has(job.graph.priority[task]), "not in the queue, or not ready");
    if (status === STATUS.waiting) expect(missing > 0, "waits for nothing");
    if (!isDone(status) && !isOut(status)) expect(uses > 0, "nobody needs it");
    if (status === STATUS.memory) expect(uses > 0, "kept for nobody");
    if (marks & MARK.asked) {
      expect(isResult && placed, "asked for, and nowhere, or no result");
      asked += status === STATUS.memory ? job.size[task] : stageOf(job, task).cost.output;
    } else if (isResult && status === STATUS.memory) expect(queued.has(task), "a result that is not queued");
  }
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(`job ${job.id}: ${fault}`);
  };
  expect(
    counts.every((count, i) => count === job.counts[i]),
    `counts ${job.counts.join()}, not ${counts.join()}`,
  );
  expect(resultsLeft === job.resultsLeft, `${job.resultsLeft} results left, not ${resultsLeft}`);
  expect(resultsLeft > 0, "all results delivered, and not ended");
  expect(done === job.done, `done ${job.done}, not ${done}`);
  expect(asked === job.asked, `asked for ${job.asked} bytes, not ${asked}`);
  expect(job.untaken >= 0, `${job.untaken} bytes not taken`);
}
