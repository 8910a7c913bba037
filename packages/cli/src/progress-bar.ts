/** Owns the showing of progress: a bar on a terminal, plain lines at every quarter elsewhere. */
import type { RunEvent } from "@hyperslab/core/executor";

/** What a bar writes to. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const WIDTH = 28;
const FRAME_MS = 60;

/**
 * Shows the events of one run. Call the result with every event; the last one ends the line.
 * `now` is the clock, in milliseconds.
 */
export function progressBar(
  title: string,
  output: Output,
  now: () => number = Date.now,
): (event: RunEvent) => void {
  const start = now();
  let shown = -Infinity;
  let quarter = 0;
  return (event) => {
    if (event.kind === "started") {
      if (output.isTTY) output.write(line(title, 0, event.tasks, 0));
      else output.write(`${title}: ${event.tasks} task${event.tasks === 1 ? "" : "s"}\n`);
      return;
    }
    const { done, tasks } = event;
    const seconds = (now() - start) / 1000;
    if (output.isTTY) {
      if (now() - shown < FRAME_MS && done < tasks) return;
      shown = now();
      output.write(line(title, done, tasks, seconds) + (done === tasks ? "\n" : ""));
    } else if (Math.floor((4 * done) / tasks) > quarter) {
      quarter = Math.floor((4 * done) / tasks);
      output.write(`${title}: ${25 * quarter} %, ${done} of ${tasks} tasks, ${seconds.toFixed(1)} s\n`);
    }
  };
}

function line(title: string, done: number, tasks: number, seconds: number): string {
  const full = tasks ? Math.round((WIDTH * done) / tasks) : WIDTH;
  const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
  return `\r\x1b[2K${title.padEnd(30)} ${bar} ${done}/${tasks} tasks ${seconds.toFixed(1)} s`;
}
