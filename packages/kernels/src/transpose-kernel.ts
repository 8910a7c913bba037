/** Owns the WebAssembly text that transposes a plane of elements of 1, 2, 4 or 8 bytes, a square of vectors at a time. */
import { Assembler, type Local } from "./simd/assembler.js";
import { type Kernel, kernelOf } from "./simd/kernel.js";
import { I32 } from "./simd/wasm-module.js";

export type ElementSize = 1 | 2 | 4 | 8;

/** Edge of the squares in which a plane is transposed, in elements. */
export function squareOf(size: ElementSize): number {
  return size === 8 ? 4 : 16 / size;
}

/**
 * The kernel `(source, sourceStep, target, targetStep, rows, columns)`: addresses, bytes from row to row, and the numbers of
 * squares down and across the source. A part of a square that a plane lacks is read and written all the same.
 */
export function transposeKernel(size: ElementSize): Kernel | null {
  return kernelOf(`transpose ${size}`, () => {
    const a = new Assembler(6);
    const [source, sourceStep, target, targetStep, rows, columns] = [0, 1, 2, 3, 4, 5];
    const edge = squareOf(size);
    a.countdown(rows, () => {
      const from = a.copy(source);
      const to = a.copy(target);
      a.countdown(a.copy(columns), () => {
        const read = rowsFrom(a, from, sourceStep, edge);
        const write = rowsFrom(a, to, targetStep, edge);
        // a row of a square is one vector, of 8-byte elements two
        for (let down = 0; down < edge; down += 16 / size)
          for (let across = 0; across < edge; across += 16 / size) {
            const vectors = read
              .slice(down, down + 16 / size)
              .map((row) => a.load("v128.load", row, across * size));
            turn(a, vectors, size).forEach((vector, i) => a.store(write[across + i], down * size, vector));
          }
        a.advance(from, edge * size);
        a.advanceBy(to, targetStep, Math.log2(edge));
      });
      a.advanceBy(source, sourceStep, Math.log2(edge));
      a.advance(target, edge * size);
    });
    return a.finish("run");
  });
}

/** Addresses of the rows of a square. */
function rowsFrom(a: Assembler, first: Local, step: Local, edge: number): Local[] {
  const rows = [first];
  for (let i = 1; i < edge; i++) rows.push(a.scalarOp("i32.add", I32, rows[i - 1], step));
  return rows;
}

/** Transposes as many vectors as each has elements: every round interleaves the first half of them with the second. */
function turn(a: Assembler, vectors: readonly Local[], size: number): Local[] {
  let turned = [...vectors];
  const half = turned.length / 2;
  for (let round = 1; round < turned.length; round *= 2)
    turned = Array.from({ length: half }, (_, i) => i).flatMap((i) =>
      [0, 8].map((start) => a.shuffle(turned[i], turned[i + half], interleaved(size, start))),
    );
  return turned;
}

/** The lanes of a shuffle that interleaves elements of two vectors from byte `start` on. */
function interleaved(size: number, start: number): number[] {
  return Array.from({ length: 16 }, (_, byte) => {
    const element = Math.floor(byte / (2 * size));
    const second = Math.floor(byte / size) % 2;
    return start + element * size + (byte % size) + 16 * second;
  });
}
