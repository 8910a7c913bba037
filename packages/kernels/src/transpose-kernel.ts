/** Owns the WebAssembly text that transposes a plane of 4-byte or 8-byte elements, a square of vectors at a time. */
import { Assembler, type Local } from "./simd/assembler.js";
import { type Kernel, kernelOf } from "./simd/kernel.js";
import { I32 } from "./simd/wasm-module.js";

/** Planes are transposed in squares of this many elements an edge, whatever their size. */
export const SQUARE = 4;

/**
 * The kernel `(source, sourceStep, target, targetStep, rows, columns)`: addresses, bytes from row to row, and the numbers of
 * squares down and across the source.
 */
export function transposeKernel(size: 4 | 8): Kernel | null {
  return kernelOf(`transpose ${size}`, () => {
    const a = new Assembler(6);
    const [source, sourceStep, target, targetStep, rows, columns] = [0, 1, 2, 3, 4, 5];
    a.countdown(rows, () => {
      const from = a.copy(source);
      const to = a.copy(target);
      a.countdown(a.copy(columns), () => {
        const read = rowsFrom(a, from, sourceStep);
        const write = rowsFrom(a, to, targetStep);
        if (size === 4) {
          const turned = turnWords(
            a,
            read.map((row) => a.load("v128.load", row, 0)),
          );
          turned.forEach((vector, i) => a.store(write[i], 0, vector));
        } else
          for (const [i, j] of [
            [0, 0],
            [0, 2],
            [2, 0],
            [2, 2],
          ]) {
            const x = a.load("v128.load", read[i], 8 * j);
            const y = a.load("v128.load", read[i + 1], 8 * j);
            a.store(write[j], 8 * i, a.shuffle(x, y, pick(8, [0, 2])));
            a.store(write[j + 1], 8 * i, a.shuffle(x, y, pick(8, [1, 3])));
          }
        a.advance(from, SQUARE * size);
        a.advanceBy(to, targetStep, 2);
      });
      a.advanceBy(source, sourceStep, 2);
      a.advance(target, SQUARE * size);
    });
    return a.finish("run");
  });
}

/** Addresses of the rows of a square. */
function rowsFrom(a: Assembler, first: Local, step: Local): Local[] {
  const rows = [first];
  for (let i = 1; i < SQUARE; i++) rows.push(a.scalarOp("i32.add", I32, rows[i - 1], step));
  return rows;
}

/** The lanes of a shuffle that picks elements of `size` bytes. */
function pick(size: number, elements: readonly number[]): number[] {
  return elements.flatMap((element) => Array.from({ length: size }, (_, i) => element * size + i));
}

function turnWords(a: Assembler, [x, y, z, w]: readonly Local[]): Local[] {
  const low = [a.shuffle(x, y, pick(4, [0, 4, 1, 5])), a.shuffle(z, w, pick(4, [0, 4, 1, 5]))];
  const high = [a.shuffle(x, y, pick(4, [2, 6, 3, 7])), a.shuffle(z, w, pick(4, [2, 6, 3, 7]))];
  return [low, high].flatMap(([p, q]) => [
    a.shuffle(p, q, pick(8, [0, 2])),
    a.shuffle(p, q, pick(8, [1, 3])),
  ]);
}
