/**
 * Owns every error that a user can meet: tagged classes with typed fields and a cause.
 * They cross threads and wires as data ({@link toWire}, {@link fromWire}).
 * A message says what was asked, what was found, and what to do.
 */

/** JSON-safe form of an error. */
export interface WireError {
  tag: string;
  message: string;
  fields: Record<string, unknown>;
  stack?: string;
  cause?: WireError;
}

type Fields = Record<string, unknown> & { cause?: unknown };

/** The common parent: `tag` names the class on the wire, `fields` are its typed facts. */
export abstract class HyperslabError<F extends Fields = Fields> extends Error {
  abstract readonly tag: string;
  readonly fields: Omit<F, "cause">;
  constructor(message: string, fields: F) {
    const { cause, ...rest } = fields;
    super(message, cause === undefined ? undefined : { cause });
    this.fields = rest;
    this.name = new.target.name;
  }
}

/** Joins the three parts of a message. */
function say(asked: string, found: string, hint?: string): string {
  return hint ? `${asked}: ${found}; ${hint}` : `${asked}: ${found}`;
}

/** A dtype that is unknown, or that an operation can't take. */
export class DtypeError extends HyperslabError<{
  dtype: string;
  found: string;
  hint?: string;
  operation?: string;
}> {
  readonly tag = "DtypeError";
  constructor(f: { dtype: string; found: string; hint?: string; operation?: string }) {
    super(say(f.operation ? `${f.operation}` : `dtype ${f.dtype}`, f.found, f.hint), f);
  }
}

/** Shapes that don't broadcast, an axis out of range, a box outside its array. */
export class ShapeError extends HyperslabError<{ asked: string; found: string; hint?: string }> {
  readonly tag = "ShapeError";
  constructor(f: { asked: string; found: string; hint?: string }) {
    super(say(f.asked, f.found, f.hint), f);
  }
}

/** A dimension that the object doesn't have. */
export class DimensionError extends HyperslabError<{
  dim: string;
  dims: readonly string[];
  operation: string;
  hint?: string;
}> {
  readonly tag = "DimensionError";
  constructor(f: { dim: string; dims: readonly string[]; operation: string; hint?: string }) {
    super(
      say(
        `${f.operation}: dimension "${f.dim}"`,
        `not among (${f.dims.join(", ")})`,
        f.hint ?? "use one of these",
      ),
      f,
    );
  }
}

/** A variable or coordinate name that the object doesn't have. */
export class NameError extends HyperslabError<{
  name: string;
  names: readonly string[];
  operation: string;
  hint?: string;
}> {
  readonly tag = "NameError";
  constructor(f: { name: string; names: readonly string[]; operation: string; hint?: string }) {
    super(
      say(
        `${f.operation}: "${f.name}"`,
        `no such variable or coordinate; there are ${f.names.join(", ") || "none"}`,
        f.hint,
      ),
      f,
    );
  }
}

/** A label that an index doesn't hold. */
export class LabelError extends HyperslabError<{
  dim: string;
  label: string;
  found: string;
  hint?: string;
}> {
  readonly tag = "LabelError";
  constructor(f: { dim: string; label: string; found: string; hint?: string }) {
    super(say(`sel(${f.dim}=${f.label})`, f.found, f.hint), f);
  }
}

/** Coordinates that were required to be equal, and are not. */
export class AlignmentError extends HyperslabError<{
  dim: string;
  found: string;
  hint?: string;
  operation: string;
}> {
  readonly tag = "AlignmentError";
  constructor(f: { dim: string; found: string; hint?: string; operation: string }) {
    super(say(`${f.operation}: align along "${f.dim}"`, f.found, f.hint), f);
  }
}

/** An argument of the wrong kind or out of range. */
export class ArgumentError extends HyperslabError<{
  asked: string;
  found: string;
  hint?: string;
}> {
  readonly tag = "ArgumentError";
  constructor(f: { asked: string; found: string; hint?: string }) {
    super(say(f.asked, f.found, f.hint), f);
  }
}

