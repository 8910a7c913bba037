/** Owns compiled kernels: modules by their key, instances in this thread's arena, and whether there are any. */
import { type Arena, currentArena, kernelsOfArena } from "./arena.js";
import { writeTables } from "./tables.js";
import { encodeModule, type WasmFunction } from "./wasm-module.js";

/** A kernel takes numbers (counts and addresses) and leaves its results in memory. */
export type Kernel = (...args: number[]) => void;

const modules: Map<string, { readonly module: WebAssembly.Module; readonly tables: boolean } | null> =
  new Map();
/** Arenas that hold the tables of functions. */
const tabled: WeakSet<Arena> = new WeakSet();
const MAX_MODULES = 2048;
let available: boolean | null = null;

/** The functions of JavaScript that kernels call for rare elements. */
const MATH = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  remainder: (a: number, b: number): number => a % b,
};

/** True where this engine runs vector kernels; the environment variable HYPERSLAB_NO_WASM=1 says no. */
export function kernelsAvailable(): boolean {
  if (available === null) {
    const forbidden = typeof process !== "undefined" && process.env["HYPERSLAB_NO_WASM"] === "1";
    // one function with one vector instruction: engines without SIMD find it invalid
    const body = Uint8Array.from([0xfd, 12, ...new Array<number>(16).fill(0), 0x1a]);
    available =
      !forbidden &&
      typeof WebAssembly === "object" &&
      WebAssembly.validate(
        encodeModule([{ name: "probe", params: 0, locals: [], body }], { shared: false, maximum: 0 }),
      );
  }
  return available;
}

/**
 * The kernel of this name, written by `write` when first asked for; null where `write` can't.
 * `key` names everything that the text depends on, but for the address of the arena's scratch.
 */
export function kernelOf(key: string, write: (scratch: number) => WasmFunction | null): Kernel | null {
  const instances = kernelsOfArena();
  const known = instances.get(key);
  if (known) return known as Kernel;
  const arena = currentArena();
  const shared = isShared(arena);
  const anywhere = `${shared ? "shared" : "own"} ${key}`;
  const here = `${arena.scratch} ${anywhere}`;
  let module = modules.get(anywhere) ?? modules.get(here);
  if (module === undefined && !modules.has(anywhere)) {
    const text = write(arena.scratch);
    module = text && {
      module: new WebAssembly.Module(encodeModule([text], { shared, maximum: 65536 })),
      tables: text.tables === true,
    };
    if (modules.size >= MAX_MODULES) {
      modules.clear();
      instances.clear();
    }
    // the tables' addresses are part of the text
    modules.set(module?.tables ? here : anywhere, module);
  }
  if (!module) return null;
  if (module.tables && !tabled.has(arena)) {
    writeTables(arena);
    tabled.add(arena);
  }
  const instance = new WebAssembly.Instance(module.module, { arena: { memory: arena.memory }, math: MATH });
  const kernel = instance.exports["run"] as Kernel;
  instances.set(key, kernel);
  return kernel;
}

function isShared(arena: Arena): boolean {
  return typeof SharedArrayBuffer !== "undefined" && arena.memory.buffer instanceof SharedArrayBuffer;
}
