/** Owns where the tables of functions stand in an arena, and how kernels look into them. */
import { EXP_BITS, expTable, LOG_BITS, logTable, powerTable } from "../function-tables.js";
import { type Arena, WORK_BYTES } from "./arena.js";
import type { Assembler, Local } from "./assembler.js";
import { joinLow } from "./vector.js";

/** Bytes from the start of an arena's scratch to each table. */
const EXP_AT: number = WORK_BYTES;
const LOG_AT: number = EXP_AT + (8 << EXP_BITS);
const POWER_AT: number = LOG_AT + (16 << LOG_BITS);

let made: readonly BigUint64Array[] | null = null;

/** Writes the tables to their places. */
export function writeTables({ memory, scratch }: Arena): void {
  made ??= [expTable(), logTable(), powerTable()];
  const places = [EXP_AT, LOG_AT, POWER_AT];
  made.forEach((table, i) => {
    new BigUint64Array(memory.buffer, scratch + places[i], table.length).set(table);
  });
}

/** Entries of 8 bytes for both lanes; `offsets` are those of the entries, in bytes. */
export function lookUpExp(asm: Assembler, offsets: Local): Local {
  const [a, b, base] = addresses(asm, offsets);
  return asm.loadLane(b, base + EXP_AT, asm.load("v128.load64_zero", a, base + EXP_AT));
}

/** The two numbers of an entry of 16 bytes, for both lanes. */
export function lookUpLog(asm: Assembler, offsets: Local): [Local, Local] {
  const [a, b, base] = addresses(asm, offsets);
  return pairs(asm, a, b, base + LOG_AT);
}

/** The four numbers of an entry of 32 bytes, for both lanes. */
export function lookUpPower(asm: Assembler, offsets: Local): [Local, Local, Local, Local] {
  const [a, b, base] = addresses(asm, offsets);
  return [...pairs(asm, a, b, base + POWER_AT), ...pairs(asm, a, b, base + POWER_AT + 16)];
}

/** The offsets of both lanes, and what to add to them. */
function addresses(asm: Assembler, offsets: Local): [Local, Local, number] {
  return [asm.lane32(offsets, 0), asm.lane32(offsets, 2), asm.tables()];
}

function pairs(asm: Assembler, a: Local, b: Local, at: number): [Local, Local] {
  const first = asm.load("v128.load", a, at);
  const second = asm.load("v128.load", b, at);
  return [joinLow(asm, first, second), joinHigh(asm, first, second)];
}

/** The high halves of two vectors, side by side. */
function joinHigh(asm: Assembler, a: Local, b: Local): Local {
  return asm.shuffle(a, b, [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]);
}
