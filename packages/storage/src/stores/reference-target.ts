/**
 * Owns what the URLs in references stand for: which value of which store. Paths without a scheme are relative to
 * where the references lie. Opens nothing.
 */
import { basename, dirname, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StorageError } from "@hyperslab/core/errors";
import type { S3Access, StoreRef } from "@hyperslab/core/source-ref";
import { type StoreKey, joinKey } from "../store.js";

/** Where references lie, and how the `s3:` among their targets are opened. */
export type ReferencesRef = Extract<StoreRef, { readonly kind: "references" }>;

/** A value, by reference. */
export interface TargetRef {
  readonly store: StoreRef;
  readonly key: StoreKey;
}

/**
 * The value that a URL stands for. What holds for the store of the references holds for its targets: a cache is
 * theirs too. References that came over a network may not name files of this machine.
 * @throws StorageError for a scheme that has no store, and for such files
 */
export function resolveTarget(from: ReferencesRef, url: string): TargetRef {
  if (from.store.kind === "cached") {
    const { store, key } = resolveTarget({ ...from, store: from.store.store }, url);
    return { store: { ...from.store, store }, key };
  }
  const fail = (reason: string, hint?: string): StorageError =>
    new StorageError({ path: url, reason: `a reference in ${labelOf(from)}: ${reason}`, hint });
  // what fsspec would do on the way (keeping copies) is of no account here
  const plain = url.replace(/^(?:(?:simple|file|block)cache::)+/, "");
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(plain)?.[1].toLowerCase();
  switch (scheme) {
    case undefined:
      return relativeTarget(from, plain, fail);
    case "file":
    case "local": {
      const path = fileURLToPath(plain.replace(/^local:/i, "file:"));
      return fileTarget(from, path, fail);
    }
    case "http":
    case "https":
      return urlTarget("http", plain, accessTo(from, plain));
    case "gs":
    case "gcs":
      return urlTarget("http", plain.replace(/^\w+:\/\//, "https://storage.googleapis.com/"), {});
    case "s3":
    case "s3a":
      return s3Target(plain, from.targets);
    case "webhdfs":
    case "swebhdfs":
      return urlTarget(
        "webhdfs",
        plain.replace(/^(s?)webhdfs:/i, (_, tls) => (tls ? "https:" : "http:")),
        {},
      );
    default:
      throw fail(
        `there is no store for ${scheme}://`,
        "known are file, http, https, s3, gs (public), webhdfs",
      );
  }
}

/** A path: beside the references, or anywhere on this machine where they lie on it. */
function relativeTarget(
  from: ReferencesRef,
  path: string,
  fail: (reason: string, hint?: string) => StorageError,
): TargetRef {
  const { store, key } = from;
  const beside = posix.dirname(key);
  const isAbsolute = path.startsWith("/");
  switch (store.kind) {
    case "file":
      return fileTarget(from, isAbsolute ? path : resolve(store.path, `.${beside}`, path), fail);
    case "http":
    case "webhdfs": {
      if (isAbsolute) throw fail("an absolute path, in references that came from elsewhere");
      const base = new URL(store.url);
      const parts = path.split("/").map(encodeURIComponent);
      const folder = [
        base.pathname.replace(/\/+$/, ""),
        ...beside.split("/").filter(Boolean).map(encodeURIComponent),
      ];
      base.pathname = posix.normalize([...folder, ...parts].join("/"));
      return urlTarget(store.kind, base.href, store);
    }
    case "s3": {
      const name = posix.normalize(isAbsolute ? `.${path}` : posix.join(store.prefix, `.${beside}`, path));
      if (name.startsWith("..")) throw fail("it leads out of the bucket");
      return { store: { ...store, prefix: "" }, key: joinKey("/", name) };
    }
    case "zip":
    case "references":
    case "process":
      return { store, key: joinKey(posix.normalize(isAbsolute ? path : posix.join(beside, path))) };
    case "cached":
      return relativeTarget({ ...from, store: store.store }, path, fail);
  }
}

function fileTarget(
  from: ReferencesRef,
  path: string,
  fail: (reason: string, hint?: string) => StorageError,
): TargetRef {
  let ground: StoreRef = from.store;
  while ("store" in ground) ground = ground.store;
  if (ground.kind !== "file" && ground.kind !== "process")
    throw fail(
      "it names a file of this machine, and came over the network",
      "download the references first, if you trust them",
    );
  return { store: { kind: "file", path: dirname(path) }, key: joinKey("/", basename(path)) };
}

/** What is needed to speak to the server that the references came from, where a URL is of that server. */
function accessTo({ store }: ReferencesRef, url: string): object {
  return store.kind === "http" && new URL(store.url).origin === new URL(url).origin ? store : {};
}

/** One store for each host, so that requests to it are joined and counted together. */
function urlTarget(kind: "http" | "webhdfs", text: string, access: object): TargetRef {
  const url = new URL(text);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const root = new URL(url);
  root.pathname = "/";
  root.hash = "";
  return {
    store: { ...access, kind, url: root.href },
    key: joinKey("/", ...parts.map((part) => decodeURIComponent(part))),
  };
}

function s3Target(text: string, access: S3Access | undefined): TargetRef {
  const [, bucket = "", key = ""] = /^[^:]+:\/\/([^/]*)\/*([^]*)$/.exec(text) ?? [];
  return { store: { ...access, kind: "s3", bucket, prefix: "" }, key: joinKey("/", key) };
}

function labelOf({ store, key }: ReferencesRef): string {
  switch (store.kind) {
    case "file":
      return `${store.path}${key}`;
    case "s3":
      return `s3://${store.bucket}/${store.prefix}${key}`;
    case "http":
    case "webhdfs":
      return `${new URL(store.url).origin}${key}`;
    default:
      return key;
  }
}
