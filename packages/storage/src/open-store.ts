/** Owns the way from a reference, a path or a URL to an open store. Knows no format. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StorageError } from "@hyperslab/core/errors";
import type { S3Access, StoreRef } from "@hyperslab/core/source-ref";
import { unreachable } from "@hyperslab/core/unreachable";
import { FileStore } from "./stores/file-store.js";
import { processStore } from "./stores/process-store.js";
import { type ReadableStore, type WritableStore, isWritable } from "./store.js";
import { LazyListedStore, LazyStore, LazyWritableStore } from "./stores/lazy-store.js";
import { basicLogin, findSecret, keepSecret } from "./stores/secrets.js";

/** How a store is opened. Keys, tokens and headers stay in this process: see {@link StoreRef}. */
export interface StoreOptions {
  /**
   * Bytes of what was read that are kept, in a memory that all stores of a thread share; what others write meanwhile
   * isn't seen. Default 0.
   */
  readonly cache?: number;
  /** HTTP: sent to the URL's own origin and no other. */
  readonly headers?: Readonly<Record<string, string>>;
  /** HTTP and S3: 403 means "not there", as object stores answer whoever may not list. */
  readonly forbiddenIsAbsent?: boolean;
  /** S3: nothing is signed; for public data. */
  readonly anonymous?: boolean;
  /** S3: a section of `~/.aws/credentials` and `~/.aws/config`. */
  readonly profile?: string;
  /** S3: the keys to sign with, instead of those of the environment or the profile. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** S3: goes with keys that are lent for a time. */
  readonly sessionToken?: string;
  /** S3: URL of a server that isn't Amazon's. */
  readonly endpoint?: string;
  /** S3: the region of the bucket. */
  readonly region?: string;
  /** S3: the bucket's name stands in the path; so by default wherever there is an endpoint. */
  readonly pathStyle?: boolean;
  /** WebHDFS: who asks, where nothing checks it. */
  readonly user?: string;
  /** WebHDFS: a delegation token. */
  readonly delegationToken?: string;
}

/** How many stores stay open in a process at most; they hold no handles, only what they know. */
const MOST_OPEN = 256;

const open: Map<string, ReadableStore> = new Map();

/** The store of a reference; one object per process and reference. @throws StorageError */
export function openStore(ref: StoreRef): ReadableStore {
  if (ref.kind === "process") return processStore(ref.id);
  const name = ref.kind === "file" ? ref.path : JSON.stringify(ref);
  let store = open.get(name);
  if (!store) {
    store = openAnew(ref);
    if (open.size >= MOST_OPEN) for (const oldest of [...open.keys()].slice(0, 1)) open.delete(oldest);
    open.set(name, store);
  }
  return store;
}

/** The same, with its code loaded: the store itself. @throws StorageError */
export async function openStoreItself(ref: StoreRef): Promise<ReadableStore> {
  const store = openStore(ref);
  return store instanceof LazyStore ? store.itself() : store;
}

/** The same, for writing. @throws StorageError where the store can't be written */
export function openWritableStore(ref: StoreRef): WritableStore {
  const store = openStore(ref);
  if (isWritable(store)) return store;
  throw new StorageError({
    path: store.label,
    reason: "this store can only be read",
    hint: "write to a directory, a bucket (s3://), or a store object with set, delete and list",
  });
}

/**
 * The reference of a path or URL: `http(s)://`, `s3://bucket/prefix`, `webhdfs://host:port/path` (`swebhdfs` with
 * TLS), `file://`, or a path, which is made absolute here so that it means the same in every process of this
 * machine. A login in a URL is kept in this process. @throws StorageError for other schemes
 */
export function storeRefOf(pathOrUrl: string, options: StoreOptions = {}): StoreRef {
  const { cache } = options;
  const ref = plainRefOf(pathOrUrl, options);
  return cache === undefined || cache <= 0 ? ref : { kind: "cached", store: ref, bytes: cache };
}

function plainRefOf(pathOrUrl: string, options: StoreOptions): StoreRef {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(pathOrUrl)?.[1].toLowerCase();
  switch (scheme) {
    case undefined:
      return { kind: "file", path: resolve(pathOrUrl) };
    case "file":
      return { kind: "file", path: fileURLToPath(pathOrUrl) };
    case "http":
    case "https":
      return httpRef(pathOrUrl, options);
    case "s3":
    case "s3a":
      return s3Ref(pathOrUrl, options);
    case "webhdfs":
    case "swebhdfs":
      return webHdfsRef(pathOrUrl, options);
    default:
      throw new StorageError({
        path: pathOrUrl,
        reason: `there is no store for ${scheme}://`,
        hint: "use a path, http(s)://, s3://, webhdfs://, or pass a store object",
      });
  }
}

function httpRef(text: string, options: StoreOptions): StoreRef {
  const { headers, forbiddenIsAbsent } = options;
  if (!URL.canParse(text)) throw new StorageError({ path: text, reason: "not an http or https URL" });
  const url = new URL(text);
  const login = url.username || url.password ? { authorization: basicLogin(url) } : {};
  const secret = keepSecret({ ...login, ...headers });
  url.username = url.password = "";
  return {
    kind: "http",
    url: "authorization" in login ? url.href : text,
    ...(forbiddenIsAbsent ? { forbiddenIsAbsent } : {}),
    ...(secret === undefined ? {} : { secret }),
  };
}

