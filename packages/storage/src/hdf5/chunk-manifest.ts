/**
 * Owns the table of a dataset's chunks: number of the chunk → place, length and filter mask, in typed arrays. Knows
 * no index of the file and no bytes.
 */

/** Where a chunk is. */
export interface ChunkPlace {
  /** Bytes from the start of the file, user block included. */
  readonly offset: number;
  readonly length: number;
  /** Bit i: filter i was left out. */
  readonly mask: number;
}

/** Gets the chunks of an index, by the index's own numbers and in its order. */
export type OnChunk = (number: number, address: number, length: number, mask: number) => void;

/** The columns of a table; `numbers` ascend. */
export interface ManifestColumns {
  readonly numbers: Float64Array;
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
  /** Null where no chunk has left out a filter. */
  readonly masks: Uint32Array | null;
}

/**
 * Chunks by their number (C order in the grid of the stored array). Numbers from 0 on that are all there need no
 * search: as a rule each chunk was written.
 */
export class ChunkTable {
  readonly columns: ManifestColumns;
  readonly #isComplete: boolean;

  constructor(columns: ManifestColumns) {
    this.columns = columns;
    const { numbers } = columns;
    this.#isComplete = numbers.length === 0 || numbers[numbers.length - 1] === numbers.length - 1;
  }

  /** Chunks that are stored. */
  get size(): number {
    return this.columns.numbers.length;
  }

  /** The chunk's place; null where it was never written. */
  find(number: number): ChunkPlace | null {
    const at = this.#isComplete ? number : this.#search(number);
    return at >= 0 && at < this.size ? this.#at(at) : null;
  }

  /** All stored chunks, by ascending number. */
  *entries(): Generator<readonly [number, ChunkPlace], void> {
    for (let i = 0; i < this.size; i++) yield [this.columns.numbers[i], this.#at(i)];
  }

  #at(i: number): ChunkPlace {
    const { offsets, lengths, masks } = this.columns;
    return { offset: offsets[i], length: lengths[i], mask: masks ? masks[i] : 0 };
  }

  #search(number: number): number {
    const { numbers } = this.columns;
    let [lo, hi] = [0, numbers.length - 1];
    while (lo <= hi) {
      const middle = (lo + hi) >> 1;
      if (numbers[middle] === number) return middle;
      if (numbers[middle] < number) lo = middle + 1;
      else hi = middle - 1;
    }
    return -1;
  }
}

/** The columns as lists of one kind, as the cache keeps them. */
export function columnsOf({ columns }: ChunkTable): Float64Array[] {
  const { numbers, offsets, lengths, masks } = columns;
  return [numbers, offsets, lengths, ...(masks ? [Float64Array.from(masks)] : [])];
}

/** The table of such lists; undefined where they are none. */
export function tableOf(columns: readonly Float64Array[]): ChunkTable | undefined {
  const [numbers, offsets, lengths, masks] = columns;
  const sound =
    (columns.length === 3 || columns.length === 4) && columns.every((one) => one.length === numbers.length);
  return sound
    ? new ChunkTable({ numbers, offsets, lengths, masks: masks ? Uint32Array.from(masks) : null })
    : undefined;
}

/** Collects chunks in any order. */
export class ManifestBuilder {
  #capacity = 64;
  #count = 0;
  #numbers = new Float64Array(this.#capacity);
  #offsets = new Float64Array(this.#capacity);
  #lengths = new Float64Array(this.#capacity);
  #masks: Uint32Array = new Uint32Array(this.#capacity);
  #isSorted = true;
  #isMasked = false;

  add(number: number, offset: number, length: number, mask: number): void {
    if (this.#count === this.#capacity) this.#grow();
    const i = this.#count++;
    this.#isSorted &&= i === 0 || this.#numbers[i - 1] < number;
    this.#isMasked ||= mask !== 0;
    this.#numbers[i] = number;
    this.#offsets[i] = offset;
    this.#lengths[i] = length;
    this.#masks[i] = mask;
  }

  finish(): ChunkTable {
    const count = this.#count;
    if (this.#isSorted)
      return new ChunkTable({
        numbers: this.#numbers.slice(0, count),
        offsets: this.#offsets.slice(0, count),
        lengths: this.#lengths.slice(0, count),
        masks: this.#isMasked ? this.#masks.slice(0, count) : null,
      });
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    order.sort((a, b) => this.#numbers[a] - this.#numbers[b]);
    // of two chunks in one place the first counts
    const kept = order.filter((at, i) => i === 0 || this.#numbers[order[i - 1]] !== this.#numbers[at]);
    const pick = (column: Float64Array): Float64Array => Float64Array.from(kept, (at) => column[at]);
    return new ChunkTable({
      numbers: pick(this.#numbers),
      offsets: pick(this.#offsets),
      lengths: pick(this.#lengths),
      masks: this.#isMasked ? Uint32Array.from(kept, (at) => this.#masks[at]) : null,
    });
  }

  #grow(): void {
    this.#capacity *= 2;
    const longer = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const out = new Float64Array(this.#capacity);
      out.set(column);
      return out;
    };
    this.#numbers = longer(this.#numbers);
    this.#offsets = longer(this.#offsets);
    this.#lengths = longer(this.#lengths);
    const masks = new Uint32Array(this.#capacity);
    masks.set(this.#masks);
    this.#masks = masks;
  }
}
