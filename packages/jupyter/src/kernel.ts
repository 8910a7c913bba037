/**
 * Owns the way to the display of the running notebook kernel. tslab keeps its display in a module of its
 * own process; it is reached through the kernel's main module, so that nothing has to be imported in a cell.
 */

/** What of tslab's `display` is used. */
export interface KernelDisplay {
  html(text: string): void;
  text(text: string): void;
  png(bytes: Uint8Array): void;
}

/** What of tslab itself is used: its display, and displays that can be written again. */
export interface Kernel {
  readonly display: KernelDisplay;
  newDisplay(): KernelDisplay;
}

const KERNEL = /tslab[\\/]bin[\\/]tslab(\.js)?$/;

/** The tslab kernel that this code runs in; null elsewhere. */
export function runningKernel(): Kernel | null {
  const main = process.mainModule;
  if (!main || !KERNEL.test(main.filename)) return null;
  return main.require("..") as Kernel;
}
