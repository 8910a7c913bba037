/** Owns what holds for every call that does not say otherwise: who computes. */
import { ArgumentError } from "@hyperslab/core/errors";
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
 * const client = await connect("ws://scheduler:8786");
 * setOptions({ executor: client.executor() });
 * ```
 * @throws ArgumentError for other options, and for what is no executor
 */
export function setOptions(options: Options): void {
  for (const key of Object.keys(options))
    if (key !== "executor")
      throw new ArgumentError({
        asked: `setOptions({ ${key} })`,
        found: "no such option",
        hint: "use executor",
      });
  if (options.executor) checkExecutor(options.executor);
  if (options.executor !== undefined) chosen = options.executor;
}

/** The executor, if it is one. @throws ArgumentError */
export function checkExecutor(executor: Executor): Executor {
  if (typeof (executor as Partial<Executor> | undefined)?.run === "function") return executor;
  throw new ArgumentError({
    asked: "an executor to run on",
    found: typeof executor === "object" ? "an object that runs nothing" : String(executor),
    hint: "give cluster.executor, client.executor(), threadsExecutor() or inlineExecutor()",
  });
}

/** Who runs plans where nobody is named. */
export function currentExecutor(): Executor {
  if (chosen) return chosen;
  local ??= defaultExecutor();
  return local;
}
