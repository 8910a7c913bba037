/**
 * Owns the store in a bucket of an S3-compatible server: one object for each key below a prefix. A value appears
 * whole or not at all, as objects do. Knows no format.
 */
import { createHash } from "node:crypto";
import { StorageError } from "@hyperslab/core/errors";
import {
  type GetOptions,
  type RangeQuery,
  type StoreEntry,
  type StoreFacts,
  type StoreKey,
  type WritableStore,
  checkCancelled,
  keySegments,
  resolveRange,
  sortedEntries,
} from "../store.js";
import type { HttpAnswer } from "./http-client.js";
import { checkedRange, factsIn, sizeInContentRange } from "./http-range.js";
import { S3Client, type S3ClientOptions, encodePart, refusalOf } from "./s3-client.js";
import { type S3Page, deleteBody, parsePage } from "./s3-xml.js";

export interface S3StoreOptions extends S3ClientOptions {
  /** Where in the bucket the root is; empty for the bucket itself. */
  readonly prefix: string;
}

/** Keys of one DeleteObjects. */
const MOST_AT_ONCE = 1000;

export class S3Store implements WritableStore {
  readonly label: string;
  readonly lasting: boolean = true;
  readonly bucket: string;
  readonly #client: S3Client;
  readonly #prefix: string;
  readonly #forbiddenIsAbsent: boolean;

  constructor(options: S3StoreOptions) {
    this.bucket = options.bucket;
    this.#prefix = options.prefix.replace(/^\/+|\/+$/g, "");
    this.#client = new S3Client(options);
    this.#forbiddenIsAbsent = options.forbiddenIsAbsent ?? false;
    this.label = this.#client.label(this.#prefix).replace(/\/$/, "");
  }

  async get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    return (await this.#ask(key, undefined, options))?.body;
  }

