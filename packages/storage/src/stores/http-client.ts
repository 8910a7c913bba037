/**
 * Owns requests over HTTP: tries, time limits, redirects, so many at once to one host, and who may see which
 * header. Knows no store: statuses that neither pass nor redirect are the caller's business.
 */
import { StorageError } from "@hyperslab/core/errors";
import { onCancelled } from "../cancellation.js";
import { Semaphore } from "../concurrent.js";
import { type RangeQuery, asStorageError, checkCancelled } from "../store.js";
import { readBody } from "./http-body.js";
import { PASSING, PassingFailure, pause, retryAfter, waitBefore } from "./retry.js";

export interface HttpClientOptions {
  /** How often a request is tried in all. Default 5. */
  readonly attempts?: number;
  /** Milliseconds before the second try; doubled each time, with some chance in it. Default 200. */
  readonly backoff?: number;
  /** Milliseconds of silence before a try is given up. Default 60,000. */
  readonly timeout?: number;
  /** Requests to one host that are under way at once, over all stores of this thread with this number. Default 32. */
  readonly concurrency?: number;
  /** What does the requests; the global `fetch` by default. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface HttpRequest {
  readonly url: string;
  readonly method?: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers for the origin of `url` alone: a redirect to elsewhere doesn't take them along. */
  readonly secretHeaders?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** What is wanted of the value; the request's own `Range` is made of it. */
  readonly range?: RangeQuery;
  /** Of a whole value only the length is wanted. */
  readonly sizeOnly?: boolean;
  /** Where the bytes are to be put, as stores are told it; asked once for each length, however often it is tried. */
  readonly memory?: (length: number) => Uint8Array | null;
  /** Redirects are answers. */
  readonly manual?: boolean;
  /** Makes headers anew for each try: signatures grow old. */
  sign?(): Promise<Readonly<Record<string, string>>>;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Of a range that was answered with the whole value: only the range. Of refusals: 64 KiB at most. */
  readonly body: Uint8Array;
  /** Bytes that the body has where it was read to its end. */
  readonly length: number;
}

/** Bytes a millisecond at which a body may still be on its way. */
const SLOWEST = 50;
const MOST_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** How many permanent redirects a client remembers. */
const MOST_MOVED = 1024;

/** One for each host and limit, in the whole thread. */
const slots: Map<string, Semaphore> = new Map();

function slotsOf(url: URL, limit: number): Semaphore {
  const name = `${url.origin} ${limit}`;
  let found = slots.get(name);
  if (!found) slots.set(name, (found = new Semaphore(limit)));
  return found;
}

/** Asks, and asks again. Holds no connections of its own: `fetch` keeps them alive. */
export class HttpClient {
  readonly #options: Required<HttpClientOptions>;
  /** Where values have moved for good. */
  readonly #moved: Map<string, string> = new Map();

