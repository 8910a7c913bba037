/**
 * Owns what a compute thread does: it runs the tasks it is given, and holds nothing but their
 * programs and scratch memory, so it can be ended at any moment.
 */
import { type Block, blockBytes } from "@hyperslab/core/block";
import { ArgumentError, toWire } from "@hyperslab/core/errors";
import { BufferPool } from "./buffer-pool.js";
import { GarbageMeter } from "./garbage.js";
import type { LiteralPart } from "./literal-parts.js";
import { type ResultMemory, memoryUnder } from "./result-memory.js";
import { type TaskOptions, runTask } from "./run-task.js";
import { SmallMemory } from "./small-memory.js";
import type { TaskInputs, TaskStage } from "./task-stage.js";
import { runBatch } from "./thread-batch.js";
import { type ThreadField, serveThread } from "./thread-rpc.js";

/**
 * Serves tasks to the pool that started this thread.
 * @param io how storage is reached; the default is `@hyperslab/storage`
 */
export function serveTasks(io: Pick<TaskOptions, "openSource" | "writeTarget"> = {}): void {
  const programs = new Map<string, readonly TaskStage[]>();
  const running = new Map<number, AbortController>();
  const scratch = new BufferPool();
  // what the pool has let go of is memory until no thread refers to it any more
  const garbage = new GarbageMeter("minor", 24 * 2 ** 20);
  const small = new SmallMemory();
  const stageOf = (programId: string, number: number): TaskStage => {
    const stage = programs.get(programId)?.[number];
    if (stage) return stage;
    throw new ArgumentError({
      asked: `stage ${number} of program ${programId}`,
      found: "this thread was not given it",
    });
  };
  serveThread((control) => ({
    async run(ticket, task, stages) {
      const controller = new AbortController();
      running.set(ticket, controller);
      const { into = [], moved = false, inputs, parts } = task;
      try {
        if (stages) programs.set(task.programId, stages);
        const stage = stageOf(task.programId, task.stage);
        const { signal } = controller;
        const options = { ...io, signal, scratch, shared: !moved, into, ...(parts ? { parts } : {}) };
        const { fields, readBytes } = await runTask(stage, task.block, inputs, options);
        return { fields: fields.map((field, k) => withoutGiven(field, into[k])), readBytes };
      } catch (error) {
        return { error: toWire(error) };
      } finally {
        running.delete(ticket);
        garbage.add(sharedBytes(inputs, into, parts ?? []));
      }
    },
    async runBatch(ticket, batch, stages, pages) {
      try {
        small.add(pages);
        if (stages) programs.set(batch.programId, stages);
        const stage = stageOf(batch.programId, batch.stage);
        return await runBatch(ticket, stage, batch, small, control, { ...io, scratch });
      } catch (error) {
        return { error: toWire(error) };
      }
    },
    cancel(ticket) {
      running.get(ticket)?.abort();
    },
    forget(programId) {
      programs.delete(programId);
    },
  }));
}

function withoutGiven(field: Block, given: ArrayBufferLike | null | undefined): ThreadField {
  return given && memoryUnder(field.data) === given ? { ...field, data: null } : field;
}

/** Bytes of the shared memory that this thread held for a task. */
function sharedBytes(inputs: TaskInputs, into: ResultMemory, parts: readonly LiteralPart[]): number {
  let bytes = 0;
  for (const { block } of parts) bytes += blockBytes(block);
  for (const buffer of into) bytes += buffer?.byteLength ?? 0;
  for (const blocks of inputs)
    for (const fields of blocks.values())
      for (const { data } of fields) if (!Array.isArray(data)) bytes += data.byteLength;
  return bytes;
}
