/** A connection that is played by the test: what a run says is kept, what it hears the test says. */
import type { RunConnection, RunListener } from "@hyperslab/client/run";
import type { ClusterError } from "@hyperslab/core/errors";
import type { ClientMessage } from "@hyperslab/protocol/messages";
import { packRuns } from "@hyperslab/protocol/number-lists";

export interface Played {
  readonly sent: { readonly message: ClientMessage; readonly parts: readonly Uint8Array[] }[];
  listener: RunListener | null;
  closed: number;
  /** Job and blocks of every fetch. */
  readonly fetched: number[][];
  readonly connection: RunConnection;
  types(): string[];
  /** The scheduler says something to the run. */
  say(
    message: Omit<Parameters<RunListener["onMessage"]>[0], "ref"> & Readonly<Record<string, unknown>>,
  ): void;
  /** A result comes: tasks 0 … 2 yield two numbers, task 3 one. */
  result(task: number, value?: number): void;
}

/** @param ended why the connection is over before it begins */
export function played(ended: ClusterError | null = null): Played {
  const it: Played = {
    sent: [],
    listener: null,
    closed: 0,
    fetched: [],
    types: () => it.sent.map(({ message }) => message.type),
    connection: {
      window: 1000,
      ended: () => ended,
      open: (listener) => {
        it.listener = listener;
        return 5;
      },
      send: (message, parts = []) => void it.sent.push({ message, parts }),
      fetch: (_holder, job, blocks) => void it.fetched.push([job, ...Array.from(blocks)]),
      close: () => void it.closed++,
    },
    say: (message) => it.listener?.onMessage({ ...message, ref: 5 } as never, []),
    result: (task, value = 0) =>
      it.listener?.onMessage({ type: "results", ref: 5, blocks: packRuns([task]) }, [
        new Uint8Array(Float64Array.of(value, value).slice(0, task < 3 ? 2 : 1).buffer),
      ]),
  };
  return it;
}
