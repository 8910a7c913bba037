/**
 * Owns the reading of an answer's body: as much of it as is needed, into one piece of memory, with its length
 * checked. Knows nothing of retries and redirects.
 */
import { StorageError } from "@hyperslab/core/errors";
import type { RangeQuery } from "../store.js";
import { PassingFailure } from "./retry.js";

/** How much of a refusal's body is read: its reason stands there. */
const MOST_OF_REFUSAL = 65_536;

/** So many bytes are read to find a range in an answer of the whole value, before that is called hopeless. */
export const MOST_WITHOUT_RANGES: number = 2 ** 28;

/** Encodings that `fetch` undoes. */
const UNDONE: ReadonlySet<string> = new Set(["gzip", "x-gzip", "deflate", "br"]);

/** What is kept of a body: a stretch, the last bytes, or only its length. */
type Kept =
  | { readonly kind: "stretch"; readonly start: number; readonly stop: number }
  | { readonly kind: "last"; readonly length: number }
  | { readonly kind: "none" };

export interface BodyQuery {
  /** For messages. */
  readonly path: string;
  /** The range that was asked for. */
  readonly range?: RangeQuery;
  /** Of a whole value only the length is wanted. */
  readonly sizeOnly?: boolean;
  /** Where the bytes are to be put, once it is known how many they are. */
  readonly memory?: (length: number) => Uint8Array | null;
  /** Called whenever something arrives. */
  alive?(): void;
  /** What to say of an error that ended the body. */
  reason(cause: unknown): string;
}

export interface Body {
  readonly bytes: Uint8Array;
  /** Bytes of the body as far as it was read; all of it unless a stretch was enough. */
  readonly length: number;
}

/**
 * Reads what `query` needs of the body. Of an answer with the whole value to a request for a range, only
 * that range is kept.
 * @throws PassingFailure for a body that breaks off, StorageError for what can't be a value
 */
export async function readBody(response: Response, query: BodyQuery): Promise<Body> {
  const encodings = encodingsOf(response);
  const told = response.headers.get("content-length");
  const declared = told !== null && encodings.length === 0 ? Number(told) : undefined;
  const refusal = response.status >= 300;
  const kept = refusal ? stretch(0, MOST_OF_REFUSAL) : keptOf(response, query, declared);
  if (!refusal) await checkEncodings(response, query.path, encodings);
  if (!refusal && query.sizeOnly && declared !== undefined) {
    await response.body?.cancel();
    return { bytes: new Uint8Array(0), length: declared };
  }
  const enough = kept.kind === "stretch" ? kept.stop : Infinity;
  // ranges of a value that is sent whole: there is an end to what is read in vain
  const most =
    query.range && response.status === 200
      ? MOST_WITHOUT_RANGES + (kept.kind === "stretch" ? kept.stop - kept.start : 0)
      : Infinity;
  const needed = kept.kind === "stretch" ? Math.min(enough, declared ?? Infinity) : (declared ?? 0);
  if (needed > most && needed !== Infinity) {
    await response.body?.cancel();
    throw hopeless(query.path, declared);
  }
  const sink = sinkFor(kept, declared, refusal ? undefined : query.memory);
  let length = 0;
  try {
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      query.alive?.();
      sink.take(part.value, length);
      length += part.value.length;
      if (length >= enough || length > most) {
        await reader?.cancel();
        break;
      }
    }
  } catch (cause) {
    throw new PassingFailure(`the answer broke off after ${length} bytes: ${query.reason(cause)}`, 0, cause);
  }
  if (length > most) throw hopeless(query.path, declared);
  if (declared !== undefined && response.body !== null && length < Math.min(declared, enough))
    throw new PassingFailure(`the answer has ${length} bytes, ${declared} were announced`);
  return { bytes: sink.finish(), length };
}

