/**
 * Owns what a session has learned of costs: how long threads take for a stage of some operation. A job's report and its
 * time left rest on it. Knows names and numbers alone.
 */
import { blockTotal, gridShape } from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import type { StageOutline } from "@hyperslab/core/plan";
import { sizeOf } from "@hyperslab/core/shape";

/** What a stage is expected to cost in all. */
export interface StagePrediction {
  /** Bytes of all its blocks: exact for numbers. */
  readonly bytes: number;
  /** Milliseconds that threads are busy with it. */
  readonly time: number;
}

/** Milliseconds for a task, whatever it does. */
const PER_TASK = 0.02;
/** Milliseconds for a byte that a task makes or works in, while nothing is known. */
const PER_BYTE = 1e-6;
/** Weight of the last job in what is known. */
const NEW = 0.5;

/** Learns from every job. */
export class CostBook {
  /** Milliseconds for a byte, by operation. */
  readonly #rates = new Map<string, number>();
  /** Of all operations together: for those that are new. */
  #rate = PER_BYTE;

  predict(stage: StageOutline): StagePrediction {
    const tasks = blockTotal(stage.grid);
    const rate = this.#rates.get(operationOf(stage)) ?? this.#rate;
    return { bytes: outputBytes(stage), time: tasks * (PER_TASK + rate * touchedBytes(stage)) };
  }

  /** Some tasks of a stage took threads so many milliseconds in all. */
  learn(stage: StageOutline, tasks: number, time: number): void {
    const bytes = tasks * touchedBytes(stage);
    if (bytes <= 0 || time <= 0) return;
    const rate = Math.max(0, time - tasks * PER_TASK) / bytes;
    const name = operationOf(stage);
    const known = this.#rates.get(name);
    this.#rates.set(name, known === undefined ? rate : (1 - NEW) * known + NEW * rate);
    this.#rate = (1 - NEW) * this.#rate + NEW * rate;
  }
}

/** `mean` of `mean(time)`. */
function operationOf({ name }: StageOutline): string {
  const end = name.indexOf("(");
  return end === -1 ? name : name.slice(0, end);
}

/** Bytes that one task makes and works in. */
function touchedBytes({ cost }: StageOutline): number {
  return cost.output + cost.working;
}

function outputBytes({ grid, fields, cost }: StageOutline): number {
  if (fields.includes("string")) return cost.output * blockTotal(grid);
  return sizeOf(gridShape(grid)) * fields.reduce((bytes, dtype) => bytes + itemSize(dtype), 0);
}