/** Bytes that could not be read or written. `offset` and `length` are of the byte range that was asked for. */
export class StorageError extends HyperslabError<{
  path: string;
  reason: string;
  hint?: string;
  offset?: number;
  length?: number;
  cause?: unknown;
}> {
  readonly tag = "StorageError";
  constructor(f: {
    path: string;
    reason: string;
    hint?: string;
    offset?: number;
    length?: number;
    cause?: unknown;
  }) {
    const where = f.offset === undefined ? f.path : `${f.path} (bytes ${f.offset}+${f.length ?? "?"})`;
    super(say(where, f.reason, f.hint), f);
  }
}

/** Bytes that were read, but are not what their format says. */
export class FormatError extends HyperslabError<{
  path: string;
  format: string;
  reason: string;
  hint?: string;
  offset?: number;
  cause?: unknown;
}> {
  readonly tag = "FormatError";
  constructor(f: {
    path: string;
    format: string;
    reason: string;
    hint?: string;
    offset?: number;
    cause?: unknown;
  }) {
    const at = f.offset === undefined ? "" : ` at byte ${f.offset}`;
    super(say(`${f.path}: as ${f.format}${at}`, f.reason, f.hint), f);
  }
}

/** A chunk that its codec can't decode or encode. */
export class CodecError extends HyperslabError<{
  codec: string;
  reason: string;
  chunk?: string;
  hint?: string;
  cause?: unknown;
}> {
  readonly tag = "CodecError";
  constructor(f: { codec: string; reason: string; chunk?: string; hint?: string; cause?: unknown }) {
    super(say(f.chunk ? `chunk ${f.chunk}: codec ${f.codec}` : `codec ${f.codec}`, f.reason, f.hint), f);
  }
}

/** A conventions attribute (CF) that can't be understood. */
export class ConventionError extends HyperslabError<{
  variable: string;
  attribute: string;
  found: string;
  hint?: string;
}> {
  readonly tag = "ConventionError";
  constructor(f: { variable: string; attribute: string; found: string; hint?: string }) {
    super(say(`variable "${f.variable}", attribute ${f.attribute}`, f.found, f.hint), f);
  }
}

/** A plan that can't fit the memory it is given. Bytes. */
export class MemoryError extends HyperslabError<{
  needed: number;
  available: number;
  what: string;
  hint?: string;
}> {
  readonly tag = "MemoryError";
  constructor(f: { needed: number; available: number; what: string; hint?: string }) {
    super(say(f.what, `needs ${f.needed} bytes where ${f.available} are available`, f.hint), f);
  }
}

/** A task that failed; `cause` is what it failed of. */
export class TaskError extends HyperslabError<{
  task: string;
  block: string;
  worker?: string;
  where?: string;
  reason: string;
  cause?: unknown;
}> {
  readonly tag = "TaskError";
  constructor(f: {
    task: string;
    block: string;
    worker?: string;
    where?: string;
    reason: string;
    cause?: unknown;
  }) {
    const on = f.worker ? ` on ${f.worker}` : "";
    const from = f.where ? ` (asked for at ${f.where})` : "";
    super(`task ${f.task}, block ${f.block}${on}${from}: ${f.reason}`, f);
  }
}

/** A worker, thread or scheduler that went away, or could not be reached. */
export class ClusterError extends HyperslabError<{
  who: string;
  reason: string;
  hint?: string;
  cause?: unknown;
}> {
  readonly tag = "ClusterError";
  constructor(f: { who: string; reason: string; hint?: string; cause?: unknown }) {
    super(say(f.who, f.reason, f.hint), f);
  }
}

/** A message that is not of this version of the protocol, or not of any. */
export class ProtocolError extends HyperslabError<{ asked: string; found: string; hint?: string }> {
  readonly tag = "ProtocolError";
  constructor(f: { asked: string; found: string; hint?: string }) {
    super(say(f.asked, f.found, f.hint), f);
  }
}

/** Work that its owner cancelled. */
export class CancelledError extends HyperslabError<{ what: string; cause?: unknown }> {
  readonly tag = "CancelledError";
  constructor(f: { what: string; cause?: unknown }) {
    super(`${f.what} was cancelled`, f);
  }
}

