/** Owns the text of reduction kernels: a scalar program whose results enter a state. */
import { itemSize } from "@hyperslab/core/dtype";
import type { Reduction } from "@hyperslab/core/reduction";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import { reductionKey } from "../reduction-source.js";
import { emitStep, type KernelPlane, kernelPlanes } from "./accumulator.js";
import { Assembler, type Local } from "./assembler.js";
import { type Kernel, kernelOf } from "./kernel.js";
import { emitProgram, loadSteady, programKey } from "./program.js";
import { GROUP, load, loadSplat, splat, store, type Vector } from "./vector.js";
import { I32, type WasmFunction } from "./wasm-module.js";

/** Bytes between the lanes of two planes, in mode `lanes`. */
export const LANE_BYTES = 64;

/** What a kernel is made for. */
export interface ReduceText {
  readonly program: ScalarProgram;
  readonly reduction: Reduction;
  readonly moment: boolean;
  readonly splats: readonly boolean[];
  /** `lanes`: along a run, into eight lanes. A number: so many rows at once, into one position a column. */
  readonly mode: "lanes" | number;
}

/**
 * The kernel; null where there is none.
 * Parameters in mode `lanes`: runs, which stand one after another, and for each of them turns, elements
 * after the last whole turn, position of the first element; address of constants, of the means, of the
 * lanes, of each input.
 * With rows: turns, position of the first row on the axis, address of constants, of the means, of each
 * plane, then of each input of the first row, of the second, …
 */
export function reduceKernel(text: ReduceText): Kernel | null {
  const { program, reduction, moment, splats, mode } = text;
  const key = `${mode}${moment ? "²" : ""} ${reductionKey(reduction)} ${programKey(program, splats)}`;
  return kernelOf(key, (scratch) =>
    mode === "lanes" ? writeLanes(text, scratch) : writeRows(text, mode, scratch),
  );
}

/** True where a state holds positions. */
export function isPositioned(reduction: Reduction): boolean {
  return reduction.name === "argmin" || reduction.name === "argmax";
}

function writeLanes(
  { program, reduction, moment, splats }: ReduceText,
  scratch: number,
): WasmFunction | null {
  const planes = kernelPlanes(reduction, moment);
  if (!planes) return null;
  const [runsParam, turnsParam, tailParam, positionParam, constants, means, lanes] = [0, 1, 2, 3, 4, 5, 6];
  const asm = new Assembler(7 + program.inputs.length, scratch);
  const inputs = program.inputs.map((_, k) => 7 + k);
  const steady = loadSteady(asm, program, splats, constants, inputs);
  let known = true;
  asm.countdown(asm.copy(runsParam, I32), () => {
    const mean = moment ? loadSplat(asm, "float64", means, 0) : null;
    const addresses = planes.map((_, p) => offsetOf(asm, lanes, p * LANE_BYTES));
    // the state lives in locals while a run lasts
    const state = planes.map((plane, p) => {
      const loaded = load(asm, plane.dtype, addresses[p]);
      return { bits: loaded.bits, regs: loaded.regs.map((reg) => asm.copyVector(reg)) };
    });
    const at = isPositioned(reduction) ? positions(asm, planes[1], positionParam) : null;
    const turn = (tail: Vector | null): void => {
      const value = emitProgram(asm, program, steady, inputs);
      if (!value) {
        known = false;
        return;
      }
      const next = emitStep(asm, { reduction, moment, value, state, tail, mean, position: at });
      next.forEach((plane, p) => plane.regs.forEach((reg, r) => asm.assign(state[p].regs[r], reg)));
      if (at) {
        const lane = at.bits === 64 ? "i64x2" : "i32x4";
        const step = at.bits === 64 ? asm.i64(BigInt(GROUP)) : asm.i32(GROUP);
        at.regs.forEach((reg) => asm.assign(reg, asm.op(`${lane}.add`, reg, step)));
      }
    };
    asm.countdown(asm.copy(turnsParam, I32), () => {
      turn(null);
      advanceInputs(asm, program, splats, inputs);
    });
    asm.when(tailParam, () => {
      turn(tailMask(asm, tailParam));
      program.inputs.forEach((dtype, k) => {
        if (!splats[k]) asm.advanceBy(inputs[k], tailParam, Math.log2(itemSize(dtype)));
      });
    });
    planes.forEach((plane, p) => store(asm, plane.dtype, addresses[p], state[p]));
    asm.advance(lanes, planes.length * LANE_BYTES);
    if (moment) asm.advance(means, 8);
  });
  return known ? asm.finish("run") : null;
}

