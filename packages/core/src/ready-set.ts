/**
 * Owns a set of numbers `0 … n - 1` that gives its lowest member at once: one bit a number, and above
 * them a bit for each word that is not empty, level upon level. Knows no tasks.
 */

/** Lowest first. */
export class ReadySet {
  /** Number of members. */
  size = 0;
  /** `levels[0]` has a bit for each number, `levels[k + 1]` one for each word of `levels[k]`. */
  readonly #levels: Uint32Array[] = [];

  /** @param capacity numbers below this may be members */
  constructor(capacity: number) {
    for (let words = capacity; ;) {
      words = Math.max(1, Math.ceil(words / 32));
      this.#levels.push(new Uint32Array(words));
      if (words === 1) return;
    }
  }

  has(number: number): boolean {
    return (this.#levels[0][number >>> 5] & (1 << (number & 31))) !== 0;
  }

  add(number: number): void {
    if (this.has(number)) return;
    this.size++;
    let at = number;
    for (const level of this.#levels) {
      const word = level[at >>> 5];
      level[at >>> 5] = word | (1 << (at & 31));
      // the levels above know of this word already
      if (word !== 0) return;
      at >>>= 5;
    }
  }

  /** Adds all of `0 … count - 1` to an empty set. */
  fill(count: number): void {
    this.size = count;
    let bits = count;
    for (const level of this.#levels) {
      level.fill(0xffffffff, 0, bits >>> 5);
      if (bits & 31) level[bits >>> 5] = 2 ** (bits & 31) - 1;
      bits = Math.ceil(bits / 32);
    }
  }

  /** Takes the lowest member out; -1 where there is none. */
  takeFirst(): number {
    if (this.size === 0) return -1;
    let at = 0;
    for (let l = this.#levels.length - 1; l >= 0; l--) {
      const word = this.#levels[l][at];
      at = 32 * at + 31 - Math.clz32(word & -word);
    }
    this.delete(at);
    return at;
  }

  delete(number: number): void {
    if (!this.has(number)) return;
    this.size--;
    let at = number;
    for (const level of this.#levels) {
      const left = level[at >>> 5] & ~(1 << (at & 31));
      level[at >>> 5] = left;
      if (left !== 0) return;
      at >>>= 5;
    }
  }
}
