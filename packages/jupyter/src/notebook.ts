/** Owns what a notebook calls: rich display of labelled objects, pictures, progress. */
import { inspect } from "node:util";
import { ArgumentError } from "@hyperslab/core/errors";
import type { RunEvent } from "@hyperslab/core/executor";
import { DataArray, Dataset } from "hyperslab";
import { type Kernel, type KernelDisplay, runningKernel } from "./kernel.js";

/** Displays things in the notebook that this code runs in. */
export interface Notebook {
  /** Shows a Dataset or DataArray as a table. */
  show(object: Dataset | DataArray): void;
  /** Shows a PNG. */
  png(bytes: Uint8Array): void;
  /** A progress bar that moves in its cell: give it as `progress`. */
  progress(title: string): (event: RunEvent) => void;
}

/**
 * Call once in a notebook: from then on a Dataset or DataArray at the end of a cell is shown as a table.
 *
 * ```ts
 * const nb = notebook();
 * const mean = await ds.mean("time").compute({ progress: nb.progress("mean") });
 * ```
 * @throws ArgumentError outside a tslab kernel
 */
export function notebook(kernel: Kernel | null = runningKernel()): Notebook {
  if (!kernel)
    throw new ArgumentError({
      asked: "notebook()",
      found: "no tslab kernel around this code",
      hint: "in a script, print the object or write its toHtml() to a file",
    });
  const { display } = kernel;
  const show = (object: Dataset | DataArray): void => display.html(object.toHtml());
  // the kernel prints the last expression with console.log, which asks the object how it wants to look
  for (const type of [Dataset, DataArray])
    Object.defineProperty(type.prototype, inspect.custom, {
      configurable: true,
      value(this: Dataset | DataArray): string {
        show(this);
        return `${type.name} (${this.dims.map((dim) => `${dim}: ${this.sizes[dim]}`).join(", ")})`;
      },
    });
  return {
    show,
    png: (bytes) => display.png(bytes),
    progress: (title) => progressIn(kernel.newDisplay(), title),
  };
}

const FRAME_MS = 100;

function progressIn(display: KernelDisplay, title: string): (event: RunEvent) => void {
  let shown = 0;
  return (event) => {
    const done = event.kind === "started" ? 0 : event.done;
    if (done < event.tasks && Date.now() - shown < FRAME_MS) return;
    shown = Date.now();
    const share = event.tasks ? done / event.tasks : 1;
    display.html(
      `<div style="font:13px system-ui;display:flex;gap:.6em;align-items:center"><span>${escapeHtml(title)}</span>` +
        `<progress value="${share}" max="1" style="width:16em"></progress><span>${done} of ${event.tasks} tasks</span></div>`,
    );
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
