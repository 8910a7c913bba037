/**
 * Owns the loops that measure what the machine's memory gives. Made from memory-loops.wat, which says how.
 */

/** Addresses and lengths in bytes; lengths are multiples of 64. */
export interface MemoryLoops {
  read(from: number, bytes: number): number;
  copy(to: number, from: number, bytes: number): void;
  triad(to: number, a: number, b: number, bytes: number): void;
}

const MODULE =
  "AGFzbQEAAAABFANgAn9/AX9gA39/fwBgBH9/f38AAhIBA2VudgZtZW1vcnkCAwGAgAQDBAMAAQIHFwMEcmVhZAAABGNvcHkAAQV0cmlhZAACCuECA2cCAX8EeyAAIAFqIQIDQCADIAD9AAQA/a4BIQMgBCAA/QAEEP2uASEEIAUgAP0ABCD9rgEhBSAGIAD9AAQw/a4BIQYgAEHAAGohACAAIAJJDQALIAMgBP2uASAFIAb9rgH9rgH9GwALVQEBfyAAIAJqIQMDQCAAIAH9AAQA/QsEACAAIAH9AAQQ/QsEECAAIAH9AAQg/QsEICAAIAH9AAQw/QsEMCABQcAAaiEBIABBwABqIQAgACADSQ0ACwugAQIBfwF7QwAAQED9EyEFIAAgA2ohBANAIAAgAf0ABAAgBSAC/QAEAP3mAf3kAf0LBAAgACAB/QAEECAFIAL9AAQQ/eYB/eQB/QsEECAAIAH9AAQgIAUgAv0ABCD95gH95AH9CwQgIAAgAf0ABDAgBSAC/QAEMP3mAf3kAf0LBDAgAUHAAGohASACQcAAaiECIABBwABqIQAgACAESQ0ACws=";

export function memoryLoops(memory: WebAssembly.Memory): MemoryLoops {
  const module = new WebAssembly.Module(new Uint8Array(Buffer.from(MODULE, "base64")));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as MemoryLoops;
}
