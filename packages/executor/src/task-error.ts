/** Owns how a failed task is told: which stage, which block, asked for where, failed of what. */
import { CancelledError, TaskError, isHyperslabError } from "@hyperslab/core/errors";
import { type TaskStage, boxOfBlock, boxText } from "./task-stage.js";

/** The error of a task that failed with `cause`. What was cancelled has not failed: it stays as it is. */
export function taskErrorOf(
  stage: Pick<TaskStage, "name" | "where" | "grid">,
  block: number,
  cause: unknown,
  worker?: string,
): TaskError | CancelledError {
  if (isHyperslabError(cause, "CancelledError", "TaskError")) return cause;
  return new TaskError({
    task: stage.name,
    block: boxText(boxOfBlock(stage.grid, block)),
    ...(worker === undefined ? {} : { worker }),
    ...(stage.where === undefined ? {} : { where: stage.where }),
    reason: cause instanceof Error ? cause.message : String(cause),
    cause,
  });
}

/** Throws where the signal is aborted already. @throws CancelledError */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw cancelledBy(signal, what);
}

/** The error for work that `signal` ended. */
export function cancelledBy(signal: AbortSignal, what: string): CancelledError {
  const reason: unknown = signal.reason;
  return isHyperslabError(reason, "CancelledError") ? reason : new CancelledError({ what, cause: reason });
}
