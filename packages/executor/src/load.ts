/**
 * Owns the reading of what a task needs from storage: every source box once, a few at a time.
 * Returns only when no read is under way any more, so that the memory may be used again.
 */
import { type Block, blockBytes } from "@hyperslab/core/block";
import { restrictSelection } from "@hyperslab/core/box";
import type { Dtype } from "@hyperslab/core/dtype";
import type { Program } from "@hyperslab/core/program";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import type { ArraySource, ReadOptions } from "@hyperslab/storage/source";
import type { DemandNode } from "./demand.js";

/** Opens what a reference names; remembers what it has opened. */
export type OpenSource = (ref: SourceRef) => ArraySource | Promise<ArraySource>;

/** Reads of one task under way at once. Each may fetch several chunks. */
const READS_AT_ONCE = 8;

/**
 * Reads the boxes of all source nodes.
 * @param allocate gives the memory for a node, by its number
 * @param options.memory for the sources while they read
 * @returns blocks by number of their node, and the bytes read (decoded)
 * @throws what the source throws
 */
export async function loadSources(
  program: Program,
  nodes: readonly DemandNode[],
  allocate: (node: number, dtype: Dtype, shape: Shape) => Block,
  open: OpenSource,
  { signal, memory }: ReadOptions = {},
): Promise<{ blocks: ReadonlyMap<number, Block>; readBytes: number }> {
  const blocks = new Map<number, Block>();
  const waiting: number[] = [];
  nodes.forEach((node, i) => {
    if (program.steps[node.step].kind === "source" && sizeOf(node.box.shape) > 0) waiting.push(i);
  });
  if (waiting.length === 0) return { blocks, readBytes: 0 };
  let readBytes = 0;
  const readOne = async (i: number, ending: AbortSignal | undefined): Promise<void> => {
    const { step: number, box } = nodes[i];
    const step = program.steps[number];
    if (step.kind !== "source") return;
    const source = await open(program.sources[step.source]);
    const selection = step.selection.map((one, axis) =>
      restrictSelection(one, box.start[axis], box.shape[axis]),
    );
    const into = allocate(i, step.fields[0], box.shape);
    await source.readBlock(selection, into, {
      ...(ending ? { signal: ending } : {}),
      ...(memory ? { memory } : {}),
    });
    blocks.set(i, into);
    readBytes += blockBytes(into);
  };
  if (waiting.length === 1) {
    await readOne(waiting[0], signal);
    return { blocks, readBytes };
  }
  const failure = new AbortController();
  const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const readAll = async (): Promise<void> => {
    for (let i = waiting.shift(); i !== undefined && !either.aborted; i = waiting.shift()) {
      try {
        await readOne(i, either);
      } catch (error) {
        if (!failure.signal.aborted) failure.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, waiting.length) }, readAll));
  if (failure.signal.aborted) throw failure.signal.reason;
  return { blocks, readBytes };
}
