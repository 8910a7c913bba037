/**
 * Owns the finished blocks of a local run that somebody still needs: in memory, or spilled to the disk. What is
 * spilled, and when, is the run's business; a block that a task reads stays where it is.
 */
import { type Block, blockBytes } from "@hyperslab/core/block";
import { viewOf } from "@hyperslab/core/dtype";
import { sizeOf } from "@hyperslab/core/shape";
import type { BufferPool } from "./buffer-pool.js";
import type { MemoryBudget } from "./memory-budget.js";
import type { ResultMemory } from "./result-memory.js";
import { type SpillOptions, spillDirectory } from "./spill-directory.js";
import { type SpillEntry, SpillLog } from "./spill-log.js";

interface Held {
  /** `writing`: on its way to the disk, and still in memory. */
  place: "memory" | "writing" | "disk";
  /** On the disk, their data is empty. */
  fields: readonly Block[];
  /** What the fields stand in, to be used again. */
  memory: ResultMemory;
  readonly bytes: number;
  /** On the disk: one for each field. */
  entries: readonly SpillEntry[];
  /** Running tasks that read it. */
  readers: number;
  dropped: boolean;
}

/** Smaller blocks cost more to write than they give back. Bytes. */
const SMALLEST = 4096;

/** The blocks of one run, by their tasks. */
export class BlockStore {
  readonly #budget: MemoryBudget;
  readonly #buffers: BufferPool;
  readonly #options: SpillOptions | null;
  readonly #held = new Map<number, Held>();
  #log: Promise<SpillLog> | null = null;

  /** @param spill where to; null never spills */
  constructor(budget: MemoryBudget, buffers: BufferPool, spill: SpillOptions | null) {
    this.#budget = budget;
    this.#buffers = buffers;
    this.#options = spill;
  }

  /** True where blocks may go to the disk. */
  get canSpill(): boolean {
    return this.#options !== null;
  }

  /** @param memory what its fields stand in, to be used again when nobody needs them */
  put(task: number, fields: readonly Block[], memory: ResultMemory): void {
    const bytes = fields.reduce((sum, field) => sum + blockBytes(field), 0);
    this.#held.set(task, {
      place: "memory",
      fields,
      memory,
      bytes,
      entries: [],
      readers: 0,
      dropped: false,
    });
    this.#budget.held += bytes;
  }

  /** The block, where it is in memory. */
  get(task: number): readonly Block[] | undefined {
    const held = this.#held.get(task);
    return held && held.place !== "disk" ? held.fields : undefined;
  }

  /** Bytes of the blocks, wherever they are. */
  bytesOf(tasks: readonly number[]): number {
    return tasks.reduce((sum, task) => sum + (this.#held.get(task)?.bytes ?? 0), 0);
  }

  /** Those of the blocks that {@link load} has to bring into memory. */
  onDisk(tasks: readonly number[]): number[] {
    return tasks.filter((task) => this.#held.get(task)?.place === "disk");
  }

  /** True while a running task reads the block, or waits for it to be loaded. */
  isHeld(task: number): boolean {
    return (this.#held.get(task)?.readers ?? 0) > 0;
  }

  /** A running task reads these blocks: they are not let go of before {@link release}. */
  hold(tasks: readonly number[]): void {
    for (const task of tasks) this.#at(task).readers++;
  }

  release(tasks: readonly number[]): void {
    for (const task of tasks) {
      const held = this.#held.get(task);
      if (held) held.readers--;
    }
  }

  /** The tasks whose blocks may be spilled now, and their bytes. */
  *spillable(): Generator<{ task: number; bytes: number }, void, undefined> {
    for (const [task, { place, readers, bytes, fields }] of this.#held)
      if (place === "memory" && readers === 0 && bytes >= SMALLEST)
        if (fields.every(({ data }) => !Array.isArray(data))) yield { task, bytes };
  }

  /**
   * Writes a block to the disk and lets go of its memory, unless a task has begun to read it meanwhile.
   * @throws StorageError where it can't be written
   */
  async spill(task: number): Promise<void> {
    const held = this.#held.get(task);
    if (held?.place !== "memory" || held.readers > 0) return;
    held.place = "writing";
    const entries: SpillEntry[] = [];
    let log: SpillLog | null = null;
    try {
      log = await this.#openLog();
      for (const { data } of held.fields)
        if (!Array.isArray(data))
          entries.push(await log.append(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
    } finally {
      const written = entries.length === held.fields.length;
      if (written && held.readers === 0 && !held.dropped) {
        held.place = "disk";
        held.entries = entries;
        this.#free(held);
        held.fields = held.fields.map(({ dtype, shape }) => ({ dtype, shape, data: [] }));
      } else {
        held.place = "memory";
        for (const entry of entries) log?.free(entry);
        if (held.dropped) this.#free(held);
      }
    }
  }

  /** Brings blocks back into memory. They are held, and only one caller loads a block. @throws StorageError */
  async load(tasks: readonly number[]): Promise<void> {
    for (const task of tasks) {
      const held = this.#at(task);
      const log = await this.#log;
      if (held.place !== "disk" || !log) continue;
      const { entries } = held;
      const memory = entries.map(({ length }) => this.#buffers.take(length));
      for (const [k, entry] of entries.entries())
        await log.read(entry, new Uint8Array(memory[k], 0, entry.length));
      for (const entry of entries) log.free(entry);
      held.fields = held.fields.map(({ dtype, shape }, k) => ({
        dtype,
        shape,
        data: dtype === "string" ? [] : viewOf(dtype, memory[k], 0, sizeOf(shape)),
      }));
      held.memory = memory;
      held.entries = [];
      held.place = "memory";
      this.#budget.held += held.bytes;
    }
  }

  /** Nobody needs the block any more. */
  drop(task: number): void {
    const held = this.#held.get(task);
    if (!held) return;
    this.#held.delete(task);
    held.dropped = true;
    // one that is being written is let go of when that is done
    if (held.place === "memory") this.#free(held);
    else if (held.place === "disk")
      void this.#log?.then((log) => {
        for (const entry of held.entries) log.free(entry);
      });
  }

  /** Lets go of everything, the files included. No task runs any more. */
  async close(): Promise<void> {
    for (const task of this.#held.keys()) this.drop(task);
    const log = await this.#log?.catch(() => null);
    await log?.close();
  }

  #at(task: number): Held {
    const held = this.#held.get(task);
    if (held) return held;
    throw new RangeError(`no block of task ${task} is held`);
  }

  #free(held: Held): void {
    this.#budget.held -= held.bytes;
    for (const buffer of held.memory) if (buffer) this.#buffers.give(buffer);
    held.memory = [];
  }

  #openLog(): Promise<SpillLog> {
    this.#log ??= spillDirectory(this.#options ?? {}).then((directory) => new SpillLog(directory));
    return this.#log;
  }
}
