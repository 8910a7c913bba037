/** Owns the showing of progress: a bar on a terminal, plain lines at every quarter elsewhere. */
import type { RunEvent } from "@hyperslab/core/executor";
import { TimeLeft } from "./time-left.js";

/** What a bar writes to. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const WIDTH = 28;
const FRAME_MS = 60;
/** Milliseconds after which the time left is worth telling. */
const TELLING = 500;

/**
 * Shows the events of one run, with the time that is left, as its stages have cost so far. Call the result with every event;
 * the last one ends the line. `now` is the clock, in milliseconds.
 *
 * ```ts
 * await ds.mean("time").compute({ on: cluster, progress: progressBar("mean") });
 * ```
 */
export function progressBar(
  title: string,
  output: ProgressOutput = process.stderr,
  now: () => number = () => performance.now(),
): (event: RunEvent) => void {
  let start = now();
  let shown = -Infinity;
  let quarter = 0;
  let timeLeft: TimeLeft | null = null;
  return (event) => {
    if (event.kind === "started") {
      start = now();
      timeLeft = new TimeLeft(event, start);
      if (output.isTTY) output.write(line(title, 0, event.tasks, ""));
      else output.write(`${title}: ${event.tasks} task${event.tasks === 1 ? "" : "s"}\n`);
      return;
    }
    const { done, tasks } = event;
    const time = now();
    timeLeft?.add(event, time);
    const seconds = ((time - start) / 1000).toFixed(1);
    if (output.isTTY) {
      if (time - shown < FRAME_MS && done < tasks) return;
      shown = time;
      const left = time - start < TELLING ? null : (timeLeft?.left() ?? null);
      const rest = done === tasks || left === null ? "" : `, ${durationText(left)} left`;
      output.write(line(title, done, tasks, `${seconds} s${rest}`) + (done === tasks ? "\n" : ""));
    } else if (Math.floor((4 * done) / tasks) > quarter) {
      quarter = Math.floor((4 * done) / tasks);
      output.write(`${title}: ${25 * quarter} %, ${done} of ${tasks} tasks, ${seconds} s\n`);
    }
  };
}

function line(title: string, done: number, tasks: number, time: string): string {
  const full = tasks ? Math.round((WIDTH * done) / tasks) : WIDTH;
  const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
  return `\r\x1b[2K${title.padEnd(30)} ${bar} ${done}/${tasks} tasks${time && ` ${time}`}`;
}

/** `3 s`, `4 min 20 s`, `2 h 5 min`. */
function durationText(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
