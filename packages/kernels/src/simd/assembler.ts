/**
 * Owns the writing of one function: every instruction puts its result into a new local, so that
 * generators read like formulas. Knows no dtype.
 */
import { Bytes } from "./bytes.js";
import {
  laneOpcode,
  type LaneOp,
  loadOpcode,
  type LoadOp,
  type ScalarInstruction,
  scalarOpcode,
  shiftOpcode,
  type ShiftOp,
  vectorOpcode,
  type VectorOp,
} from "./opcodes.js";
import { F64, I32, I64, MATH_IMPORTS, V128, type ValueType, type WasmFunction } from "./wasm-module.js";

/** The number of a local. */
export type Local = number;

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const SIMD = 0xfd;

/** Bytes of a vector that repeats a 64-bit, 32-bit, 16-bit or 8-bit pattern. */
function repeat64(bits: bigint): number[] {
  const bytes = Array.from({ length: 8 }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
  return [...bytes, ...bytes];
}

const F64_BOX: Float64Array = new Float64Array(1);
const U64_BOX: BigUint64Array = new BigUint64Array(F64_BOX.buffer);

/** The bits of a float64. */
export function bitsOfFloat64(value: number): bigint {
  F64_BOX[0] = value;
  return U64_BOX[0];
}

const F32_BOX: Float32Array = new Float32Array(1);
const U32_BOX: Uint32Array = new Uint32Array(F32_BOX.buffer);

function bitsOfFloat32(value: number): bigint {
  F32_BOX[0] = value;
  return BigInt(U32_BOX[0]);
}

/** Writes a function. `prologue` runs once, before everything else: constants stand there. */
export class Assembler {
  readonly #params: number;
  readonly #scratch: number;
  #tables = false;
  readonly #locals: ValueType[] = [];
  readonly #prologue: Bytes = new Bytes();
  readonly #body: Bytes = new Bytes();
  readonly #constants: Map<string, Local> = new Map();

  /** @param scratch address of the arena's scratch, for those who look into tables */
  constructor(params: number, scratch = 0) {
    this.#params = params;
    this.#scratch = scratch;
  }

  finish(name: string): WasmFunction {
    const whole = new Bytes();
    whole.bytes(this.#prologue.done());
    whole.bytes(this.#body.done());
    return {
      name,
      params: this.#params,
      locals: this.#locals,
      body: whole.done(),
      tables: this.#tables,
    };
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return this.#params + this.#locals.length - 1;
  }

  #emit(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#body.byte(byte);
  }

  /** An instruction of SIMD. */
  #simd(opcode: number): void {
    this.#body.byte(SIMD);
    this.#body.unsigned(opcode);
  }

  /** The alignment and offset of a memory access. */
  #memory(offset: number): void {
    this.#emit(0);
    this.#body.unsigned(offset);
  }

  get(local: Local): void {
    this.#body.byte(LOCAL_GET);
    this.#body.unsigned(local);
  }

  set(local: Local): void {
    this.#body.byte(LOCAL_SET);
    this.#body.unsigned(local);
  }

  #result(type: ValueType): Local {
    const local = this.local(type);
    this.set(local);
    return local;
  }

  /** A vector constant of 16 bytes; equal ones share a local. */
  constant(bytes: readonly number[]): Local {
    const key = bytes.join(",");
    let local = this.#constants.get(key);
    if (local === undefined) {
      local = this.local(V128);
      this.#prologue.bytes([SIMD, 12, ...bytes, LOCAL_SET]);
      this.#prologue.unsigned(local);
      this.#constants.set(key, local);
    }
    return local;
  }

  /** A float64 in both lanes. */
  f64(value: number): Local {
    return this.constant(repeat64(bitsOfFloat64(value)));
  }

  /** A float32 in all four lanes. */
  f32(value: number): Local {
    const bits = bitsOfFloat32(value);
    return this.constant(repeat64((bits << 32n) | bits));
  }

  /** A 64-bit integer in both lanes. */
  i64(value: bigint): Local {
    return this.constant(repeat64(BigInt.asUintN(64, value)));
  }

  /** A 32-bit integer in all four lanes. */
  i32(value: number): Local {
    const bits = BigInt(value >>> 0);
    return this.constant(repeat64((bits << 32n) | bits));
  }

  /** The address of the arena's scratch, from which the tables have a fixed distance. */
  tables(): number {
    this.#tables = true;
    return this.#scratch;
  }

  /** One of four i32s. */
  lane32(vector: Local, lane: number): Local {
    this.get(vector);
    this.#simd(laneOpcode("i32x4.extract_lane"));
    this.#emit(lane);
    return this.#result(I32);
  }

  /** `vector` with its high half loaded. */
  loadLane(address: Local, offset: number, vector: Local): Local {
    this.get(address);
    this.get(vector);
    this.#simd(87);
    this.#memory(offset);
    this.#emit(1);
    return this.#result(V128);
  }

  /** Applies a vector instruction. */
  op(op: VectorOp, ...args: readonly Local[]): Local {
    for (const arg of args) this.get(arg);
    this.#simd(vectorOpcode(op));
    return this.#result(V128);
  }

  /** `where(mask, yes, no)`, bit by bit. */
  choose(mask: Local, yes: Local, no: Local): Local {
    return this.op("v128.bitselect", yes, no, mask);
  }

  /** Shifts every lane by a constant. */
  shift(op: ShiftOp, vector: Local, count: number): Local {
    this.get(vector);
    this.pushI32(count);
    this.#simd(shiftOpcode(op));
    return this.#result(V128);
  }

  /** Picks 16 bytes of two vectors. */
  shuffle(a: Local, b: Local, lanes: readonly number[]): Local {
    this.get(a);
    this.get(b);
    this.#simd(13);
    this.#body.bytes(lanes);
    return this.#result(V128);
  }

  load(op: LoadOp, address: Local, offset: number): Local {
    this.get(address);
    this.#simd(loadOpcode(op));
    this.#memory(offset);
    return this.#result(V128);
  }

  store(address: Local, offset: number, vector: Local): void {
    this.get(address);
    this.get(vector);
    this.#simd(11);
    this.#memory(offset);
  }

  /** Stores the low 8 bytes of a vector. */
  storeHalf(address: Local, offset: number, vector: Local): void {
    this.get(address);
    this.get(vector);
    this.#simd(91);
    this.#memory(offset);
    this.#emit(0);
  }

  /** Takes a lane out: i64 or f64. */
  extract(op: LaneOp, vector: Local, lane: number): Local {
    this.get(vector);
    this.#simd(laneOpcode(op));
    this.#emit(lane);
    return this.#result(op.startsWith("i64") ? I64 : F64);
  }

  /** Puts the scalar on top of the stack into a lane. */
  replaceTop(op: LaneOp, vector: Local, lane: number, scalar: () => void): Local {
    this.get(vector);
    scalar();
    this.#simd(laneOpcode(op));
    this.#emit(lane);
    return this.#result(V128);
  }

  /** `value`, but where `mask` is set what `compute` gives: it runs only if any lane is. */
  rarely(mask: Local, value: Local, compute: () => Local): Local {
    const out = this.copyVector(value);
    this.get(mask);
    this.#simd(83);
    this.#emit(0x04, 0x40);
    this.assign(out, this.choose(mask, compute(), value));
    this.#emit(0x0b);
    return out;
  }

  /** `values`, but where `usual` is not set what `compute` gives: it runs only if a lane of any is unusual. */
  unless(usual: readonly Local[], values: readonly Local[], compute: () => readonly Local[]): Local[] {
    const outs = values.map((value) => this.copyVector(value));
    this.get(
      this.op(
        "v128.not",
        usual.reduce((a, b) => this.op("v128.and", a, b)),
      ),
    );
    this.#simd(83);
    this.#emit(0x04, 0x40);
    compute().forEach((value, i) => this.assign(outs[i], this.choose(usual[i], values[i], value)));
    this.#emit(0x0b);
    return outs;
  }

  /** An imported function of both lanes. */
  call(name: (typeof MATH_IMPORTS)[number], ...args: readonly Local[]): Local {
    let [result] = args;
    for (const lane of [0, 1]) {
      const elements = args.map((x) => this.extract("f64x2.extract_lane", x, lane));
      result = this.replaceTop("f64x2.replace_lane", result, lane, () => {
        for (const element of elements) this.get(element);
        this.#emit(0x10, MATH_IMPORTS.indexOf(name));
      });
    }
    return result;
  }

  /** A scalar instruction on what stands on the stack. */
  scalar(op: ScalarInstruction): void {
    this.#emit(...scalarOpcode(op));
  }

  /** A scalar instruction over locals, into a new local. */
  scalarOp(op: ScalarInstruction, type: ValueType, ...args: readonly Local[]): Local {
    for (const arg of args) this.get(arg);
    this.scalar(op);
    return this.#result(type);
  }

  pushI32(value: number): void {
    this.#emit(0x41);
    this.#body.signed(BigInt(value | 0));
  }

  pushI64(value: bigint): void {
    this.#emit(0x42);
    this.#body.signed(BigInt.asIntN(64, value));
  }

  i64Scalar(value: bigint): Local {
    this.pushI64(value);
    return this.#result(I64);
  }

  pushF64(value: number): void {
    this.#emit(0x44, ...repeat64(bitsOfFloat64(value)).slice(0, 8));
  }

  /** `local += bytes` on an i32. */
  advance(local: Local, bytes: number): void {
    this.get(local);
    this.pushI32(bytes);
    this.scalar("i32.add");
    this.set(local);
  }

  /** `local += count << shift` on i32s. */
  advanceBy(local: Local, count: Local, shift: number): void {
    this.get(local);
    this.get(count);
    this.pushI32(shift);
    this.scalar("i32.shl");
    this.scalar("i32.add");
    this.set(local);
  }

  /** A new i32 local with a copy. */
  copy(local: Local, type: ValueType = I32): Local {
    this.get(local);
    return this.#result(type);
  }

  /** A new vector local with a copy, to be assigned to later. */
  copyVector(local: Local): Local {
    return this.copy(local, V128);
  }

  /** `target = source`. */
  assign(target: Local, source: Local): void {
    this.get(source);
    this.set(target);
  }

  /** An i32 in all four lanes. */
  splatI32(value: Local): Local {
    this.get(value);
    this.#simd(17);
    return this.#result(V128);
  }

  /** Four i32 constants. */
  i32x4(...lanes: readonly [number, number, number, number]): Local {
    return this.constant(
      lanes.flatMap((lane) => [lane & 255, (lane >> 8) & 255, (lane >> 16) & 255, lane >>> 24]),
    );
  }

  /** Runs `body` while `counter`, an i32 local, is not 0; the body ends by taking 1 from it. */
  countdown(counter: Local, body: () => void): void {
    this.#emit(0x02, 0x40); // block
    this.get(counter);
    this.scalar("i32.eqz");
    this.#emit(0x0d, 0); // br_if
    this.#emit(0x03, 0x40); // loop
    body();
    this.advance(counter, -1);
    this.get(counter);
    this.#emit(0x0d, 0);
    this.#emit(0x0b, 0x0b);
  }

  /** Runs `body` if an i32 local is not 0. */
  when(condition: Local, body: () => void): void {
    this.get(condition);
    this.#emit(0x04, 0x40);
    body();
    this.#emit(0x0b);
  }
}