function keptOf(response: Response, query: BodyQuery, declared: number | undefined): Kept {
  const { range } = query;
  if (query.sizeOnly) return { kind: "none" };
  if (!range) return stretch(0, Infinity);
  const wanted = "suffixLength" in range ? range.suffixLength : range.length;
  // one byte more than asked for shows that the server doesn't do what it was asked
  if (response.status === 206) return stretch(0, wanted + 1);
  if ("offset" in range) return stretch(range.offset, range.offset + range.length);
  if (declared === undefined) return { kind: "last", length: wanted };
  return stretch(Math.max(0, declared - wanted), declared);
}

function stretch(start: number, stop: number): Kept {
  return { kind: "stretch", start, stop };
}

function encodingsOf(response: Response): string[] {
  const names = (response.headers.get("content-encoding") ?? "").toLowerCase().split(",");
  return names.map((name) => name.trim()).filter((name) => name !== "" && name !== "identity");
}

async function checkEncodings(response: Response, path: string, encodings: readonly string[]): Promise<void> {
  if (encodings.length === 0) return;
  const unknown = encodings.find((name) => !UNDONE.has(name));
  if (unknown === undefined && response.status !== 206) return;
  await response.body?.cancel();
  throw new StorageError({
    path,
    reason: unknown
      ? `the server sends it with content-encoding "${unknown}", though it was asked for plain bytes`
      : `the server sends a range of ${encodings.join(", ")}-encoded bytes: what stands there isn't the value`,
    hint: "turn compression off on the server for this path",
  });
}

function hopeless(path: string, size: number | undefined): StorageError {
  const whole = size === undefined ? "the whole value" : `all ${size} bytes`;
  return new StorageError({
    path,
    reason: `the server ignores Range and sends ${whole} for a part of it`,
    hint: `that is done up to ${MOST_WITHOUT_RANGES / 2 ** 20} MiB: use a server that knows ranges, or download the file`,
  });
}

interface Sink {
  /** A part of the body that begins at `at`. */
  take(part: Uint8Array, at: number): void;
  finish(): Uint8Array;
}

function sinkFor(kept: Kept, declared: number | undefined, memory: BodyQuery["memory"]): Sink {
  switch (kept.kind) {
    case "none":
      return { take: () => undefined, finish: () => new Uint8Array(0) };
    case "last":
      return lastBytes(kept.length);
    case "stretch": {
      const stop = Math.min(kept.stop, declared ?? Infinity);
      return stop === Infinity ? growing(kept.start) : exact(kept.start, Math.max(kept.start, stop), memory);
    }
  }
}

/** A stretch whose end is known: one piece of memory, filled as it comes. */
function exact(start: number, stop: number, memory: BodyQuery["memory"]): Sink {
  let bytes = memory?.(stop - start) ?? new Uint8Array(Math.min(stop - start, 2 ** 20));
  let filled = 0;
  return {
    take(part, at) {
      const from = Math.max(0, start - at);
      const piece = part.subarray(from, Math.max(from, stop - at));
      // what is announced is believed when it has begun to come
      if (filled + piece.length > bytes.length) {
        const grown = new Uint8Array(stop - start);
        grown.set(bytes.subarray(0, filled));
        bytes = grown;
      }
      bytes.set(piece, filled);
      filled += piece.length;
    },
    finish: () => (filled === bytes.length ? bytes : bytes.subarray(0, filled)),
  };
}

function growing(start: number): Sink {
  const parts: Uint8Array[] = [];
  return {
    take: (part, at) => void parts.push(part.subarray(Math.max(0, start - at))),
    finish: () => joined(parts),
  };
}

function lastBytes(wanted: number): Sink {
  const parts: Uint8Array[] = [];
  let held = 0;
  return {
    take(part) {
      parts.push(part);
      held += part.length;
      while (parts.length && held - parts[0].length >= wanted) held -= parts.shift()?.length ?? 0;
    },
    finish() {
      const bytes = joined(parts);
      return bytes.subarray(Math.max(0, bytes.length - wanted));
    },
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
