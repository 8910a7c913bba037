/**
 * The part of the WebAssembly JavaScript API that is used here. TypeScript has it only in its
 * browser library, which would bring `window` and all the rest into every file.
 */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer | SharedArrayBuffer;
    grow(pages: number): number;
  }
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  const Memory: new (descriptor: { initial: number; maximum?: number; shared?: boolean }) => Memory;
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module, imports?: Record<string, Record<string, unknown>>) => Instance;
  const CompileError: new (message?: string) => Error;
  const RuntimeError: new (message?: string) => Error;
  function validate(bytes: Uint8Array): boolean;
}
