/**
 * Owns reductions along the innermost axes: each position of the others has a run of its own, whose
 * elements go to eight lanes. Short runs that stand side by side are handed to the kernel together.
 */
import { itemSize } from "@hyperslab/core/dtype";
import { eachPosition, type LoopAxis } from "../loop.js";
import { FOLD } from "../reduce-source.js";
import type { Plane } from "../reduction-state.js";
import { countsAll } from "./accumulator.js";
import { arenaView } from "./arena.js";
import { HEAD_BYTES } from "./elementwise.js";
import { Feeder, SLOT_BYTES, TILE } from "./feeder.js";
import { writeConstants } from "./program.js";
import { LANE_BYTES, reduceKernel } from "./reduce-kernel.js";
import { type Pass, STATE_BYTES } from "./reduce-pass.js";
import { GROUP } from "./vector.js";

/** Runs handed over together. */
const BATCH = 128;

/** Reduces runs; false where there is no kernel. */
export function alongRuns(
  pass: Pass,
  outer: readonly LoopAxis[],
  inner: readonly LoopAxis[],
  run: number,
): boolean {
  const { arena, used, work, reduction, means, state } = pass;
  const slots = arena.scratch + HEAD_BYTES + STATE_BYTES;
  const feed = (axes: readonly LoopAxis[]): Feeder[] =>
    used.map(
      (operand, k) =>
        new Feeder(
          arena,
          operand,
          axes.map(({ length, strides }) => ({ length, stride: strides[k] })),
          slots + k * SLOT_BYTES,
        ),
    );
  const next = outer.at(-1);
  let feeders = feed(inner);
  const splats = feeders.map((feeder) => feeder.splat);
  const batched = next?.role === "keep" && 2 * run <= TILE && !splats.includes(true);
  const batch = batched ? Math.min(BATCH, Math.floor(TILE / run), next.length) : 1;
  if (batched) feeders = feed([next, ...inner]);
  const kernel = reduceKernel({
    program: work.program,
    reduction,
    moment: means !== null,
    splats,
    mode: "lanes",
  });
  if (!kernel) return false;
  writeConstants(work.program, arena, arena.scratch);
  const lanes = arena.scratch + HEAD_BYTES;
  const laneBytes = batch * state.length * LANE_BYTES;
  const meanView = arenaView(arena, "float64", lanes + laneBytes, batch) as Float64Array;
  const memory = new Uint8Array(arena.memory.buffer, lanes, laneBytes);
  const identity = identityBytes(pass, batch);
  const folder = new LaneFolder(pass, lanes, run, batch);
  const count = used.length;
  const args = new Array<number>(7 + count);
  args[4] = arena.scratch;
  args[5] = lanes + laneBytes;
  args[6] = lanes;
  const enter = (at: readonly number[], from: number, runs: number, step: number): void => {
    const target = at[count] + from * step;
    memory.set(identity);
    if (means) for (let i = 0; i < runs; i++) meanView[i] = means[target + i * step];
    args[0] = runs;
    if (runs > 1 || batched) {
      args[1] = Math.floor(run / GROUP);
      args[2] = run % GROUP;
      args[3] = 0;
      for (let k = 0; k < count; k++) args[7 + k] = feeders[k].feed(at[k], from * run, runs * run);
      kernel(...args);
    } else {
      for (let start = 0; start < run; start += TILE) {
        const n = Math.min(TILE, run - start);
        args[1] = Math.floor(n / GROUP);
        args[2] = n % GROUP;
        args[3] = start;
        for (let k = 0; k < count; k++) args[7 + k] = feeders[k].feed(at[k], start, n);
        kernel(...args);
      }
    }
    for (let i = 0; i < runs; i++) folder.fold(i, target + i * step);
  };
  const walk = batched ? outer.slice(0, -1) : outer;
  eachPosition(walk, [...used.map((operand) => operand.offset), 0], (at) => {
    if (!batched) return enter(at, 0, 1, 0);
    for (let from = 0; from < next.length; from += batch)
      enter(at, from, Math.min(batch, next.length - from), next.strides[count]);
  });
  return true;
}

/** The lanes of a batch before anything entered. */
function identityBytes({ state }: Pass, batch: number): Uint8Array {
  const bytes = new Uint8Array(batch * state.length * LANE_BYTES);
  const arena = { memory: { buffer: bytes.buffer } as WebAssembly.Memory, scratch: 0, scratchBytes: 0 };
  for (let i = 0; i < batch * state.length; i++) {
    const plane = state[i % state.length];
    const view = arenaView(arena, plane.dtype, i * LANE_BYTES, GROUP);
    (view as unknown as unknown[]).fill(plane.identity);
  }
  return bytes;
}

