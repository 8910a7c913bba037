/** Owns when a failed request is asked again, and how long that takes. Knows nothing of what is requested. */
import { onCancelled } from "../cancellation.js";

/** A failure of the network or the server that may pass. `wait`: milliseconds that the server asked for. */
export class PassingFailure extends Error {
  readonly wait: number;
  constructor(message: string, wait = 0, cause?: unknown) {
    super(message, { cause });
    this.wait = wait;
  }
}

/** Answers that are worth asking again for; no other of the 400s is. */
export const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Longest wait that a server may ask for with Retry-After, in milliseconds. */
const LONGEST_WAIT = 30_000;

/**
 * Milliseconds before the next try: doubled each time with some chance in it, so that the many who failed
 * together don't come back together; never less than the server asked for (up to 30 s).
 */
export function waitBefore(attempt: number, backoff: number, failure: PassingFailure): number {
  const own = backoff * 2 ** (attempt - 1) * (0.5 + Math.random());
  return Math.max(Math.min(own, LONGEST_WAIT), Math.min(failure.wait, LONGEST_WAIT));
}

/** Milliseconds that an answer's Retry-After asks for: seconds or a date. */
export function retryAfter(headers: Headers): number {
  const value = headers.get("retry-after");
  if (value === null) return 0;
  const seconds = Number(value);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

/** Waits; ends early when `signal` is aborted. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((done) => {
    let forget = (): void => undefined;
    const clock = setTimeout(() => {
      forget();
      done();
    }, milliseconds);
    forget = onCancelled(signal, () => {
      clearTimeout(clock);
      done();
    });
  });
}
