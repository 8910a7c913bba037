/**
 * Owns the calls of functions as a stored array: reading element `i` makes call `i`. So calls are tasks like others: they are placed,
 * counted, cancelled with their thread and made again where a worker is lost.
 */
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, selectionLength } from "@hyperslab/core/box";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { DtypeError, toWire } from "@hyperslab/core/errors";
import type { CallDetail, SourceRef } from "@hyperslab/core/source-ref";
import { dataFromBytes } from "@hyperslab/protocol/program-bytes";
import { type CallOutcome, outcomeToText } from "@hyperslab/protocol/call-outcome";
import type { ArrayInfo, ArraySource } from "@hyperslab/storage/source";
import { allowedFunction } from "./allowed-modules.js";

export class CallSource implements ArraySource {
  readonly ref: SourceRef;
  readonly #folders: readonly string[];
  readonly #detail: CallDetail;

  /** @param folders with modules whose functions may be called */
  constructor(ref: SourceRef, folders: readonly string[]) {
    this.ref = ref;
    this.#folders = folders;
    this.#detail = ref.detail as CallDetail;
  }

  describe(): ArrayInfo {
    const shape = [this.#detail.calls.length];
    return {
      dtype: "string",
      shape,
      grid: regularGrid(shape, [1]),
      dims: ["call"],
      attributes: {},
      encoding: {},
    };
  }

  /** Makes the calls of a selection, one after another. An error of the function is an outcome too: it is not that of its neighbours. */
  async readBlock([axis]: readonly AxisSelection[], into: Block): Promise<void> {
    if (!Array.isArray(into.data))
      throw new DtypeError({ dtype: "string", found: into.dtype, operation: "the outcome of a call" });
    const count = selectionLength(axis);
    for (let i = 0; i < count; i++) {
      const number = axis.kind === "slice" ? axis.start + i * axis.step : axis.positions[i];
      into.data[i] = outcomeToText(await this.#call(number));
    }
  }

  async #call(number: number): Promise<CallOutcome> {
    const { name, calls } = this.#detail;
    try {
      const call = await allowedFunction(this.#folders, this.ref.path, name);
      // no look at the signal: a call that is cancelled ends with its thread, wherever it is
      const value = await call(...(dataFromBytes(calls[number]) as unknown[]));
      return { value: value ?? null };
    } catch (error) {
      return { error: toWire(error) };
    }
  }
}
