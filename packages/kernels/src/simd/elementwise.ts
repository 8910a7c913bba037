/** Owns elementwise kernels: a scalar program over tiles of eight elements a turn. */
import type { Block } from "@hyperslab/core/block";
import { copyBytes } from "@hyperslab/core/copy-bytes";
import { itemSize, type TypedArray } from "@hyperslab/core/dtype";
import { resultDtype, type ScalarProgram } from "@hyperslab/core/scalar-program";
import { type Shape, stridesOf } from "@hyperslab/core/shape";
import { canonicalLoop } from "../loop.js";
import type { Operand } from "../operand.js";
import { currentArena, inArenaOf, placeInArena, WORK_BYTES } from "./arena.js";
import { Assembler } from "./assembler.js";
import { Feeder, SLOT_BYTES, TILE } from "./feeder.js";
import { kernelOf } from "./kernel.js";
import { emitProgram, isVectorProgram, loadSteady, programKey, writeConstants } from "./program.js";
import { I32, type WasmFunction } from "./wasm-module.js";
import { GROUP, store } from "./vector.js";

/** Bytes for constants and the like, before the slots. */
export const HEAD_BYTES = 16384;

/**
 * Runs a program with kernels; false where there is none for it, and nothing was done. The program
 * and its operands have been checked.
 */
export function runKernel(
  program: ScalarProgram,
  operands: readonly Operand[],
  shape: Shape,
  out: Block,
): boolean {
  return inArenaOf(operands, () => runHere(program, operands, shape, out));
}

function runHere(program: ScalarProgram, operands: readonly Operand[], shape: Shape, out: Block): boolean {
  if (!isVectorProgram(program)) return false;
  const used = operands.slice(0, program.inputs.length);
  if ((used.length + 1) * SLOT_BYTES + HEAD_BYTES > WORK_BYTES) return false;
  const { axes } = canonicalLoop(shape, [...used, { offset: 0, strides: stridesOf(shape) }]);
  const arena = currentArena();
  const slots = arena.scratch + HEAD_BYTES;
  const feeders = used.map(
    (operand, k) =>
      new Feeder(
        arena,
        operand,
        axes.length
          ? axes.map(({ length, strides }) => ({ length, stride: strides[k] }))
          : [{ length: 1, stride: 0 }],
        slots + (k + 1) * SLOT_BYTES,
      ),
  );
  const splats = feeders.map((feeder) => feeder.splat);
  const kernel = kernelOf(`map ${programKey(program, splats)}`, (scratch) =>
    writeKernel(program, splats, scratch),
  );
  if (!kernel) return false;
  writeConstants(program, arena, arena.scratch);
  const data = out.data as TypedArray;
  const size = itemSize(out.dtype);
  const target = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const memory = new Uint8Array(arena.memory.buffer);
  const place = placeInArena(arena, data);
  const total = data.length;
  const args = new Array<number>(3 + feeders.length);
  args[2] = arena.scratch;
  for (let start = 0; start < total; start += TILE) {
    const n = Math.min(TILE, total - start);
    const whole = place >= 0 ? Math.floor(n / GROUP) : Math.ceil(n / GROUP);
    for (let k = 0; k < feeders.length; k++) args[3 + k] = feeders[k].feed(used[k].offset, start, n);
    args[0] = whole;
    args[1] = place >= 0 ? place + start * size : slots;
    kernel(...args);
    let done = place >= 0 ? whole * GROUP : 0;
    if (place >= 0 && done < n) {
      // the last elements go by the slot: a whole group would write over what follows the block
      for (let k = 0; k < feeders.length; k++) if (!feeders[k].splat) args[3 + k] += done * feeders[k].size;
      args[0] = 1;
      args[1] = slots;
      kernel(...args);
    } else if (place >= 0) done = n;
    if (done < n) {
      const bytes = memory.subarray(slots, slots + (n - done) * size);
      copyBytes(bytes, target.subarray((start + done) * size));
    }
  }
  return true;
}

/** Parameters: turns, address of results, of constants, of each input. */
function writeKernel(
  program: ScalarProgram,
  splats: readonly boolean[],
  scratch: number,
): WasmFunction | null {
  const asm = new Assembler(3 + program.inputs.length, scratch);
  const inputs = program.inputs.map((_, k) => 3 + k);
  const steady = loadSteady(asm, program, splats, 2, inputs);
  const turns = asm.copy(0, I32);
  let known = true;
  asm.countdown(turns, () => {
    const value = emitProgram(asm, program, steady, inputs);
    if (!value) {
      known = false;
      return;
    }
    store(asm, resultDtype(program), 1, value);
    program.inputs.forEach((dtype, k) => {
      if (!splats[k]) asm.advance(inputs[k], GROUP * itemSize(dtype));
    });
    asm.advance(1, GROUP * itemSize(resultDtype(program)));
  });
  return known ? asm.finish("run") : null;
}
