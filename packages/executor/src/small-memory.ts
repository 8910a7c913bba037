/**
 * Owns the memory that all threads share for small blocks: pages of 1 MiB, in which a block is a place, not an
 * object. Which places are free is the business of whoever gives tasks. Knows no tasks.
 */
import type { Block } from "@hyperslab/core/block";
import { type Dtype, itemSize, viewOf } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import { type Shape, sizeOf } from "@hyperslab/core/shape";

/** Places are counted in units of so many bytes. */
export const UNIT = 8;
/** Units in a page. No block lies across two pages. */
export const PAGE_UNITS: number = 2 ** 17;

/** Bytes of a field, up to the next unit. */
function paddedBytes(bytes: number): number {
  return (bytes + UNIT - 1) & ~(UNIT - 1);
}

/** Reads and writes blocks at places. */
export class SmallMemory {
  readonly #pages: Uint8Array[] = [];

  /** Pages that are here. */
  get pages(): number {
    return this.#pages.length;
  }

  /** Makes pages, until there are so many. */
  grow(pages: number): void {
    while (this.#pages.length < pages)
      this.#pages.push(new Uint8Array(new SharedArrayBuffer(UNIT * PAGE_UNITS)));
  }

  /** Pages from number `from` on, for another thread. */
  buffers(from: number): SharedArrayBuffer[] {
    return this.#pages.slice(from).map((page) => page.buffer as SharedArrayBuffer);
  }

  /** Takes pages that another thread made. */
  add(buffers: readonly SharedArrayBuffer[]): void {
    for (const buffer of buffers) this.#pages.push(new Uint8Array(buffer));
  }

  /** The bytes at a place; a view. */
  bytes(place: number, length: number): Uint8Array {
    const at = (place % PAGE_UNITS) * UNIT;
    return this.#page(place).subarray(at, at + length);
  }

  /** The block at a place; views. */
  read(place: number, fields: readonly Dtype[], shape: Shape): Block[] {
    const { buffer } = this.#page(place);
    let at = (place % PAGE_UNITS) * UNIT;
    const length = sizeOf(shape);
    return fields.map((dtype): Block => {
      if (dtype === "string")
        throw new ArgumentError({ asked: "a small block of strings", found: "numbers only" });
      const data = viewOf(dtype, buffer, at, length);
      at += paddedBytes(length * itemSize(dtype));
      return { dtype, shape, data };
    });
  }

  /** Writes a block to a place. @throws ArgumentError for strings, and for a block of another size than `bytes` */
  write(place: number, fields: readonly Block[], bytes: number): void {
    const page = this.#page(place);
    let at = (place % PAGE_UNITS) * UNIT;
    const end = at + bytes;
    for (const { data } of fields) {
      if (Array.isArray(data) || at + paddedBytes(data.byteLength) > end) break;
      page.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      at += paddedBytes(data.byteLength);
    }
    if (at !== end)
      throw new ArgumentError({
        asked: `to keep a block of ${bytes} bytes`,
        found: "a block of another size",
      });
  }

  #page(place: number): Uint8Array {
    const page = this.#pages[Math.floor(place / PAGE_UNITS)];
    if (!page) throw new ArgumentError({ asked: `a small block at ${place}`, found: `${this.pages} pages` });
    return page;
  }
}