  constructor(options: HttpClientOptions = {}) {
    this.#options = {
      attempts: options.attempts ?? 5,
      backoff: options.backoff ?? 200,
      timeout: options.timeout ?? 60_000,
      concurrency: options.concurrency ?? 32,
      fetch: options.fetch ?? ((address, init) => fetch(address, init)),
    };
  }

  /**
   * @throws StorageError where no try got an answer, CancelledError. Answers that say "try again" are tried
   * again; every other status is given back.
   */
  async request(asked: HttpRequest): Promise<HttpAnswer> {
    const request = asked.memory ? { ...asked, memory: once(asked.memory) } : asked;
    const { signal } = request;
    const path = withoutSecrets(request.url);
    const { attempts, backoff } = this.#options;
    for (let attempt = 1; ; attempt++) {
      checkCancelled(signal, `reading ${path}`);
      try {
        return await this.#follow(request, path);
      } catch (failure) {
        if (signal?.aborted || !(failure instanceof PassingFailure))
          throw asStorageError(path, signal, failure);
        if (attempt >= attempts)
          throw new StorageError({
            path,
            reason: `${failure.message} (tried ${attempt} ${attempt === 1 ? "time" : "times"})`,
            hint: "is the server up, and the network?",
            cause: failure.cause ?? failure,
          });
        await pause(waitBefore(attempt, backoff, failure), signal);
      }
    }
  }

  async #follow(request: HttpRequest, path: string): Promise<HttpAnswer> {
    const home = new URL(request.url).origin;
    let url = new URL(this.#moved.get(request.url) ?? request.url);
    let lasting = true;
    for (let hops = 0; ; hops++) {
      const here = url;
      const answer = await slotsOf(here, this.#options.concurrency).run(
        () => this.#ask(request, here, here.origin === home, path),
        request.signal,
      );
      const next = request.manual ? undefined : redirectOf(answer, here);
      if (next === undefined) return answer;
      if (hops >= MOST_REDIRECTS)
        throw new StorageError({ path, reason: `redirected more than ${MOST_REDIRECTS} times` });
      // a folder's name without its slash: web servers answer so, and there is no value
      if (next.origin === here.origin && next.pathname === `${here.pathname}/`) return answer;
      lasting &&= answer.status === 301 || answer.status === 308;
      if (lasting) {
        if (this.#moved.size >= MOST_MOVED) this.#moved.clear();
        this.#moved.set(request.url, next.href);
      }
      url = next;
    }
  }

  async #ask(request: HttpRequest, url: URL, isHome: boolean, path: string): Promise<HttpAnswer> {
    const { method = "GET", range, signal, body } = request;
    const stop = new AbortController();
    let late = false;
    // of what is sent nothing is heard until it is all there
    const patience = this.#options.timeout + (body?.length ?? 0) / SLOWEST;
    const clock = setTimeout(() => {
      late = true;
      stop.abort();
    }, patience);
    // not AbortSignal.any: a signal that lives long would keep each of those alive
    const forget = onCancelled(signal, () => stop.abort(signal?.reason));
    const reason = (cause: unknown): string => (late ? "it took too long" : reasonOf(cause));
    try {
      const headers = {
        "accept-encoding": "identity",
        ...request.headers,
        ...(range ? { range: rangeHeader(range) } : {}),
        ...(isHome ? { ...request.secretHeaders, ...(await request.sign?.()) } : {}),
      };
      const response = await this.#options
        .fetch(url.href, {
          method,
          headers,
          redirect: "manual",
          signal: stop.signal,
          ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
        })
        .catch((cause: unknown) => {
          if (isHopeless(cause))
            throw new StorageError({ path, reason: `no answer: ${reasonOf(cause)}`, hint: HOPELESS, cause });
          throw new PassingFailure(`no answer: ${reason(cause)}`, 0, cause);
        });
      const { status } = response;
      if (PASSING.has(status)) {
        const wait = retryAfter(response.headers);
        await response.body?.cancel();
        throw new PassingFailure(`the server answered ${status}`, wait);
      }
      if (method === "HEAD") return { status, headers: response.headers, body: new Uint8Array(0), length: 0 };
      const { bytes, length } = await readBody(response, {
        path,
        range,
        sizeOnly: request.sizeOnly,
        memory: request.memory,
        alive: () => clock.refresh(),
        reason,
      });
      return { status, headers: response.headers, body: bytes, length };
    } finally {
      clearTimeout(clock);
      forget();
    }
  }
}

/** The same memory for the same length. */
function once(memory: NonNullable<HttpRequest["memory"]>): NonNullable<HttpRequest["memory"]> {
  const given = new Map<number, Uint8Array | null>();
  return (length) => {
    let place = given.get(length);
    if (place === undefined) given.set(length, (place = memory(length)));
    return place;
  };
}

/** A range as HTTP writes it. */
export function rangeHeader(range: RangeQuery): string {
  return "suffixLength" in range
    ? `bytes=-${range.suffixLength}`
    : `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

/** An address for messages: without login, query and fragment, where secrets may stand. */
export function withoutSecrets(address: string): string {
  const url = new URL(address);
  return `${url.origin}${url.pathname}`;
}

function redirectOf(answer: HttpAnswer, from: URL): URL | undefined {
  if (!REDIRECTS.has(answer.status)) return undefined;
  const location = answer.headers.get("location");
  if (location === null || !URL.canParse(location, from.href)) return undefined;
  const next = new URL(location, from);
  return next.protocol === "http:" || next.protocol === "https:" ? next : undefined;
}

const HOPELESS =
  "look at the address, and at the server's certificate (NODE_EXTRA_CA_CERTS names further authorities)";

/** Failures that will be the same the next time: certificates that aren't believed, ports that `fetch` refuses. */
function isHopeless(cause: unknown): boolean {
  const inner = cause instanceof Error ? cause.cause : undefined;
  if (!(inner instanceof Error)) return false;
  const code = "code" in inner ? String(inner.code) : "";
  return /CERT|^UNABLE_TO_|^ERR_SSL_WRONG_VERSION/.test(code) || inner.message === "bad port";
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
