/** Owns what holds for every call that does not say otherwise: who computes. */
import { ArgumentError } from "@hyperslab/core/errors";
import type { Executor } from "@hyperslab/core/executor";
import { defaultExecutor } from "@hyperslab/executor/default-executor";

/** Who runs plans: an executor, or what has one, such as a client or a cluster. */
export type ExecutorSource = Executor | { readonly executor: Executor | (() => Executor) };

/** What {@link setOptions} sets. */
export interface Options {
  /** Runs plans; `null` goes back to this process (its threads for large plans). */
  readonly executor?: ExecutorSource | null;
}

let chosen: Executor | null = null;
let local: Executor | null = null;

/**
 * Sets defaults of this process.
 *
 * ```ts
 * const client = await connect("ws://scheduler:8786");
 * setOptions({ executor: client });
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
  if (options.executor !== undefined) chosen = options.executor && executorOf(options.executor);
}

/** The executor, or that of a client or cluster. @throws ArgumentError where there is none */
export function executorOf(source: ExecutorSource): Executor {
  if (isExecutor(source)) return source;
  const held: unknown = (source as Partial<{ executor: unknown }> | null)?.executor;
  // a client makes its executor, a cluster has one
  const executor: unknown = typeof held === "function" ? held.call(source) : held;
  if (isExecutor(executor)) return executor;
  throw new ArgumentError({
    asked: "an executor to run on",
    found: typeof source === "object" ? "an object that runs nothing" : String(source),
    hint: "give a cluster, a client, threadsExecutor() or inlineExecutor()",
  });
}

function isExecutor(value: unknown): value is Executor {
  return typeof (value as Partial<Executor> | null | undefined)?.run === "function";
}

/** Who runs plans where nobody is named. */
export function currentExecutor(): Executor {
  if (chosen) return chosen;
  local ??= defaultExecutor();
  return local;
}
