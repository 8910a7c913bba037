/**
 * Owns the invariants of a scheduler's state: everything that is kept as a running sum is counted
 * again from the start. Tests run it after every event; it is slow by design.
 */
import {
  STATUS,
  STATUS_NAMES,
  type SchedulerJob,
  type SchedulerState,
  dependenciesOf,
  dependentsOf,
  freeBytes,
  isDone,
  jobOfKey,
  keyOf,
  maxSlotsOf,
  taskName,
  taskOfKey,
} from "./state.js";
import { stageOfTask } from "@hyperslab/core/task-graph";

/** Everything that is wrong with the state, as sentences; empty for a sound one. */
export function check(state: SchedulerState): string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: () => string): void => {
    if (!holds) faults.push(fault());
  };
  for (const worker of state.workers.values()) {
    const sum = (map: Map<number, number>): number => [...map.values()].reduce((a, b) => a + b, 0);
    expect(
      worker.stored === sum(worker.held),
      () => `${worker.name}: stored ${worker.stored}, holds ${sum(worker.held)}`,
    );
    const reserved = sum(worker.assigned) + sum(worker.incoming);
    expect(
      worker.reserved === reserved,
      () => `${worker.name}: reserved ${worker.reserved}, not ${reserved}`,
    );
    for (const key of worker.copies)
      expect(worker.held.has(key), () => `${worker.name}: copy ${key} is not held`);
    let executing = 0;
    for (const key of worker.assigned.keys()) {
      const job = state.jobs.get(jobOfKey(key));
      expect(
        job?.workerOf.get(taskOfKey(key)) === worker.id,
        () => `${worker.name} has task ${key}, nobody knows`,
      );
      if (job?.status[taskOfKey(key)] === STATUS.executing) executing++;
    }
    expect(
      worker.executing === executing,
      () => `${worker.name}: executing ${worker.executing}, not ${executing}`,
    );
    expect(worker.assigned.size <= maxSlotsOf(worker), () => `${worker.name}: more tasks than slots`);
    expect(freeBytes(worker) >= 0, () => `${worker.name}: promised ${-freeBytes(worker)} bytes too many`);
    for (const [books, lists] of [
      [worker.held, "holders"],
      [worker.incoming, "incomingAt"],
    ] as const)
      for (const key of books.keys()) {
        const list = state.jobs.get(jobOfKey(key))?.[lists].get(taskOfKey(key)) ?? [];
        expect(
          list.filter((id) => id === worker.id).length === 1,
          () => `${worker.name}: block ${key} not in ${lists}`,
        );
      }
    for (const job of worker.programs.keys())
      expect(state.jobs.has(job), () => `${worker.name} keeps programs of job ${job}, which is over`);
  }
  for (const job of state.jobs.values()) for (const fault of checkJob(state, job)) faults.push(fault);
  return faults;
}

function checkJob(state: SchedulerState, job: SchedulerJob): string[] {
  const faults: string[] = [];
  const { waiting, needed, ready } = job.frontier;
  const queued = new Set(ready);
  const counts = [0, 0, 0, 0, 0, 0];
  let resultsLeft = 0;
  let done = 0;
  for (let task = 0; task < job.graph.taskCount; task++) {
    const status = job.status[task];
    const expect = (holds: boolean, fault: string): void => {
      if (!holds) faults.push(`${taskName(job, task)} (${STATUS_NAMES[status]}): ${fault}`);
    };
    counts[status]++;
    done += job.seen[task];
    const isResult = job.isOutput[stageOfTask(job.graph, task)] === 1 && !job.delivered[task];
    if (isResult) resultsLeft++;
    let missing = 0;
    for (const input of dependenciesOf(job, task)) if (job.status[input] !== STATUS.memory) missing++;
    if (!isDone(status)) expect(waiting[task] === missing, `waits for ${waiting[task]}, misses ${missing}`);
    let uses = isResult ? 1 : 0;
    for (const dependent of dependentsOf(job, task)) if (!isDone(job.status[dependent])) uses++;
    expect(needed[task] === uses, `needed ${needed[task]} times, not ${uses}`);
    const holders = job.holders.get(task) ?? [];
    const has = job.workerOf.get(task);
    expect(holders.length > 0 === (status === STATUS.memory), `${holders.length} holders`);
    for (const id of holders)
      expect(state.workers.get(id)?.held.has(keyOf(job.id, task)) === true, `worker ${id} does not hold it`);
    for (const id of job.incomingAt.get(task) ?? [])
      expect(
        state.workers.get(id)?.incoming.has(keyOf(job.id, task)) === true,
        `worker ${id} does not fetch it`,
      );
    const out = status === STATUS.assigned || status === STATUS.executing;
    expect(out === (has !== undefined), `worker ${has}`);
    if (has !== undefined)
      expect(
        state.workers.get(has)?.assigned.has(keyOf(job.id, task)) === true,
        `worker ${has} does not have it`,
      );
    if (status === STATUS.ready) expect(missing === 0 && queued.has(task), "not in the queue, or not ready");
    if (status === STATUS.waiting) expect(missing > 0, "waits for nothing");
    if (!isDone(status) && !out) expect(uses > 0, "nobody needs it");
    if (status === STATUS.memory) expect(uses > 0, "kept for nobody");
    if (isResult && status === STATUS.memory)
      expect(
        job.delivering.has(task) || job.deliverable.includes(task, job.deliverableHead),
        "a result that is not queued",
      );
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
  expect(job.inFlight >= 0, `${job.inFlight} bytes in flight`);
  for (const { worker } of job.delivering.values())
    expect(state.workers.has(worker), `a result is expected from worker ${worker}, which left`);
  return faults;
}
