/** Owns the invariants of a worker's state: every sum is counted again. Tests run it after every event. */
import { bytesOf } from "./blocks.js";
import { NO_PLACE, TASK, type WorkerJob, type WorkerState, isHere, sizeOfTask, unitsOf } from "./state.js";

/** Everything that is wrong with the state, as sentences; empty for a sound one. */
export function check(state: WorkerState): string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  let stored = 0;
  let smalls = 0;
  /** Units of all places in use: no two overlap. */
  const used: [from: number, to: number][] = [];
  for (const job of state.jobs.values()) {
    job.places.forEach((place, block) => {
      if (place === NO_PLACE) return;
      smalls++;
      used.push([place, place + unitsOf(sizeOfTask(job, block))]);
      stored += bytesOf(job, block);
      expect(!job.large.has(block), `block ${job.id}/${block} is here twice`);
    });
    for (const { bytes } of job.large.values()) stored += bytes;
    checkTasks(state, job, expect);
  }
  let running = 0;
  let runningBytes = 0;
  let busy = 0;
  for (const run of state.runs.values()) {
    const job = state.jobs.get(run.job);
    running += run.tasks.length;
    runningBytes += run.bytes;
    busy += run.share;
    run.places?.forEach((place, i) => used.push([place, place + run.units[i]]));
    smalls += run.places?.length ?? 0;
    if (!run.wanted) continue;
    for (const task of run.tasks)
      expect(job?.status[task] === TASK.running, `task ${run.job}/${task} runs, its status says otherwise`);
  }
  used.sort((a, b) => a[0] - b[0]);
  for (let i = 1; i < used.length; i++)
    expect(used[i - 1][1] <= used[i][0], `places ${used[i - 1].join("-")} and ${used[i].join("-")} overlap`);
  expect(stored === state.stored, `stored ${state.stored}, holds ${stored}`);
  expect(smalls === state.smalls, `${state.smalls} places in use, not ${smalls}`);
  expect(running === state.running, `running ${state.running}, not ${running}`);
  expect(runningBytes === state.runningBytes, `running bytes ${state.runningBytes}, not ${runningBytes}`);
  expect(busy === state.busy && busy <= state.threads, `busy ${state.busy}, not ${busy} of ${state.threads}`);
  return faults;
}

function checkTasks(
  state: WorkerState,
  job: WorkerJob,
  expect: (holds: boolean, fault: string) => void,
): void {
  const running = new Set<number>();
  for (const run of state.runs.values())
    if (run.job === job.id && run.wanted) for (const task of run.tasks) running.add(task);
  const queued = new Set<number>();
  for (const queue of state.queues)
    if (queue.job === job.id) for (const task of queue.tasks.slice(queue.head)) queued.add(task);
  let tasks = 0;
  job.status.forEach((status, task) => {
    const name = `task ${job.id}/${task}`;
    if (status !== TASK.none) tasks++;
    expect((status === TASK.running) === running.has(task), `${name}: running is ${running.has(task)}`);
    expect(status !== TASK.ready || queued.has(task), `${name} is ready, and not queued`);
    expect((status === TASK.fetching) === job.missing.has(task), `${name}: fetching, misses nothing`);
    expect(
      status === TASK.none || status === TASK.running || !isHere(job, task),
      `${name}: its block is here`,
    );
  });
  expect(tasks === job.tasks, `job ${job.id}: ${job.tasks} tasks, not ${tasks}`);
  const missing = new Map<number, number>();
  for (const [block, waiters] of job.waiters) {
    expect(job.fetches.has(block), `block ${job.id}/${block} is waited for, and nobody fetches it`);
    for (const task of waiters) missing.set(task, (missing.get(task) ?? 0) + 1);
  }
  for (const [task, count] of job.missing)
    expect(missing.get(task) === count, `task ${job.id}/${task} misses ${count}, not ${missing.get(task)}`);
  for (const fetch of job.fetches.values()) {
    expect(!isHere(job, fetch.block), `block ${job.id}/${fetch.block} is fetched, and here`);
    expect(fetch.peer !== -1, `block ${job.id}/${fetch.block} is fetched from nobody`);
  }
}
