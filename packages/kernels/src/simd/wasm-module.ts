/**
 * Owns the binary format of WebAssembly, as far as kernels need it: one imported memory, a few imported
 * functions, functions of i32 parameters without results, exported by name. Knows no instruction.
 */
import { Bytes } from "./bytes.js";

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
  readonly body: Uint8Array;
  /** True where it looks into the tables of functions. */
  readonly tables?: boolean;
}

/** How the imported memory is declared; it must be the kind of the memory that is given. */
export interface MemoryKind {
  readonly shared: boolean;
  /** Pages of 64 KiB; required for a shared memory. */
  readonly maximum: number;
}

/** Functions of float64s that every module imports, in order of their number; the last one takes two. */
export const MATH_IMPORTS: readonly ["sin", "cos", "tan", "remainder"] = ["sin", "cos", "tan", "remainder"];

const MAGIC: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The bytes of a module that imports its memory as `arena.memory`. */
export function encodeModule(
  functions: readonly WasmFunction[],
  memory: MemoryKind,
): Uint8Array<ArrayBuffer> {
  const module = new Bytes();
  module.bytes(MAGIC);
  section(module, 1, (types) => {
    types.unsigned(functions.length + 2);
    for (const { params } of functions) {
      types.byte(0x60);
      types.unsigned(params);
      for (let i = 0; i < params; i++) types.byte(I32);
      types.byte(0);
    }
    // of the imported functions: of one float64, and of two
    types.bytes([0x60, 1, F64, 1, F64]);
    types.bytes([0x60, 2, F64, F64, 1, F64]);
  });
  section(module, 2, (imports) => {
    imports.unsigned(MATH_IMPORTS.length + 1);
    for (const name of MATH_IMPORTS) {
      imports.name("math");
      imports.name(name);
      imports.byte(0);
      imports.unsigned(functions.length + (name === "remainder" ? 1 : 0));
    }
    imports.name("arena");
    imports.name("memory");
    imports.byte(2);
    imports.byte(memory.shared ? 3 : 0);
    imports.unsigned(0);
    if (memory.shared) imports.unsigned(memory.maximum);
  });
  section(module, 3, (list) => {
    list.unsigned(functions.length);
    functions.forEach((_, i) => list.unsigned(i));
  });
  section(module, 7, (exports) => {
    exports.unsigned(functions.length);
    functions.forEach(({ name }, i) => {
      exports.name(name);
      exports.byte(0);
      exports.unsigned(MATH_IMPORTS.length + i);
    });
  });
  section(module, 10, (code) => {
    code.unsigned(functions.length);
    for (const { locals, body } of functions) {
      const content = new Bytes();
      writeLocals(content, locals);
      content.bytes(body);
      content.byte(0x0b);
      const bytes = content.done();
      code.unsigned(bytes.length);
      code.bytes(bytes);
    }
  });
  return module.done();
}

function section(module: Bytes, id: number, write: (content: Bytes) => void): void {
  const content = new Bytes();
  write(content);
  const bytes = content.done();
  module.byte(id);
  module.unsigned(bytes.length);
  module.bytes(bytes);
}

/** Locals by runs of equal types, as the format wants them. */
function writeLocals(content: Bytes, locals: readonly ValueType[]): void {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  content.unsigned(runs.length);
  for (const { type, count } of runs) {
    content.unsigned(count);
    content.byte(type);
  }
}
