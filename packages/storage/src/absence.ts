/** Owns what is said where there is no dataset: what there is instead, and what may have been meant. Opens nothing. */
import { basename, dirname } from "node:path";
import type { StoreRef } from "@hyperslab/core/source-ref";
import type { ReadableStore, StoreKey } from "./store.js";
import { listIncomplete } from "./write-protocol.js";

/** Reason and hint of an error about a store without a group at `path`. */
export async function whatIsThere(
  store: ReadableStore,
  path: StoreKey,
  ref: StoreRef,
): Promise<{ reason: string; hint: string }> {
  const entries = (await store.list?.(path)) ?? [];
  const names = entries.slice(0, 6).map(({ name, kind }) => (kind === "prefix" ? `${name}/` : name));
  const more = entries.length > names.length ? ` and ${entries.length - names.length} more` : "";
  const reason = entries.length
    ? `there is no Zarr group, but ${names.join(", ")}${more}`
    : "there is nothing in it";
  const incomplete =
    ref.kind === "file" && path === "/"
      ? await incompleteHint(dirname(ref.path), basename(ref.path))
      : undefined;
  const files = entries.filter(({ kind }) => kind === "value");
  const hint = files.length
    ? "to open a file, give its own path"
    : entries.length
      ? `is the dataset one of these? Then give its own path, or group: "${entries[0].name}"`
      : "look at the path";
  return { reason, hint: incomplete ?? hint };
}

/** What to say where a write of this very dataset was begun and never finished. */
export async function incompleteHint(folder: string, name: string): Promise<string | undefined> {
  return unfinished(await listIncomplete(folder, name));
}

/** The same for a prefix of a bucket. */
export async function unfinishedInBucket(
  ref: Extract<StoreRef, { readonly kind: "s3" }>,
): Promise<string | undefined> {
  const { leftoversInBucket } = await import("./bucket-write.js");
  return unfinished(await leftoversInBucket(ref));
}

function unfinished(found: readonly string[]): string | undefined {
  return found.length
    ? `a write of it was begun and never finished (beside it: ${found.join(", ")}): write it again`
    : undefined;
}
