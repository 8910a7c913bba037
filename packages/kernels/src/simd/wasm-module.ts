/**
 * Owns the binary format of WebAssembly, as far as kernels need it: one imported memory, functions of
 * i32 parameters without results, exported by name. Knows no instruction.
 */

/** Value types of locals. */
export const V128 = 0x7b;
export const F64 = 0x7c;
export const I64 = 0x7e;
export const I32 = 0x7f;
export type ValueType = typeof V128 | typeof F64 | typeof I64 | typeof I32;

/** A function: `params` i32 parameters, then locals of these types, then its instructions. */
export interface WasmFunction {
  readonly name: string;
  readonly params: number;
  readonly locals: readonly ValueType[];
  readonly body: readonly number[];
}

/** How the imported memory is declared; it must be the kind of the memory that is given. */
export interface MemoryKind {
  readonly shared: boolean;
  /** Pages of 64 KiB; required for a shared memory. */
  readonly maximum: number;
}

/** An unsigned integer in LEB128. */
export function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return out;
}

/** A signed integer in LEB128. */
export function signed(value: bigint): number[] {
  const out: number[] = [];
  let rest = value;
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && !(low & 0x40)) || (rest === -1n && (low & 0x40) !== 0);
    out.push(done ? low : low | 0x80);
    if (done) return out;
  }
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function nameOf(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [...unsigned(bytes.length), ...bytes];
}

/** Runs of equal local types, as the format wants them. */
function localRuns(locals: readonly ValueType[]): number[][] {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  return runs.map(({ type, count }) => [...unsigned(count), type]);
}

/** Functions of one float64 that every module imports, in order of their number. */
export const MATH_IMPORTS: readonly ["sin", "cos", "tan"] = ["sin", "cos", "tan"];

const MAGIC: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The bytes of a module that imports its memory as `arena.memory`. */
export function encodeModule(
  functions: readonly WasmFunction[],
  memory: MemoryKind,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ params }) => [
    0x60,
    ...vector(Array.from({ length: params }, () => [I32])),
    ...vector([]),
  ]);
  const limits = memory.shared ? [3, ...unsigned(0), ...unsigned(memory.maximum)] : [0, ...unsigned(0)];
  const imported = [...nameOf("arena"), ...nameOf("memory"), 2, ...limits];
  // what a function imports takes the first numbers, and one more type: f64 → f64
  const math = MATH_IMPORTS.map((name) => [...nameOf("math"), ...nameOf(name), 0, ...unsigned(types.length)]);
  types.push([0x60, ...vector([[F64]]), ...vector([[F64]])]);
  const bodies = functions.map(({ locals, body }) => {
    const content = [...vector(localRuns(locals)), ...body, 0x0b];
    return [...unsigned(content.length), ...content];
  });
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, vector(types)),
    ...section(2, vector([...math, imported])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(
      7,
      vector(functions.map(({ name }, i) => [...nameOf(name), 0, ...unsigned(MATH_IMPORTS.length + i)])),
    ),
    ...section(10, vector(bodies)),
  ]);
}
