/**
 * Owns what a compute thread does: it runs the tasks it is given, and holds nothing but their
 * programs and scratch memory, so it can be ended at any moment.
 */
import { ArgumentError, toWire } from "@hyperslab/core/errors";
import { type TaskOptions, runTask } from "./run-task.js";
import { ScratchPool } from "./scratch.js";
import type { TaskStage } from "./task-stage.js";
import { serveThread } from "./thread-rpc.js";

/** Serves tasks to the pool that started this thread. @param io how storage is reached; the default is `@hyperslab/storage` */
export function serveTasks(io: Pick<TaskOptions, "openSource" | "writeTarget"> = {}): void {
  const programs = new Map<string, readonly TaskStage[]>();
  const running = new Map<number, AbortController>();
  const scratch = new ScratchPool();

  serveThread({
    async run(ticket, task, stages) {
      const controller = new AbortController();
      running.set(ticket, controller);
      try {
        if (stages) programs.set(task.programId, stages);
        const stage = programs.get(task.programId)?.[task.stage];
        if (!stage)
          throw new ArgumentError({
            asked: `stage ${task.stage} of program ${task.programId}`,
            found: "this thread was not given it",
          });
        return await runTask(stage, task.block, task.inputs, {
          ...io,
          signal: controller.signal,
          shared: true,
          scratch,
        });
      } catch (error) {
        return { error: toWire(error) };
      } finally {
        running.delete(ticket);
      }
    },
    cancel(ticket) {
      running.get(ticket)?.abort();
    },
    forget(programId) {
      programs.delete(programId);
    },
  });
}