  async getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(key);
    if (!("suffixLength" in range ? range.suffixLength > 0 : range.length > 0)) {
      const size = await this.sizeOf(key, options);
      if (size === undefined) return undefined;
      resolveRange(path, size, range);
      return new Uint8Array(0);
    }
    const answer = await this.#ask(key, range, options);
    return answer && checkedRange(path, range, answer);
  }

  async sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined> {
    return (await this.factsOf(key, options))?.size;
  }

  async factsOf(key: StoreKey, options?: GetOptions): Promise<StoreFacts | undefined> {
    const name = this.nameOf(key);
    checkCancelled(options?.signal, `reading ${this.#pathOf(key)}`);
    if (key === "/") return undefined;
    const head = await this.#client.request({ method: "HEAD", key: name, signal: options?.signal });
    const length = head.headers.get("content-length");
    if (head.status === 200 && length !== null) return factsIn(head.headers, Number(length));
    if (head.status === 404) return undefined;
    // answers to HEAD have no reasons, and some logins may GET alone
    const range = { offset: 0, length: 1 };
    const first = await this.#client.request({
      method: "GET",
      key: name,
      range,
      sizeOnly: true,
      signal: options?.signal,
    });
    if (first.status === 416) return factsIn(first.headers, sizeInContentRange(first.headers) ?? 0);
    const answer = this.#checked(key, first);
    return answer && factsIn(answer.headers, sizeInContentRange(answer.headers) ?? answer.length);
  }

  async list(prefix: StoreKey, options?: GetOptions): Promise<StoreEntry[]> {
    const under = this.#under(prefix);
    const kinds = new Map<string, StoreEntry["kind"]>();
    for await (const page of this.#pages(under, "/", options)) {
      for (const key of page.keys) kinds.set(key.slice(under.length), "value");
      for (const one of page.prefixes) kinds.set(one.slice(under.length, -1), "prefix");
    }
    // a "folder" that some tools make is an object of no name
    kinds.delete("");
    return sortedEntries(kinds);
  }

  async set(key: StoreKey, value: Uint8Array): Promise<void> {
    const answer = await this.#client.request({ method: "PUT", key: this.#writableName(key), body: value });
    this.#succeeded(key, answer, "can't be written");
  }

  async delete(key: StoreKey): Promise<void> {
    const doomed = key === "/" ? [] : [this.nameOf(key)];
    for await (const page of this.#pages(this.#under(key), undefined)) {
      doomed.push(...page.keys);
      // a listing goes on where it was, whatever is removed behind it
      while (doomed.length >= MOST_AT_ONCE) await this.#remove(key, doomed.splice(0, MOST_AT_ONCE));
    }
    if (doomed.length) await this.#remove(key, doomed);
  }

  /** Copies a value of another prefix without moving its bytes here. @throws StorageError */
  async copyFrom(source: S3Store, key: StoreKey): Promise<void> {
    const from = [source.bucket, ...source.nameOf(key).split("/")].map(encodePart).join("/");
    const headers = { "x-amz-copy-source": `/${from}` };
    const answer = await this.#client.request({ method: "PUT", key: this.#writableName(key), headers });
    // the server may find that it can't after it said 200
    if (answer.status === 200 && refusalOf(answer).code !== "")
      throw this.#refused(key, answer, `can't be copied from ${source.label}`);
    this.#succeeded(key, answer, `can't be copied from ${source.label}`);
  }

  /** All keys, in the server's order. */
  async *keys(options?: GetOptions): AsyncIterable<StoreKey> {
    const under = this.#under("/");
    for await (const page of this.#pages(under, undefined, options))
      for (const key of page.keys) if (key.length > under.length) yield `/${key.slice(under.length)}`;
  }

  /** The name of a key's object. @throws StorageError for a key that would leave the prefix */
  nameOf(key: StoreKey): string {
    return [this.#prefix, ...keySegments(key)].filter((part) => part !== "").join("/");
  }

  async #ask(
    key: StoreKey,
    range: RangeQuery | undefined,
    options: GetOptions | undefined,
  ): Promise<HttpAnswer | undefined> {
    const name = this.nameOf(key);
    checkCancelled(options?.signal, `reading ${this.#pathOf(key)}`);
    if (key === "/") return undefined;
    const { signal, memory } = options ?? {};
    const answer = await this.#client.request({ method: "GET", key: name, range, memory, signal });
    if (answer.status === 416)
      throw new StorageError({
        path: this.#pathOf(key),
        reason: "the range goes past the end of the value (416)",
        hint: "the value is truncated, or what points into it is wrong",
        ...(range && "offset" in range ? { offset: range.offset, length: range.length } : {}),
      });
    return this.#checked(key, answer);
  }

  #checked(key: StoreKey, answer: HttpAnswer): HttpAnswer | undefined {
    if (answer.status === 200 || answer.status === 206) return answer;
    const { code } = refusalOf(answer);
    if (answer.status === 404 && code !== "NoSuchBucket") return undefined;
    if (answer.status === 403 && this.#forbiddenIsAbsent && (code === "AccessDenied" || code === ""))
      return undefined;
    throw this.#refused(key, answer, "can't be read");
  }

  async *#pages(
    prefix: string,
    delimiter: string | undefined,
    options?: GetOptions,
  ): AsyncGenerator<S3Page, void> {
    let token: string | undefined;
    do {
      checkCancelled(options?.signal, `listing ${this.label}`);
      const answer = await this.#client.request({
        method: "GET",
        query: {
          "list-type": "2",
          "encoding-type": "url",
          prefix,
          ...(delimiter === undefined ? {} : { delimiter }),
          ...(token === undefined ? {} : { "continuation-token": token }),
        },
        signal: options?.signal,
      });
      if (answer.status !== 200) throw this.#refused("/", answer, "can't be listed");
      const page = parsePage(new TextDecoder().decode(answer.body));
      yield page;
      token = page.next;
    } while (token !== undefined);
  }

  async #remove(key: StoreKey, names: readonly string[]): Promise<void> {
    const body = Buffer.from(deleteBody(names));
    const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
    const answer = await this.#client.request({ method: "POST", query: { delete: "" }, headers, body });
    if (answer.status === 200 && refusalOf(answer).code !== "")
      throw this.#refused(key, answer, "can't be removed");
    this.#succeeded(key, answer, "can't be removed");
  }

  #succeeded(key: StoreKey, answer: HttpAnswer, failure: string): void {
    if (answer.status < 200 || answer.status > 299) throw this.#refused(key, answer, failure);
  }

  #refused(key: StoreKey, answer: HttpAnswer, failure: string): StorageError {
    const { code, message } = refusalOf(answer);
    const said = [code, message].filter((part) => part !== "").join(": ");
    return new StorageError({
      path: this.#pathOf(key),
      reason: `${failure}: the server answered ${answer.status}${said ? ` (${said})` : ""}`,
      hint: hintFor(answer.status, code),
    });
  }

  #writableName(key: StoreKey): string {
    if (keySegments(key).length > 0) return this.nameOf(key);
    throw new StorageError({ path: this.#pathOf(key), reason: "the root of a store is no value" });
  }

  #under(key: StoreKey): string {
    const name = this.nameOf(key);
    return name === "" ? "" : `${name}/`;
  }

  #pathOf(key: StoreKey): string {
    return this.#client.label(this.nameOf(key));
  }
}

function hintFor(status: number, code: string): string | undefined {
  switch (code) {
    case "NoSuchBucket":
      return "look at the bucket's name, and the endpoint";
    case "SignatureDoesNotMatch":
    case "InvalidAccessKeyId":
      return "look at the keys, and whether they belong to this endpoint";
    case "ExpiredToken":
      return "the session is over: get new keys";
    case "RequestTimeTooSkewed":
      return "set this machine's clock";
    default:
      break;
  }
  if (status === 301 || status === 400) return "look at the region and the endpoint";
  if (status === 403)
    return "who asks may not; public data want anonymous: true; where absent keys are answered so: forbiddenIsAbsent";
  return undefined;
}
