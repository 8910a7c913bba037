/**
 * Owns the read-only store in a directory of HDFS, spoken to through WebHDFS (or HttpFS, which speaks the same):
 * the namenode says which datanode has the bytes. Knows no format.
 */
import { StorageError } from "@hyperslab/core/errors";
import {
  type GetOptions,
  type RangeQuery,
  type ReadableStore,
  type StoreEntry,
  type StoreFacts,
  type StoreKey,
  checkCancelled,
  keySegments,
  resolveRange,
} from "../store.js";
import { type HttpAnswer, HttpClient, type HttpClientOptions } from "./http-client.js";
import { PassingFailure, pause, waitBefore } from "./retry.js";

export interface WebHdfsOptions extends HttpClientOptions {
  /** Who asks: `user.name`, where the cluster believes it. */
  readonly user?: string;
  /** A delegation token, asked for once; then `user` isn't sent. */
  readonly delegationToken?: () => Promise<string | undefined>;
}

/** What the namenode says of a file or directory. */
interface FileStatus {
  readonly pathSuffix: string;
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly modificationTime: number;
  readonly type: "FILE" | "DIRECTORY" | "SYMLINK";
}

/** What stands in a refusal. */
interface RemoteException {
  readonly exception: string;
  readonly message: string;
}

const API = "/webhdfs/v1";
/** Tries where the namenode says that it isn't ready. */
const ATTEMPTS = 5;

/** A readable store; files don't change in HDFS, except that they grow. */
export class WebHdfsStore implements ReadableStore {
  readonly label: string;
  readonly lasting: boolean = true;
  readonly #root: URL;
  readonly #client: HttpClient;
  readonly #options: WebHdfsOptions;
  #login: Promise<readonly [name: string, value: string] | undefined> | undefined;

  /** @param url `http(s)://namenode:port/path`; `/webhdfs/v1` may stand in it, behind a gateway's own path */
  constructor(url: string, options: WebHdfsOptions = {}) {
    const root = new URL(url);
    const path = root.pathname.replace(/\/+$/, "");
    if (!path.includes(`${API}/`) && !path.endsWith(API)) root.pathname = `${API}${path}`;
    else root.pathname = path;
    root.search = root.hash = "";
    this.#root = root;
    this.#options = options;
    this.#client = new HttpClient(options);
    this.label = `${root.protocol === "https:" ? "swebhdfs" : "webhdfs"}://${root.host}${path}`;
  }

  async get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    return (await this.#ask(key, "OPEN", {}, options))?.body;
  }

