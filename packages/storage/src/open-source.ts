/** Owns the way from a reference to a source that reads it: what a worker does with what the client named. */
import { StorageError } from "@hyperslab/core/errors";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { openJoinedSource } from "./joined-source.js";
import { openStore } from "./open-store.js";
import type { ArraySource } from "./source.js";
import { loadFormats, sourceMaker } from "./source-formats.js";

/** How many sources are remembered; each holds its metadata, no data. */
const MOST_OPEN = 1024;

const open: Map<string, ArraySource> = new Map();
/** Plans hold the same reference in many tasks: then even its text isn't made again. */
const byObject: WeakMap<SourceRef, ArraySource> = new WeakMap();

/**
 * The source of a reference; equal references share one per process. At once where the code of its format is there, else
 * when that is loaded.
 * @throws StorageError for a store that isn't there, CodecError or DtypeError for metadata that can't be read here
 */
export function openSource(ref: SourceRef): ArraySource | Promise<ArraySource> {
  const same = byObject.get(ref);
  if (same) return same;
  const loading = loadFormats(ref);
  return loading ? loading.then(() => openLoaded(ref)) : openLoaded(ref);
}

function openLoaded(ref: SourceRef): ArraySource {
  const same = byObject.get(ref);
  if (same) return same;
  const source = openAnew(ref);
  byObject.set(ref, source);
  return source;
}

function openAnew(ref: SourceRef): ArraySource {
  if (ref.format === "call")
    throw new StorageError({
      path: ref.path,
      reason: "functions are not called here",
      hint: "only workers that were started with --allow-modules DIR call functions",
    });
  // its text may be megabytes, and its parts are shared anyway
  if (ref.format === "joined") return openJoinedSource(ref, openLoaded);
  const name = JSON.stringify(ref);
  let source = open.get(name);
  if (source) return source;
  const make = sourceMaker(ref.format);
  if (!make) throw new TypeError(`nothing is loaded that reads ${ref.format}`);
  source = make(ref, openStore(ref.store));
  if (open.size >= MOST_OPEN) for (const oldest of [...open.keys()].slice(0, 1)) open.delete(oldest);
  open.set(name, source);
  return source;
}