/** Positions of eight neighbours, from a position in an i32. */
function positions(asm: Assembler, plane: KernelPlane, first: Local): Vector {
  const vector = asm.splatI32(first);
  if (plane.dtype === "int32") {
    const ramps = [asm.i32x4(0, 1, 2, 3), asm.i32x4(4, 5, 6, 7)];
    return {
      bits: 32,
      regs: ramps.map((ramp) => asm.copyVector(asm.op("i32x4.add", vector, ramp))),
    };
  }
  const wide = asm.op("i64x2.extend_low_i32x4_u", vector);
  return {
    bits: 64,
    regs: [0, 2, 4, 6].map((i) => asm.copyVector(asm.op("i64x2.add", wide, asm.i32x4(i, 0, i + 1, 0)))),
  };
}

/** A mask of the first elements of a group. */
function tailMask(asm: Assembler, count: Local): Vector {
  const limit = asm.splatI32(count);
  return {
    bits: 32,
    regs: [asm.i32x4(0, 1, 2, 3), asm.i32x4(4, 5, 6, 7)].map((ramp) => asm.op("i32x4.lt_s", ramp, limit)),
  };
}

function writeRows(
  { program, reduction, moment, splats }: ReduceText,
  rows: number,
  scratch: number,
): WasmFunction | null {
  const planes = kernelPlanes(reduction, moment);
  if (!planes) return null;
  const [turnsParam, positionParam, constants, means] = [0, 1, 2, 3];
  const count = program.inputs.length;
  const asm = new Assembler(4 + planes.length + rows * count, scratch);
  const addresses = planes.map((_, p) => 4 + p);
  const inputs = Array.from({ length: rows }, (_, row) =>
    program.inputs.map((_, k) => 4 + planes.length + row * count + k),
  );
  const steady = inputs.map((addresses_) => loadSteady(asm, program, splats, constants, addresses_));
  const positioned = isPositioned(reduction);
  const at = inputs.map((_, row) => {
    if (!positioned) return null;
    const first = asm.splatI32(offsetOf(asm, positionParam, row));
    const { dtype } = planes[1];
    return dtype === "int32" ? splat(32, first) : splat(64, asm.op("i64x2.extend_low_i32x4_u", first));
  });
  const turns = asm.copy(turnsParam, I32);
  let known = true;
  asm.countdown(turns, () => {
    let state = planes.map((plane, p) => load(asm, plane.dtype, addresses[p]));
    const mean = moment ? load(asm, "float64", means) : null;
    for (let row = 0; row < rows; row++) {
      const value = emitProgram(asm, program, steady[row], inputs[row]);
      if (!value) {
        known = false;
        return;
      }
      state = emitStep(asm, { reduction, moment, value, state, tail: null, mean, position: at[row] });
      advanceInputs(asm, program, splats, inputs[row]);
    }
    planes.forEach((plane, p) => {
      store(asm, plane.dtype, addresses[p], state[p]);
      asm.advance(addresses[p], GROUP * itemSize(plane.dtype));
    });
    if (moment) asm.advance(means, GROUP * 8);
  });
  return known ? asm.finish("run") : null;
}

function advanceInputs(
  asm: Assembler,
  program: ScalarProgram,
  splats: readonly boolean[],
  inputs: readonly Local[],
): void {
  program.inputs.forEach((dtype, k) => {
    if (!splats[k]) asm.advance(inputs[k], GROUP * itemSize(dtype));
  });
}

/** A new local: an address and some bytes. */
function offsetOf(asm: Assembler, address: Local, bytes: number): Local {
  const local = asm.copy(address, I32);
  if (bytes > 0) asm.advance(local, bytes);
  return local;
}
