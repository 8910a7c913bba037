/**
 * Owns the read-only store behind a URL, and its distrust of what servers answer. Knows no format. What it read
 * is taken to stay as it is while it is used.
 */
import { StorageError } from "@hyperslab/core/errors";
import {
  type GetOptions,
  type RangeQuery,
  type ReadableStore,
  type StoreFacts,
  type StoreKey,
  checkCancelled,
  keySegments,
  resolveRange,
} from "../store.js";
import {
  type HttpAnswer,
  HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  rangeHeader,
  withoutSecrets,
} from "./http-client.js";
import { checkedRange, factsIn, sizeInContentRange } from "./http-range.js";
import { basicLogin } from "./secrets.js";

export interface HttpStoreOptions extends HttpClientOptions {
  /** Sent with every request to the URL's own origin, and to no other that it may redirect to: logins and the like. */
  readonly headers?: Readonly<Record<string, string>>;
  /** More such headers, asked for once, before the first request. */
  readonly secretHeaders?: () => Promise<Readonly<Record<string, string>>>;
  /** True: 403 means "not there", as object stores answer whoever may not list. */
  readonly forbiddenIsAbsent?: boolean;
}

/** Answers to HEAD that say nothing of GET. */
const HEAD_REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 405, 501]);

/**
 * A readable store: the value of a key lies at the URL of the root followed by the key. 404 and 410 are
 * absent keys, and so is a folder that redirects to its own name with a slash. A query in the URL of the root
 * (a signature, say) is sent with each request.
 */
export class HttpStore implements ReadableStore {
  readonly label: string;
  readonly lasting: boolean = true;
  readonly #root: URL;
  readonly #client: HttpClient;
  readonly #headers: Record<string, string>;
  readonly #moreHeaders: HttpStoreOptions["secretHeaders"];
  readonly #forbiddenIsAbsent: boolean;
  #secretHeaders: Promise<Readonly<Record<string, string>>> | undefined;
  #headRefused = false;

  /** @throws StorageError for a string that is no http or https URL */
  constructor(url: string, options: HttpStoreOptions = {}) {
    const root = URL.canParse(url) ? new URL(url) : undefined;
    if (!root || (root.protocol !== "http:" && root.protocol !== "https:"))
      throw new StorageError({ path: url, reason: "not an http or https URL" });
    this.#headers = { ...options.headers };
    if (root.username || root.password) {
      // fetch refuses URLs that hold a password
      this.#headers["authorization"] ??= basicLogin(root);
      root.username = root.password = "";
    }
    root.hash = "";
    this.#root = root;
    this.label = withoutSecrets(root.href).replace(/\/+$/, "");
    this.#client = new HttpClient(options);
    this.#moreHeaders = options.secretHeaders;
    this.#forbiddenIsAbsent = options.forbiddenIsAbsent ?? false;
  }

  async get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    return (await this.#ask(key, { memory: options?.memory }, options?.signal))?.body;
  }

  async getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(key);
    const wanted = "suffixLength" in range ? range.suffixLength : range.length;
    if (!(wanted > 0)) {
      // HTTP has no empty ranges
      const size = await this.sizeOf(key, options);
      if (size === undefined) return undefined;
      resolveRange(path, size, range);
      return new Uint8Array(0);
    }
    const answer = await this.#ask(key, { range, memory: options?.memory }, options?.signal);
    return answer && checkedRange(path, range, answer);
  }

  async sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined> {
    return (await this.factsOf(key, options))?.size;
  }

  async factsOf(key: StoreKey, options?: GetOptions): Promise<StoreFacts | undefined> {
    if (!this.#headRefused) {
      const head = await this.#request(key, { method: "HEAD" }, options?.signal);
      if (head === undefined || isAbsent(head.status)) return undefined;
      const length = head.headers.get("content-length");
      const encoded = /[^\s]/.test((head.headers.get("content-encoding") ?? "").replace("identity", ""));
      if (head.status < 300 && length !== null && !encoded) return factsIn(head.headers, Number(length));
      if (head.status >= 300) {
        if (!HEAD_REFUSED.has(head.status)) return void this.#checked(key, head, undefined);
        this.#headRefused = true;
      }
    }
    // no HEAD, or no length in it: the first byte's Content-Range tells
    const headers = { range: "bytes=0-0" };
    const first = await this.#request(key, { headers, sizeOnly: true }, options?.signal);
    const told = first && sizeInContentRange(first.headers);
    if (told !== undefined && (first?.status === 206 || first?.status === 416))
      return factsIn(first.headers, told);
    const answer = first && this.#checked(key, first, undefined);
    return answer && factsIn(answer.headers, answer.length);
  }

  async #ask(
    key: StoreKey,
    what: Pick<HttpRequest, "range" | "memory">,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer | undefined> {
    const answer = await this.#request(key, what, signal);
    return answer && this.#checked(key, answer, what.range);
  }

  /** Undefined for the root: it is a folder. */
  async #request(
    key: StoreKey,
    what: Omit<HttpRequest, "url" | "signal">,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer | undefined> {
    const url = this.#addressOf(key);
    checkCancelled(signal, `reading ${withoutSecrets(url)}`);
    if (key === "/") return undefined;
    this.#secretHeaders ??= this.#moreHeaders?.() ?? Promise.resolve({});
    const secretHeaders = { ...this.#headers, ...(await this.#secretHeaders) };
    return this.#client.request({ ...what, url, secretHeaders, signal });
  }

  /** The answer, where it is one; undefined for what isn't there. @throws StorageError for refusals */
  #checked(key: StoreKey, answer: HttpAnswer, range: RangeQuery | undefined): HttpAnswer | undefined {
    const { status } = answer;
    if (status >= 200 && status < 300) return answer;
    if (isAbsent(status) || (status === 403 && this.#forbiddenIsAbsent)) return undefined;
    const path = this.#pathOf(key);
    if (status === 416 && range)
      throw new StorageError({
        path,
        reason: `the range ${rangeHeader(range)} goes past the end of the value (416)`,
        hint: "the value is truncated, or what points into it is wrong",
        ...("offset" in range
          ? { offset: range.offset, length: range.length }
          : { length: range.suffixLength }),
      });
    throw new StorageError({ path, reason: `the server answered ${status}`, hint: hintFor(status) });
  }

  #pathOf(key: StoreKey): string {
    return withoutSecrets(this.#addressOf(key));
  }

  /** The URL of a key. @throws StorageError for a key that would leave the root */
  #addressOf(key: StoreKey): string {
    const url = new URL(this.#root);
    const path = keySegments(key).map(encodeURIComponent);
    url.pathname = [url.pathname.replace(/\/+$/, ""), ...path].join("/");
    return url.href;
  }
}

/** Redirects that are still there are those of folders: the client follows all others. */
function isAbsent(status: number): boolean {
  return status === 404 || status === 410 || (status >= 300 && status < 400);
}

function hintFor(status: number): string | undefined {
  if (status === 401) return "a login is missing or wrong: give headers, or a user and password in the URL";
  if (status === 403)
    return "a login or a signature is missing; for stores that answer this for absent keys too: forbiddenIsAbsent";
  return status < 400 ? "where does it redirect to?" : undefined;
}
