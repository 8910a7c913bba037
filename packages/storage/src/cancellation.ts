/** Owns how work is told that it is cancelled: any number of listeners to one signal. Knows no work. */
import { setMaxListeners } from "node:events";

/**
 * Calls `listener` once when `signal` is aborted; at once where it is already.
 * @returns what ends that: to be called when the work is done, for signals live longer
 */
export function onCancelled(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (!signal) return () => undefined;
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  // all reads of a task have its signal: their number says nothing of leaks
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}
