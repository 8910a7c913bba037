/** Owns what holds for every call that does not say otherwise: who computes. */
import type { Executor } from "@hyperslab/core/executor";
import { defaultExecutor } from "@hyperslab/executor/default-executor";

/** What {@link setOptions} sets. */
export interface Options {
  /** Runs plans; `null` goes back to this process (its threads for large plans). */
  readonly executor?: Executor | null;
}

let chosen: Executor | null = null;
let local: Executor | null = null;

/**
 * Sets defaults of this process.
 *
 * ```ts
 * const cluster = await connect("wss://scheduler:8786");
 * setOptions({ executor: cluster });
 * ```
 */
export function setOptions(options: Options): void {
  if (options.executor !== undefined) chosen = options.executor;
}

/** Who runs plans where nobody is named. */
export function currentExecutor(): Executor {
  if (chosen) return chosen;
  local ??= defaultExecutor();
  return local;
}
