/**
 * Owns the read-only store behind a URL: ranges, retries, and distrust of what servers answer.
 * Knows no format. What it read is taken to stay as it is while it is used.
 */
import { StorageError } from "@hyperslab/core/errors";
import {
  type GetOptions,
  type RangeQuery,
  type ReadableStore,
  type StoreKey,
  asStorageError,
  checkCancelled,
  keySegments,
  sliceRange,
} from "./store.js";

export interface HttpStoreOptions {
  /** Sent with every request: tokens and the like. */
  headers?: Readonly<Record<string, string>>;
  /** How often a request is tried in all. Default 5. */
  attempts?: number;
  /** Milliseconds before the second try; doubled each time, with some chance in it. Default 200. */
  backoff?: number;
  /** Milliseconds of silence before a try is given up. Default 60,000. */
  timeout?: number;
  /** What does the requests; the global `fetch` by default. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Answers that are worth asking again for. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Longest wait that a server may ask for with Retry-After, in milliseconds. */
const LONGEST_WAIT = 30_000;

/** A failure of the network or the server that may pass. */
class PassingFailure extends Error {
  readonly wait: number;
  constructor(message: string, wait = 0, cause?: unknown) {
    super(message, { cause });
    this.wait = wait;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * A readable store: the value of a key lies at the URL of the root followed by the key. 404 and 410 are
 * absent keys. A query in the URL of the root (a signature, say) is sent with each request.
 */
export class HttpStore implements ReadableStore {
  readonly label: string;
  readonly lasting: boolean = true;
  readonly #root: URL;
  readonly #options: Required<HttpStoreOptions>;

  /** @throws StorageError for a string that is no http or https URL */
  constructor(url: string, options: HttpStoreOptions = {}) {
    const root = URL.canParse(url) ? new URL(url) : undefined;
    if (!root || (root.protocol !== "http:" && root.protocol !== "https:"))
      throw new StorageError({ path: url, reason: "not an http or https URL" });
    const headers: Record<string, string> = { "accept-encoding": "identity", ...options.headers };
    if (root.username || root.password) {
      // fetch refuses URLs that hold a password
      const login = `${decodeURIComponent(root.username)}:${decodeURIComponent(root.password)}`;
      headers["authorization"] ??= `Basic ${Buffer.from(login).toString("base64")}`;
      root.username = root.password = "";
    }
    root.hash = "";
    this.#root = root;
    this.label = `${root.origin}${root.pathname.replace(/\/+$/, "")}`;
    this.#options = {
      headers,
      attempts: options.attempts ?? 5,
      backoff: options.backoff ?? 200,
      timeout: options.timeout ?? 60_000,
      fetch: options.fetch ?? ((address, init) => fetch(address, init)),
    };
  }

  async get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    const answer = await this.#ask(key, "GET", {}, options?.signal);
    return answer?.body;
  }

