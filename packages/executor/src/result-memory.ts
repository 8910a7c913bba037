/**
 * Owns the memory of a task's result: where its fields come to stand, so that whoever asked for them
 * owns them alone. What stands elsewhere at the end (in scratch, in a literal, in an input) is copied.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type BlockData, type Dtype, itemSize, viewOf } from "@hyperslab/core/dtype";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import { type Strided, copyInto, copyOf, isContiguous, toBlock } from "./strided.js";
import type { TaskInputs } from "./task-stage.js";

/** One buffer for each field, of as many bytes as its block or more; null: allocate it. */
export type ResultMemory = readonly (ArrayBufferLike | null)[];

/** Where the fields of a result come to stand: in memory that the caller gave, or in memory of their own. */
export class ResultPlace {
  readonly #into: ResultMemory;
  readonly #shared: boolean;
  #next = 0;

  constructor(into: ResultMemory, shared: boolean) {
    this.#into = into;
    this.#shared = shared;
  }

  /** Memory for the next field. */
  allocate(dtype: Dtype, shape: Shape): Block {
    return this.#at(this.#next++, dtype, shape) ?? allocateBlock(dtype, shape, this.#shared);
  }

  /** Field `k` as a block where it has to stand; copied where it does not stand there, or is `lent`. */
  settle(field: Strided, k: number, lent: boolean): Block {
    const { dtype, shape, data } = field;
    const place = this.#at(k, dtype, shape);
    if (Array.isArray(data)) return lent ? copyOf(field) : toBlock(field);
    if (place) {
      if (memoryUnder(place.data) === data.buffer) return toBlock(field);
      copyInto(
        field,
        place,
        shape.map(() => 0),
      );
      return place;
    }
    const whole = sizeOf(shape) === data.length && data.byteLength === data.buffer.byteLength;
    const fits = !this.#shared || data.buffer instanceof SharedArrayBuffer;
    return !lent && whole && fits && isContiguous(field) ? toBlock(field) : copyOf(field, this.#shared);
  }

  #at(k: number, dtype: Dtype, shape: Shape): Block | null {
    const buffer = this.#into[k];
    if (!buffer || dtype === "string" || buffer.byteLength < sizeOf(shape) * itemSize(dtype)) return null;
    return { dtype, shape: [...shape], data: viewOf(dtype, buffer, 0, sizeOf(shape)) };
  }
}

/** What elements stand in: a buffer, or a list of strings. */
type Memory = ArrayBufferLike | readonly string[];

export function memoryUnder(data: BlockData): Memory {
  return Array.isArray(data) ? data : data.buffer;
}

/** The memory that belongs to others: literals and the blocks of other stages. */
export function foreignMemory(literals: readonly Block[], inputs: TaskInputs): ReadonlySet<Memory> {
  const found = new Set<Memory>();
  for (const literal of literals) found.add(memoryUnder(literal.data));
  for (const blocks of inputs)
    for (const fields of blocks.values()) for (const field of fields) found.add(memoryUnder(field.data));
  return found;
}
