/** Owns data layout messages of all versions: where a dataset's elements are, or the index that tells. */
import type { Cursor } from "./cursor.js";
import { MOST_AXES } from "./dataspace.js";

/** How the chunks of a dataset are found. JSON-safe. */
export type ChunkIndex =
  | {
      readonly kind: "btree1" | "btree2" | "fixed" | "extensible" | "implicit";
      readonly address: number | null;
    }
  | {
      readonly kind: "single";
      readonly address: number | null;
      /** Where the chunk went through filters. */
      readonly filtered: { readonly size: number; readonly mask: number } | null;
    };

export type Layout =
  /** `address` is null where nothing was written yet; `size` is null where the message doesn't say. */
  | { readonly kind: "contiguous"; readonly address: number | null; readonly size: number | null }
  | {
      readonly kind: "chunked";
      /** Without the size of an element, which the file has as one more axis. */
      readonly chunks: readonly number[];
      readonly elementBytes: number;
      readonly index: ChunkIndex;
      /** Chunks that reach over the edge of the array went through no filter. */
      readonly rawEdges: boolean;
    }
  | { readonly kind: "virtual"; readonly address: number | null; readonly index: number }
  /** HDF5's own library reads it, by its path in the file. */
  | { readonly kind: "library"; readonly path: string; readonly chunks: readonly number[] | null };

const INDEXES = ["single", "implicit", "fixed", "extensible", "btree2"] as const;

export function readLayout(cursor: Cursor): Layout {
  const version = cursor.version("a data layout", 1, 2, 3, 4, 5);
  if (version < 3) return readOld(cursor);
  const start = cursor.at;
  const kind = cursor.uint8();
  switch (kind) {
    case 0:
      return compact(cursor, cursor.uint16());
    case 1:
      return { kind: "contiguous", address: cursor.offset(), size: cursor.length() };
    case 2:
      return version === 3 ? readChunked3(cursor) : readChunked4(cursor);
    case 3:
      if (version > 3) return { kind: "virtual", address: cursor.offset(), index: cursor.uint32() };
  }
  return cursor.unsupported(`layout class ${kind} is not known`, start);
}

/** The elements stand in the message itself, and so at a place of the file like any others. */
function compact(cursor: Cursor, size: number): Layout {
  const at = cursor.skip(size);
  return { kind: "contiguous", address: size === 0 ? null : cursor.address + at, size };
}

function readOld(cursor: Cursor): Layout {
  const start = cursor.at;
  const rank = cursor.uint8();
  const kind = cursor.uint8();
  cursor.skip(5);
  if (rank > MOST_AXES + 1) cursor.fail(`a layout of ${rank} axes`, start);
  if (kind > 2) cursor.unsupported(`layout class ${kind} is not known`, start);
  const address = kind === 0 ? null : cursor.offset();
  const lengths = Array.from({ length: rank }, () => cursor.uint32());
  if (kind === 0) return compact(cursor, cursor.uint32());
  if (kind === 1) return { kind: "contiguous", address, size: null };
  return chunked(cursor, lengths, { kind: "btree1", address }, false);
}

function readChunked3(cursor: Cursor): Layout {
  const rank = cursor.uint8();
  const address = cursor.offset();
  const lengths = Array.from({ length: rank }, () => cursor.uint32());
  return chunked(cursor, lengths, { kind: "btree1", address }, false);
}

function readChunked4(cursor: Cursor): Layout {
  const flags = cursor.uint8();
  const rank = cursor.uint8();
  const bytes = cursor.uint8();
  if (bytes < 1 || bytes > 8) cursor.fail(`chunk lengths of ${bytes} bytes`);
  const lengths = Array.from({ length: rank }, () => cursor.uint(bytes));
  const start = cursor.at;
  const number = cursor.uint8();
  const kind = INDEXES[number - 1];
  switch (kind) {
    case undefined:
      return cursor.unsupported(`chunk index ${number} is not known`, start);
    case "single": {
      const filtered = flags & 2 ? { size: cursor.length(), mask: cursor.uint32() } : null;
      return chunked(cursor, lengths, { kind, address: cursor.offset(), filtered }, (flags & 1) !== 0);
    }
    case "fixed":
      cursor.skip(1);
      break;
    case "extensible":
      cursor.skip(5);
      break;
    case "btree2":
      cursor.skip(6);
      break;
    case "implicit":
  }
  return chunked(cursor, lengths, { kind, address: cursor.offset() }, (flags & 1) !== 0);
}

function chunked(cursor: Cursor, lengths: readonly number[], index: ChunkIndex, rawEdges: boolean): Layout {
  if (lengths.length < 1 || lengths.length > MOST_AXES + 1 || lengths.includes(0))
    cursor.fail(`chunks of (${lengths.join(", ")})`);
  return {
    kind: "chunked",
    chunks: lengths.slice(0, -1),
    elementBytes: lengths[lengths.length - 1],
    index,
    rawEdges,
  };
}
