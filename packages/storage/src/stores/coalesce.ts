/**
 * Owns the joining of ranges: those of one value that are asked for in the same turn of the event loop, and lie
 * near to each other, become one request. Works over any store. Knows no format.
 */
import { CancelledError } from "@hyperslab/core/errors";
import { onCancelled } from "../cancellation.js";
import type { GetOptions, RangeQuery, ReadableStore, StoreKey, WritableStore } from "../store.js";

export interface CoalesceOptions {
  /** Bytes between two ranges that are rather read than asked for anew. Default 64 KiB. */
  readonly gap?: number;
  /** Longest range that is made of several. Default 8 MiB: bigger ones come faster side by side. */
  readonly most?: number;
}

interface Wanted {
  readonly offset: number;
  readonly length: number;
  readonly options: GetOptions | undefined;
  resolve(value: Uint8Array | undefined | Promise<Uint8Array | undefined>): void;
  reject(reason: unknown): void;
}

/** Ranges that make one request. */
interface Run {
  readonly offset: number;
  stop: number;
  readonly parts: Wanted[];
}

/**
 * The same store, with neighbouring ranges joined. A piece of a joined range shares its memory with the others.
 * Writing, listing and whole values go through as they are.
 */
export function withCoalescing<S extends ReadableStore>(store: S, options: CoalesceOptions = {}): S {
  const { gap = 65_536, most = 2 ** 23 } = options;
  const waiting = new Map<StoreKey, Wanted[]>();

  const flush = (): void => {
    const all = [...waiting];
    waiting.clear();
    for (const [key, wanted] of all)
      for (const run of joined(wanted, gap, most)) void readRun(store, key, run);
  };

  return extend(store, {
    getRange(key: StoreKey, range: RangeQuery, getOptions?: GetOptions): Promise<Uint8Array | undefined> {
      // where a suffix lies isn't known; and what is wrong with a range is the store's to say
      const plain = "offset" in range && range.offset >= 0 && range.length > 0 && range.length < most;
      if (!plain || getOptions?.signal?.aborted) return store.getRange(key, range, getOptions);
      return new Promise((resolve, reject) => {
        if (waiting.size === 0) setImmediate(flush);
        const one: Wanted = { ...range, options: getOptions, resolve, reject };
        const others = waiting.get(key);
        if (others) others.push(one);
        else waiting.set(key, [one]);
      });
    },
  });
}

/** A store like another with some methods of its own; the others keep working on the original. */
export function extend<S extends ReadableStore>(store: S, own: Partial<WritableStore>): S {
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof WritableStore];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function joined(wanted: Wanted[], gap: number, most: number): Run[] {
  const runs: Run[] = [];
  for (const one of wanted.sort((a, b) => a.offset - b.offset)) {
    const last = runs.at(-1);
    const stop = Math.max(last?.stop ?? 0, one.offset + one.length);
    if (last && one.offset - last.stop <= gap && stop - last.offset <= most) {
      last.stop = stop;
      last.parts.push(one);
    } else runs.push({ offset: one.offset, stop: one.offset + one.length, parts: [one] });
  }
  return runs;
}

async function readRun(store: ReadableStore, key: StoreKey, run: Run): Promise<void> {
  const { parts, offset, stop } = run;
  const alone = ({ offset: start, length, options }: Wanted): Promise<Uint8Array | undefined> =>
    store.getRange(key, { offset: start, length }, options);
  if (parts.length === 1) {
    alone(parts[0]).then(parts[0].resolve, parts[0].reject);
    return;
  }
  // the request is given up when nobody wants it any more
  const giveUp = new AbortController();
  let left = parts.length;
  const leave = parts.map(({ options, reject }) =>
    onCancelled(options?.signal, () => {
      reject(new CancelledError({ what: `reading ${store.label}${key}`, cause: options?.signal?.reason }));
      if (--left === 0) giveUp.abort();
    }),
  );
  try {
    const range = { offset, length: stop - offset };
    const value = await store.getRange(key, range, { signal: giveUp.signal });
    for (const part of parts)
      part.resolve(value?.subarray(part.offset - offset, part.offset - offset + part.length));
  } catch {
    // one of them may go past the end: then each gets its own answer
    for (const part of parts) if (!part.options?.signal?.aborted) alone(part).then(part.resolve, part.reject);
  } finally {
    for (const one of leave) one();
  }
}