/** Folds eight lanes into one position of the result. */
class LaneFolder {
  readonly #pass: Pass;
  readonly #lanes: number;
  readonly #run: number;
  /** Sums of floats, the most usual case, take a short way. */
  readonly #sums: Float64Array | null;
  /** Lanes of the first plane, all runs of a batch one after another. */
  readonly #first: Plane[];
  /** Counts by their low 32 bits. */
  readonly #counts: Int32Array;
  readonly #all: boolean;

  constructor(pass: Pass, lanes: number, run: number, batch: number) {
    const { reduction, means, state, arena } = pass;
    this.#pass = pass;
    this.#lanes = lanes;
    this.#run = run;
    const bytes = batch * state.length * LANE_BYTES;
    const [{ dtype }] = state;
    const first = arenaView(arena, dtype, lanes, bytes / itemSize(dtype));
    const float = dtype === "float64" && ["sum", "mean"].includes(reduction.name);
    this.#sums = means || float ? (first as Float64Array) : null;
    this.#first = [first];
    this.#counts = arenaView(arena, "int32", lanes, bytes / 4) as Int32Array;
    this.#all = countsAll(reduction) && !means;
  }

  fold(index: number, target: number): void {
    const { planes, state, merge } = this.#pass;
    const sums = this.#sums;
    if (sums) {
      const i = index * state.length * GROUP;
      const left = sums[i] + sums[i + 4] + (sums[i + 2] + sums[i + 6]);
      const right = sums[i + 1] + sums[i + 5] + (sums[i + 3] + sums[i + 7]);
      (planes[0] as Float64Array)[target] += left + right;
      if (this.#all) (planes[1] as Float64Array)[target] += this.#run;
      else if (state.length > 1) (planes[1] as Float64Array)[target] += this.#count(index, 1);
    } else if (state.length > 1) this.#foldArguments(index, target);
    else if (state[0].counts) (planes[0] as Float64Array)[target] += this.#count(index, 0);
    else {
      const lanes = this.#first;
      const base = (index * LANE_BYTES) / itemSize(state[0].dtype);
      for (const [a, b] of FOLD) merge(lanes, base + a, lanes, base + b);
      merge(planes, target, lanes, base);
    }
  }

  /** The eight counts of a run together. */
  #count(index: number, plane: number): number {
    const { state } = this.#pass;
    const step = itemSize(state[plane].dtype) / 4;
    const base = ((index * state.length + plane) * LANE_BYTES) / 4;
    let sum = 0;
    for (let lane = 0; lane < GROUP; lane++) sum += this.#counts[base + lane * step];
    return sum;
  }

  /** argmin and argmax: values and their positions. */
  #foldArguments(index: number, target: number): void {
    const { state, reduction, merge, planes, work, arena } = this.#pass;
    const address = this.#lanes + index * state.length * LANE_BYTES;
    const values = arenaView(arena, state[0].dtype, address, GROUP);
    const step = itemSize(state[1].dtype) / 4;
    const base = (address - this.#lanes + LANE_BYTES) / 4;
    const places = new Float64Array(GROUP);
    for (let lane = 0; lane < GROUP; lane++) {
      const place = this.#counts[base + lane * step];
      places[lane] = place < 0 ? place : place + work.origin;
    }
    const folded: Plane[] = [values, places];
    foldArguments(folded, reduction.name === "argmin");
    merge(planes, target, folded, 0);
  }
}

/** Brings the best lane to the front: of equal ones, that which stands first on the axis. */
function foldArguments(folded: readonly Plane[], least: boolean): void {
  const values = folded[0] as unknown as (number | bigint)[];
  const places = folded[1] as Float64Array;
  let best = -1;
  for (let lane = 0; lane < GROUP; lane++) {
    if (places[lane] < 0) continue;
    const value = values[lane];
    const held = best < 0 ? value : values[best];
    const missing = isMissing(value);
    const beats = missing !== isMissing(held) ? missing : least ? value < held : value > held;
    const same = value === held || (missing && isMissing(held));
    if (best < 0 || beats || (same && places[lane] < places[best])) best = lane;
  }
  if (best < 0) return;
  const [value, place] = [values[best], places[best]];
  values[0] = value;
  places[0] = place;
}

const NOT_A_TIME = -(2n ** 63n);

/** With missing values left out no lane holds one, so whatever is missing here wins. */
function isMissing(value: number | bigint): boolean {
  return value !== value || value === NOT_A_TIME;
}
