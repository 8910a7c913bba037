/** Owns what a job cost against what was predicted, by stage and by line of the user's code, as data and as text. */
import { bytesText } from "@hyperslab/core/byte-text";

/** A number that was predicted when the job was submitted, and what it came to so far. */
export interface Measured {
  readonly predicted: number;
  readonly actual: number;
}

/** What one stage, or one line of the user's code, costs. */
export interface CostLine {
  /** Of the stage, or of all stages of the line. */
  readonly name: string;
  /** Source line of the user's call; null where it is not known. */
  readonly where: string | null;
  readonly tasks: number;
  readonly done: number;
  /** Bytes of the blocks made. What had to be made again counts again. */
  readonly bytes: Measured;
  /** Milliseconds that threads of workers were busy. */
  readonly time: Measured;
}

/** See `Job.report`. */
export interface JobReport {
  /** The scheduler's number of the job. */
  readonly job: number;
  readonly state: string;
  /** Milliseconds since it was submitted, or from then to its end. */
  readonly elapsed: number;
  readonly stages: readonly CostLine[];
  /** The same, added up by line of the user's code, the most expensive first. */
  readonly lines: readonly CostLine[];
  /** All of it as a table. */
  toString(): string;
}

/** A report of these stages. */
export function jobReport(
  job: number,
  state: string,
  elapsed: number,
  stages: readonly CostLine[],
): JobReport {
  const lines = byLine(stages);
  return {
    job,
    state,
    elapsed,
    stages,
    lines,
    toString: () => reportText(job, state, elapsed, stages, lines),
  };
}

function byLine(stages: readonly CostLine[]): CostLine[] {
  const groups = new Map<string | null, CostLine[]>();
  for (const stage of stages) {
    const group = groups.get(stage.where);
    if (group) group.push(stage);
    else groups.set(stage.where, [stage]);
  }
  const lines = [...groups].map(([where, group]): CostLine => {
    const sum = (of: (line: CostLine) => number): number =>
      group.reduce((total, line) => total + of(line), 0);
    const measured = (of: (line: CostLine) => Measured): Measured => ({
      predicted: sum((line) => of(line).predicted),
      actual: sum((line) => of(line).actual),
    });
    return {
      name: [...new Set(group.map(({ name }) => name))].join(", "),
      where,
      tasks: sum((line) => line.tasks),
      done: sum((line) => line.done),
      bytes: measured((line) => line.bytes),
      time: measured((line) => line.time),
    };
  });
  return lines.sort((a, b) => b.time.actual - a.time.actual);
}

function reportText(
  job: number,
  state: string,
  elapsed: number,
  stages: readonly CostLine[],
  lines: readonly CostLine[],
): string {
  const head = ["", "tasks", "bytes predicted", "actual", "time predicted", "actual"];
  const row = (label: string, { done, tasks, bytes, time }: CostLine): string[] => [
    label,
    `${done}/${tasks}`,
    bytesText(bytes.predicted),
    bytesText(bytes.actual),
    timeText(time.predicted),
    timeText(time.actual),
  ];
  return [
    `job ${job}: ${state}, ${timeText(elapsed)}`,
    table([["stage", ...head.slice(1)], ...stages.map((stage) => row(stage.name, stage))]),
    table([["line", ...head.slice(1)], ...lines.map((line) => row(line.where ?? "(not known)", line))]),
  ].join("\n\n");
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "),
    )
    .join("\n");
}

function timeText(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