  async getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    const wanted = "suffixLength" in range ? range.suffixLength : range.length;
    if (wanted === 0) return (await this.sizeOf(key, options)) === undefined ? undefined : new Uint8Array(0);
    const value =
      "suffixLength" in range
        ? `bytes=-${range.suffixLength}`
        : `bytes=${range.offset}-${range.offset + range.length - 1}`;
    const answer = await this.#ask(key, "GET", { range: value }, options?.signal, range);
    if (!answer) return undefined;
    const path = this.#addressOf(key);
    // a server that ignores ranges sends the whole value
    if (answer.status !== 206) return sliceRange(path, answer.body, range);
    const content = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.headers.get("content-range") ?? "");
    const start = content ? Number(content[1]) : undefined;
    const expected =
      "suffixLength" in range
        ? content && content[3] !== "*"
          ? Number(content[3]) - range.suffixLength
          : start
        : range.offset;
    if (start === undefined || start !== expected || answer.body.length !== wanted)
      throw new StorageError({
        path,
        reason: `asked for ${value}, the server sent ${answer.body.length} bytes as "${answer.headers.get("content-range") ?? ""}"`,
        hint: "the value is shorter than what points into it, or the server is broken",
        offset: expected,
        length: wanted,
      });
    return answer.body;
  }

  async sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined> {
    const head = await this.#ask(key, "HEAD", {}, options?.signal);
    if (!head) return undefined;
    const length = head.headers.get("content-length");
    if (length !== null && head.status < 400) return Number(length);
    // no HEAD, or no length in it: the first byte's Content-Range tells
    const first = await this.#ask(key, "GET", { range: "bytes=0-0" }, options?.signal);
    const total = /\/(\d+)$/.exec(first?.headers.get("content-range") ?? "");
    return total ? Number(total[1]) : first?.body.length;
  }

  /** The URL of a key. @throws StorageError for a key that would leave the root */
  #addressOf(key: StoreKey): string {
    const url = new URL(this.#root);
    const path = keySegments(key).map(encodeURIComponent);
    url.pathname = [url.pathname.replace(/\/+$/, ""), ...path].join("/");
    return url.href;
  }

  async #ask(
    key: StoreKey,
    method: "GET" | "HEAD",
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
    range?: RangeQuery,
  ): Promise<Answer | undefined> {
    const address = this.#addressOf(key);
    const { attempts, backoff } = this.#options;
    for (let attempt = 1; ; attempt++) {
      checkCancelled(signal, `reading ${address}`);
      try {
        return await this.#askOnce(address, method, headers, signal, range);
      } catch (failure) {
        if (signal?.aborted || !(failure instanceof PassingFailure))
          throw asStorageError(address, signal, failure);
        if (attempt >= attempts)
          throw new StorageError({
            path: address,
            reason: `${failure.message} (tried ${attempt} times)`,
            hint: "is the server up, and the network?",
            cause: failure.cause ?? failure,
          });
        const wait = backoff * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
        await pause(Math.max(wait, Math.min(failure.wait, LONGEST_WAIT)), signal);
      }
    }
  }

  async #askOnce(
    address: string,
    method: "GET" | "HEAD",
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
    range: RangeQuery | undefined,
  ): Promise<Answer | undefined> {
    const timeout = new AbortController();
    const clock = setTimeout(() => timeout.abort(), this.#options.timeout);
    try {
      const response = await this.#options
        .fetch(address, {
          method,
          headers: { ...this.#options.headers, ...headers },
          signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
        })
        .catch((cause: unknown) => {
          throw new PassingFailure(`no answer: ${reasonOf(cause, timeout.signal)}`, 0, cause);
        });
      const { status } = response;
      if (PASSING.has(status)) {
        await response.body?.cancel();
        throw new PassingFailure(`the server answered ${status}`, retryAfter(response.headers));
      }
      if (status === 404 || status === 410) {
        await response.body?.cancel();
        return undefined;
      }
      const noHead = method === "HEAD" && (status === 405 || status === 501);
      if (!response.ok && !noHead) {
        await response.body?.cancel();
        throw refused(address, status, range);
      }
      const body =
        method === "HEAD"
          ? new Uint8Array(0)
          : await bodyOf(response, range, timeout.signal, () => clock.refresh());
      return { status, headers: response.headers, body };
    } finally {
      clearTimeout(clock);
    }
  }
}

/** The body, as far as it is needed: of a whole value only the bytes up to the end of the range. */
async function bodyOf(
  response: Response,
  range: RangeQuery | undefined,
  timeout: AbortSignal,
  alive: () => void,
): Promise<Uint8Array> {
  const declared = response.headers.get("content-length");
  const encoded = response.headers.get("content-encoding") ?? "identity";
  const enough =
    response.status !== 206 && range && "offset" in range ? range.offset + range.length : Infinity;
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      alive();
      parts.push(part.value);
      length += part.value.length;
      if (length >= enough) {
        await reader?.cancel();
        break;
      }
    }
  } catch (cause) {
    throw new PassingFailure(
      `the answer broke off after ${length} bytes: ${reasonOf(cause, timeout)}`,
      0,
      cause,
    );
  }
  if (declared !== null && encoded === "identity" && length < Math.min(Number(declared), enough))
    throw new PassingFailure(`the answer has ${length} bytes, ${declared} were announced`);
  const body = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

function refused(address: string, status: number, range: RangeQuery | undefined): StorageError {
  if (status === 416 && range)
    return new StorageError({
      path: address,
      reason: "the range goes past the end of the value (416)",
      hint: "the value is truncated, or what points into it is wrong",
      ...("offset" in range ? range : { length: range.suffixLength }),
    });
  const hint =
    status === 401 || status === 403
      ? "a login or a signature is missing (some stores answer this for absent keys too)"
      : undefined;
  return new StorageError({ path: address, reason: `the server answered ${status}`, hint });
}

function reasonOf(cause: unknown, timeout: AbortSignal): string {
  if (timeout.aborted) return "it took too long";
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}

/** Milliseconds that the server asks us to wait. */
function retryAfter(headers: Headers): number {
  const value = headers.get("retry-after");
  if (value === null) return 0;
  const seconds = Number(value);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((done) => {
    const finish = (): void => {
      clearTimeout(clock);
      signal?.removeEventListener("abort", finish);
      done();
    };
    const clock = setTimeout(finish, milliseconds);
    signal?.addEventListener("abort", finish);
  });
}