/** An error that came over the wire with a tag this version doesn't know, or a foreign error. */
export class RemoteError extends HyperslabError<{ original: string; cause?: unknown }> {
  readonly tag = "RemoteError";
  constructor(f: { original: string; message: string; cause?: unknown }) {
    super(f.message, { original: f.original, cause: f.cause });
  }
}

/** Every class by its tag. */
interface ErrorClasses {
  readonly DtypeError: typeof DtypeError;
  readonly ShapeError: typeof ShapeError;
  readonly DimensionError: typeof DimensionError;
  readonly NameError: typeof NameError;
  readonly LabelError: typeof LabelError;
  readonly AlignmentError: typeof AlignmentError;
  readonly ArgumentError: typeof ArgumentError;
  readonly StorageError: typeof StorageError;
  readonly FormatError: typeof FormatError;
  readonly CodecError: typeof CodecError;
  readonly ConventionError: typeof ConventionError;
  readonly MemoryError: typeof MemoryError;
  readonly TaskError: typeof TaskError;
  readonly ClusterError: typeof ClusterError;
  readonly ProtocolError: typeof ProtocolError;
  readonly CancelledError: typeof CancelledError;
  readonly RemoteError: typeof RemoteError;
}

const CLASSES: ErrorClasses = {
  DtypeError,
  ShapeError,
  DimensionError,
  NameError,
  LabelError,
  AlignmentError,
  ArgumentError,
  StorageError,
  FormatError,
  CodecError,
  ConventionError,
  MemoryError,
  TaskError,
  ClusterError,
  ProtocolError,
  CancelledError,
  RemoteError,
};

export type ErrorTag = keyof ErrorClasses;
type ErrorOf<T extends ErrorTag> = InstanceType<ErrorClasses[T]>;

/**
 * Narrows an unknown error to ours, and to one of `tags` where any are given.
 *
 * ```ts
 * try { await ds.compute(); } catch (error) {
 *   if (isHyperslabError(error, "TaskError")) console.error(error.fields.block);
 * }
 * ```
 */
export function isHyperslabError<T extends ErrorTag = ErrorTag>(
  error: unknown,
  ...tags: T[]
): error is ErrorOf<T> {
  return error instanceof HyperslabError && (tags.length === 0 || tags.includes(error.tag as T));
}

/** An error as data: anything that was thrown, with its causes (at most eight deep). */
export function toWire(error: unknown, depth = 8): WireError {
  const base: WireError =
    error instanceof HyperslabError
      ? { tag: error.tag, message: error.message, fields: { ...error.fields } }
      : error instanceof Error
        ? { tag: "RemoteError", message: error.message, fields: { original: error.name } }
        : { tag: "RemoteError", message: String(error), fields: { original: typeof error } };
  if (error instanceof Error && error.stack) base.stack = error.stack;
  if (error instanceof Error && error.cause !== undefined && depth > 0)
    base.cause = toWire(error.cause, depth - 1);
  return base;
}

/** The error that {@link toWire} wrote: class, message, fields, stack and causes are kept. */
export function fromWire(wire: WireError): HyperslabError {
  const prototype = wire.tag in CLASSES ? CLASSES[wire.tag as ErrorTag].prototype : RemoteError.prototype;
  const error = Object.create(prototype) as HyperslabError;
  const plain: Record<string, unknown> = {
    message: wire.message,
    name: wire.tag,
    tag: wire.tag in CLASSES ? wire.tag : "RemoteError",
    fields: wire.tag in CLASSES ? wire.fields : { original: wire.tag, ...wire.fields },
    stack: wire.stack ?? `${wire.tag}: ${wire.message}`,
  };
  if (wire.cause) plain["cause"] = fromWire(wire.cause);
  for (const [key, value] of Object.entries(plain))
    Object.defineProperty(error, key, {
      value,
      writable: true,
      configurable: true,
      enumerable: key === "fields",
    });
  return error;
}