function s3Ref(text: string, options: StoreOptions): StoreRef {
  // not a URL's rules: keys may hold ? and #, and names of buckets dots and capitals
  const [, bucket = "", prefix = ""] = /^[^:]+:\/\/([^/]*)\/*([^]*)$/.exec(text) ?? [];
  if (!/^[a-z0-9][a-z0-9._-]+$/i.test(bucket))
    throw new StorageError({ path: text, reason: "no bucket is named", hint: "s3://bucket/prefix" });
  return { kind: "s3", bucket, prefix: prefix.replace(/\/+$/, ""), ...s3AccessOf(options) };
}

/** What of the options may stand in a reference; the rest is kept here. */
export function s3AccessOf(options: StoreOptions): S3Access {
  const { anonymous, profile, endpoint, region, pathStyle, forbiddenIsAbsent } = options;
  const { accessKeyId, secretAccessKey, sessionToken } = options;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    throw new StorageError({
      path: "s3://",
      reason: "accessKeyId and secretAccessKey go together, and one is missing",
    });
  const secret = keepSecret({ accessKeyId, secretAccessKey, sessionToken });
  const said = { anonymous, profile, endpoint, region, pathStyle, forbiddenIsAbsent, secret };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function webHdfsRef(text: string, options: StoreOptions): StoreRef {
  const address = text.replace(/^(s?)webhdfs:/i, (_, tls) => (tls ? "https:" : "http:"));
  // a URL of http would make up a host from the path
  if (!URL.canParse(address) || !/^[^:]+:\/\/[^/]/.test(text))
    throw new StorageError({ path: text, reason: "no such address", hint: "webhdfs://host:port/path" });
  const url = new URL(address);
  const user = options.user ?? (url.username ? decodeURIComponent(url.username) : undefined);
  const secret = keepSecret({ delegation: options.delegationToken });
  url.username = url.password = "";
  return {
    kind: "webhdfs",
    url: url.href,
    ...(user === undefined ? {} : { user }),
    ...(secret === undefined ? {} : { secret }),
  };
}

function openAnew(ref: Exclude<StoreRef, { readonly kind: "process" }>): ReadableStore {
  const label = labelOf(ref);
  switch (ref.kind) {
    case "file":
      return new FileStore(ref.path);
    case "http":
      return new LazyStore(label, async () => {
        const [{ HttpStore }, { withCoalescing }] = await Promise.all([
          import("./stores/http-store.js"),
          import("./stores/coalesce.js"),
        ]);
        const { url, secret, forbiddenIsAbsent } = ref;
        const secretHeaders = async (): Promise<Readonly<Record<string, string>>> =>
          secret === undefined ? {} : ((await findSecret(secret)) ?? {});
        return withCoalescing(new HttpStore(url, { forbiddenIsAbsent, secretHeaders }));
      });
    case "s3":
      return new LazyWritableStore(label, async () => {
        const [{ S3Store }, { withCoalescing }] = await Promise.all([
          import("./stores/s3-store.js"),
          import("./stores/coalesce.js"),
        ]);
        return withCoalescing(new S3Store(ref));
      });
    case "webhdfs":
      return new LazyListedStore(label, async () => {
        const [{ WebHdfsStore }, { withCoalescing }] = await Promise.all([
          import("./stores/webhdfs-store.js"),
          import("./stores/coalesce.js"),
        ]);
        const { url, user, secret } = ref;
        const delegationToken = async (): Promise<string | undefined> =>
          secret === undefined ? undefined : (await findSecret(secret))?.["delegation"];
        return withCoalescing(new WebHdfsStore(url, { user, delegationToken }));
      });
    case "zip":
      return new LazyListedStore(label, async () => {
        const { ZipStore } = await import("./stores/zip-store.js");
        return new ZipStore(openStore(ref.store), ref.key);
      });
    case "references":
      return new LazyListedStore(label, async () => {
        const [{ ReferenceStore }, { resolveTarget }] = await Promise.all([
          import("./stores/reference-store.js"),
          import("./stores/reference-target.js"),
        ]);
        return new ReferenceStore(openStore(ref.store), ref.key, (url) => {
          const target = resolveTarget(ref, url);
          return { store: openStore(target.store), key: target.key };
        });
      });
    case "cached": {
      const inner = openStore(ref.store);
      const load = async (): Promise<ReadableStore> => {
        const { byteCache, withByteCache } = await import("./stores/byte-cache.js");
        return withByteCache(inner, byteCache(ref.bytes), JSON.stringify(ref.store));
      };
      if (isWritable(inner)) return new LazyWritableStore(label, load);
      return inner.list ? new LazyListedStore(label, load) : new LazyStore(label, load);
    }
    default:
      return unreachable(ref);
  }
}

/** For messages, before the store says it itself. */
function labelOf(ref: StoreRef): string {
  switch (ref.kind) {
    case "file":
      return ref.path;
    case "http":
    case "webhdfs":
      return ref.url.replace(/[?#].*$/, "");
    case "s3":
      return `s3://${ref.bucket}/${ref.prefix}`.replace(/\/$/, "");
    case "zip":
    case "references":
      return `${ref.kind}:${labelOf(ref.store)}${ref.key}`;
    case "cached":
      return labelOf(ref.store);
    case "process":
      return `(store ${ref.id} of this process)`;
  }
}
