/**
 * Owns what a worker does with blocks that are here: keeps them, sends them, lets them go. Small ones have a place
 * in common memory, others memory of their own.
 */
import type { BlockAt, Payload, Receiver, WorkerInstruction } from "./events.js";
import { clearPlaces, givePlace } from "./small-places.js";
import { NO_PLACE, type WorkerJob, type WorkerState, isHere, sizeOfTask, unitsOf } from "./state.js";
import { stageOfTask } from "@hyperslab/core/task-graph";

type Out = WorkerInstruction[];

/** A block has come to stand in memory of its own. */
export function holdLarge(
  state: WorkerState,
  out: Out,
  job: WorkerJob,
  block: number,
  bytes: number,
  payload: Payload,
): void {
  dropBlock(state, out, job, block);
  job.large.set(block, { bytes, payload });
  state.stored += bytes;
}

/** A small block has come to stand at a place. */
export function holdSmall(
  state: WorkerState,
  out: Out,
  job: WorkerJob,
  block: number,
  bytes: number,
  place: number,
): void {
  dropBlock(state, out, job, block);
  job.places[block] = place;
  state.stored += bytes;
  state.smalls++;
}

/** Lets a block go. */
export function dropBlock(state: WorkerState, out: Out, job: WorkerJob, block: number): void {
  const place = job.places[block];
  if (place !== NO_PLACE && place !== undefined) {
    const size = sizeOfTask(job, block);
    job.places[block] = NO_PLACE;
    state.stored -= size.bytes;
    dropPlace(state, place, unitsOf(size));
    return;
  }
  const held = job.large.size > 0 ? job.large.get(block) : undefined;
  if (!held) return;
  state.stored -= held.bytes;
  job.large.delete(block);
  out.push({ kind: "FreeBlock", payload: held.payload });
}

/** A place is not used any more. */
export function dropPlace(state: WorkerState, place: number, units: number): void {
  if (--state.smalls === 0) clearPlaces(state.places);
  else givePlace(state.places, place, units);
}

/** Bytes of a block that is here. */
export function bytesOf(job: WorkerJob, block: number): number {
  return job.places[block] === NO_PLACE ? (job.large.get(block)?.bytes ?? 0) : sizeOfTask(job, block).bytes;
}

/** A block that is here, for a task that reads it. */
export function blockAt(job: WorkerJob, block: number): BlockAt | null {
  const place = job.places[block];
  if (place === NO_PLACE) {
    const held = job.large.get(block);
    return held ? { payload: held.payload } : null;
  }
  const stage = stageOfTask(job, block);
  return { place, stage, block: block - job.firstTask[stage] };
}

/** Sends blocks to whoever asked for them; says so where they are not here. */
export function sendBlocks(
  out: Out,
  job: WorkerJob | undefined,
  id: number,
  to: Receiver,
  blocks: ArrayLike<number>,
  from = 0,
): void {
  const missing: number[] = [];
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i];
    if (!job || !isHere(job, block)) missing.push(block);
    else if (job.places[block] === NO_PLACE) {
      const payload = job.large.get(block)?.payload ?? [];
      out.push({ kind: "SendBlock", to, job: id, block, payload, from });
    } else sendSmall(out, job, to, block);
  }
  if (missing.length > 0) out.push({ kind: "SendMissing", to, job: id, blocks: missing });
}

/** Bytes of small blocks that are sent together, at most. */
const TOGETHER = 2 ** 20;

/** Sends a small block, with others that go the same way. */
export function sendSmall(out: Out, job: WorkerJob, to: Receiver, block: number): void {
  const { padded } = sizeOfTask(job, block);
  const last = out[out.length - 1];
  if (
    last?.kind === "SendSmall" &&
    last.job === job.id &&
    last.to === to &&
    last.blocks.length * padded < TOGETHER
  ) {
    last.blocks.push(block);
    last.places.push(job.places[block]);
    last.bytes.push(padded);
  } else
    out.push({
      kind: "SendSmall",
      to,
      job: job.id,
      blocks: [block],
      places: [job.places[block]],
      bytes: [padded],
    });
}
