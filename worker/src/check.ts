/** Owns the invariants of a worker's state: every sum is counted again. Tests run it after every event. */
import { type WorkerState, keyOf } from "./state.js";

/** Everything that is wrong with the state, as sentences; empty for a sound one. */
export function check(state: WorkerState): string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  let stored = 0;
  for (const { bytes } of state.blocks.values()) stored += bytes;
  expect(stored === state.stored, `stored ${state.stored}, holds ${stored}`);
  let running = 0;
  let runningBytes = 0;
  let busy = 0;
  for (const [key, task] of state.tasks) {
    const name = `task ${task.job}/${task.task}`;
    expect(key === keyOf(task.job, task.task), `${name} under another key`);
    expect(
      task.wanted === state.jobs.has(task.job),
      `${name}: wanted ${task.wanted}, its job says otherwise`,
    );
    expect(task.wanted || task.status === "running", `${name} is unwanted, and kept`);
    expect(
      task.missing.size > 0 === (task.status === "fetching"),
      `${name} is ${task.status}, misses ${task.missing.size}`,
    );
    for (const block of task.missing)
      expect(
        state.fetches.has(keyOf(task.job, block)),
        `${name} waits for block ${block}, which nobody fetches`,
      );
    expect(!state.blocks.has(key) || task.status === "running", `${name} was given, and its block is here`);
    if (task.status !== "running") continue;
    running++;
    runningBytes += task.bytes;
    busy += task.share;
  }
  expect(running === state.running, `running ${state.running}, not ${running}`);
  expect(runningBytes === state.runningBytes, `running bytes ${state.runningBytes}, not ${runningBytes}`);
  expect(busy === state.busy && busy <= state.threads, `busy ${state.busy}, not ${busy} of ${state.threads}`);
  for (const [key, fetch] of state.fetches) {
    expect(state.jobs.has(fetch.job), `block ${key} is fetched for a job that is over`);
    expect(!state.blocks.has(key), `block ${key} is fetched, and here`);
    expect(fetch.peer !== -1, `block ${key} is fetched from nobody`);
  }
  return faults;
}