  async getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(key);
    let extent: { readonly offset: number; readonly length: number };
    if ("suffixLength" in range || !(range.length > 0) || range.offset < 0) {
      // there are no suffixes in the protocol
      const size = await this.sizeOf(key, options);
      if (size === undefined) return undefined;
      extent = resolveRange(path, size, range);
      if (extent.length === 0) return new Uint8Array(0);
    } else extent = range;
    const { offset, length } = extent;
    const query = { offset: String(offset), length: String(length) };
    const answer = await this.#ask(key, "OPEN", query, options);
    if (!answer) return undefined;
    if (answer.body.length === length) return answer.body;
    throw new StorageError({
      path,
      reason: `asked for ${length} bytes, the datanode sent ${answer.body.length}`,
      hint: "the value is shorter than what points into it",
      offset,
      length,
    });
  }

  async sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined> {
    return (await this.factsOf(key, options))?.size;
  }

  async factsOf(key: StoreKey, options?: GetOptions): Promise<StoreFacts | undefined> {
    const answer = await this.#ask(key, "GETFILESTATUS", {}, options);
    if (!answer) return undefined;
    const { type, length, modificationTime } = this.#json(key, answer, "FileStatus") as FileStatus;
    return type === "FILE" ? { size: length, modified: modificationTime } : undefined;
  }

  async list(prefix: StoreKey, options?: GetOptions): Promise<StoreEntry[]> {
    const answer = await this.#ask(prefix, "LISTSTATUS", {}, options);
    if (!answer) return [];
    const { FileStatus: all } = this.#json(prefix, answer, "FileStatuses") as { FileStatus: FileStatus[] };
    return all
      .filter(({ pathSuffix }) => pathSuffix !== "")
      .map(({ pathSuffix, type }): StoreEntry => ({
        name: pathSuffix,
        kind: type === "DIRECTORY" ? "prefix" : "value",
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The answer of an operation; undefined where there is no such file. @throws StorageError */
  async #ask(
    key: StoreKey,
    op: "OPEN" | "GETFILESTATUS" | "LISTSTATUS",
    query: Readonly<Record<string, string>>,
    options: GetOptions | undefined,
  ): Promise<HttpAnswer | undefined> {
    const signal = options?.signal;
    const path = this.#pathOf(key);
    const url = new URL(this.#root);
    url.pathname = [url.pathname, ...keySegments(key).map(encodeURIComponent)].join("/");
    checkCancelled(signal, `reading ${path}`);
    const login = await (this.#login ??= this.#findLogin());
    const parts = Object.entries({ op, ...query, ...(login ? { [login[0]]: login[1] } : {}) });
    url.search = parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    for (let attempt = 1; ; attempt++) {
      const memory = op === "OPEN" ? options?.memory : undefined;
      const answer = await this.#client.request({ url: url.href, memory, signal });
      if (answer.status === 200) return answer;
      const { exception, message } = exceptionIn(answer);
      if (answer.status === 404 && (exception === "FileNotFoundException" || exception === ""))
        return undefined;
      if (exception === "RetriableException" && attempt < ATTEMPTS) {
        await pause(waitBefore(attempt, this.#options.backoff ?? 200, new PassingFailure(message)), signal);
        checkCancelled(signal, `reading ${path}`);
        continue;
      }
      const said = exception ? ` (${exception}: ${message})` : "";
      throw new StorageError({
        path,
        reason: `${op} was answered with ${answer.status}${said}`,
        hint: hintFor(answer.status, exception, message),
        ...("offset" in query ? { offset: Number(query["offset"]), length: Number(query["length"]) } : {}),
      });
    }
  }

  async #findLogin(): Promise<readonly [name: string, value: string] | undefined> {
    const token = await this.#options.delegationToken?.();
    if (token !== undefined) return ["delegation", token];
    return this.#options.user === undefined ? undefined : ["user.name", this.#options.user];
  }

  #json(key: StoreKey, answer: HttpAnswer, member: string): unknown {
    try {
      const json = JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, unknown>;
      const value = json[member];
      if (typeof value === "object" && value !== null) return value;
    } catch {
      // what came is said below
    }
    throw new StorageError({
      path: this.#pathOf(key),
      reason: `the answer has no ${member}`,
      hint: "is that a namenode's HTTP address (port 9870, or 14000 for HttpFS)?",
    });
  }

  #pathOf(key: StoreKey): string {
    return key === "/" ? this.label : `${this.label}${key}`;
  }
}

function exceptionIn(answer: HttpAnswer): RemoteException {
  try {
    const json = JSON.parse(new TextDecoder().decode(answer.body)) as { RemoteException?: RemoteException };
    const { exception = "", message = "" } = json.RemoteException ?? {};
    return { exception, message: message.split("\n")[0] };
  } catch {
    return { exception: "", message: "" };
  }
}

function hintFor(status: number, exception: string, message: string): string | undefined {
  if (exception === "StandbyException") return "this namenode is on standby: name the active one";
  if (status === 401) return "the cluster wants a login: give a delegationToken";
  if (/out of the range/.test(message)) return "the value is truncated, or what points into it is wrong";
  if (exception === "AccessControlException") return "who asks may not: give another user or token";
  return exception === "" && status >= 300 ? "is that a namenode's HTTP address (port 9870)?" : undefined;
}
