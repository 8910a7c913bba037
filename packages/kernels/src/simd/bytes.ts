/** Owns a growing list of bytes, and the variable-length integers of the WebAssembly format. */

/** Bytes written one after another. */
export class Bytes {
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #length = 0;

  byte(value: number): void {
    if (this.#length === this.#buffer.length) this.#grow(1);
    this.#buffer[this.#length++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    if (this.#length + values.length > this.#buffer.length) this.#grow(values.length);
    this.#buffer.set(values, this.#length);
    this.#length += values.length;
  }

  #grow(more: number): void {
    const next = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more));
    next.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = next;
  }

  /** An unsigned integer in LEB128. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** A signed integer in LEB128. */
  signed(value: bigint): void {
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const done = (rest === 0n && !(low & 0x40)) || (rest === -1n && (low & 0x40) !== 0);
      this.byte(done ? low : low | 0x80);
      if (done) return;
    }
  }

  /** A name: its length, and its characters. */
  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.unsigned(encoded.length);
    this.bytes(encoded);
  }

  /** A copy of what was written. */
  done(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length);
  }
}
