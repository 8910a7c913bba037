/** Owns the way from a variable to what is stored of it: packing, fill values, units of time, chunks. */
import { type TypedScalar, cast, elementwise, literal, rechunk, where } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { maxChunk, regularGrid } from "@hyperslab/core/chunk-grid";
import {
  type Dtype,
  type TimeDtype,
  asDtype,
  isBig,
  isDtype,
  isFloat,
  isInteger,
  isNumeric,
  isTime,
  itemSize,
} from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import type { Attribute, Attributes } from "@hyperslab/storage/source";
import type { ZarrArraySpec } from "@hyperslab/storage/zarr/zarr-create";
import { encodeTimes } from "./conventions/encode-times.js";
import { type ComputeOptions, runNodes } from "./run.js";
import type { Variable } from "./variable.js";

/** How one variable is to be stored; what is left out is taken from its own encoding. */
export interface VariableEncoding {
  /** Lengths of the chunks. */
  readonly chunks?: readonly number[];
  /** Lengths of the shards, multiples of the chunks. Zarr 3 only. */
  readonly shards?: readonly number[];
  /** The stored dtype: integers for packed floats. */
  readonly dtype?: Dtype;
  readonly scale_factor?: number;
  readonly add_offset?: number;
  /** What stands for missing; `null` for nothing. */
  readonly _FillValue?: Attribute;
  /** An older name of the same. */
  readonly missing_value?: Attribute;
  /** "true" where a signed dtype holds unsigned numbers. */
  readonly _Unsigned?: string;
  /** Of times: "hours since 2000-01-01". */
  readonly units?: string;
  readonly calendar?: string;
  /** Byte codecs, with Zarr's names: `[{ name: "zstd", configuration: { level: 3 } }]`. */
  readonly codecs?: ZarrArraySpec["codecs"];
}

/** A variable ready to be written: a node in stored chunks, and its array's description. */
export interface EncodedVariable {
  readonly node: Node;
  readonly spec: ZarrArraySpec;
}

/** Bytes of a chunk of data in memory that nobody has said chunks for. */
const CHUNK_BYTES = 1 << 26;

/** What {@link VariableEncoding} may say. */
const KEYS: ReadonlySet<string> = new Set(
  "chunks shards dtype scale_factor add_offset _FillValue missing_value _Unsigned units calendar codecs".split(
    " ",
  ),
);

function checkKeys(name: string, asked: VariableEncoding): void {
  for (const key of Object.keys(asked))
    if (!KEYS.has(key))
      throw new ArgumentError({
        asked: `encoding of "${name}": ${key}`,
        found: "no such setting",
        hint: `use ${[...KEYS].join(", ")}`,
      });
}

/** @throws ConventionError for times that the units can't say, ArgumentError for chunks that don't fit, DtypeError */
export async function encodeVariable(
  name: string,
  variable: Variable,
  asked: VariableEncoding,
  options: ComputeOptions,
): Promise<EncodedVariable> {
  checkKeys(name, asked);
  const own = variable.encoding;
  const encoding: Attributes = { ...own, ...(asked as Attributes) };
  const { node, attributes } = isTime(variable.dtype)
    ? await encodedTimes(name, variable, variable.dtype, encoding, options)
    : packed(variable, encoding);
  const chunks = chunksOf(name, variable, asked, own);
  const shards = asked.shards;
  const spec: ZarrArraySpec = {
    name,
    dtype: node.dtype,
    shape: node.shape,
    chunks,
    dims: variable.dims,
    attributes: { ...variable.attrs, ...attributes },
    ...(shards ? { shards } : {}),
    ...(asked.codecs ? { codecs: asked.codecs } : {}),
  };
  return { node: rechunk(node, regularGrid(node.shape, shards ?? chunks)), spec };
}

/** Times as numbers with units. They have to be known for the units to be chosen, so they are computed here. */
async function encodedTimes(
  name: string,
  variable: Variable,
  dtype: TimeDtype,
  encoding: Attributes,
  options: ComputeOptions,
): Promise<{ node: Node; attributes: Attributes }> {
  const [block] = await runNodes([variable.node], options);
  const { units, calendar } = encoding;
  const stored = encoding["dtype"];
  const encoded = encodeTimes(
    block.data as BigInt64Array,
    dtype,
    {
      ...(typeof units === "string" ? { units } : {}),
      ...(typeof calendar === "string" ? { calendar } : {}),
      ...(stored === "int64" || stored === "float64" ? { dtype: stored } : {}),
    },
    name,
  );
  for (const warning of encoded.warnings) process.emitWarning(warning, "HyperslabWarning");
  const attributes = Object.entries(encoded.attributes).filter(([, value]) => value !== undefined);
  const node = literal({ dtype: encoded.dtype, shape: block.shape, data: encoded.data });
  const fill: Attributes = encoded.dtype === "float64" ? { _FillValue: NaN } : fillOfTimes(encoded.data);
  return { node, attributes: { ...(Object.fromEntries(attributes) as Attributes), ...fill } };
}

const NAT = -(2n ** 63n);

/** Integers need a fill value only where a time is missing. */
function fillOfTimes(data: BigInt64Array | Float64Array): Attributes {
  return (data as BigInt64Array).includes(NAT) ? { _FillValue: NAT } : {};
}

/** Numbers and text as they are stored: `round((x - add_offset) / scale_factor)`, with the fill value for NaN. */
function packed(variable: Variable, encoding: Attributes): { node: Node; attributes: Attributes } {
  const { node, dtype } = variable;
  const attributes: Record<string, Attribute> = {};
  for (const key of ["scale_factor", "add_offset", "_FillValue", "missing_value", "_Unsigned"])
    if (encoding[key] !== undefined && encoding[key] !== null) attributes[key] = encoding[key];
  if (!isNumeric(dtype)) return { node, attributes };
  const wanted = encoding["dtype"];
  const stored = typeof wanted === "string" && isDtype(wanted) ? asDtype(wanted) : dtype;
  if (dtype === "bool" || !isNumeric(stored) || stored === "bool")
    return { node: dtype === stored || !isNumeric(stored) ? node : cast(node, stored), attributes };
  const scale = numberOf(attributes["scale_factor"]);
  const offset = numberOf(attributes["add_offset"]);
  // packing needs all digits of the stored integers
  const wide =
    (scale !== null || offset !== null) && !isFloat(stored) && dtype === "float32" && itemSize(stored) > 2;
  const typed = (value: number, as: Node): TypedScalar => ({
    value,
    dtype: isFloat(as.dtype) ? as.dtype : "float64",
  });
  let out = wide ? cast(node, "float64") : node;
  if (offset !== null) out = elementwise("subtract", [out, typed(offset, out)]);
  if (scale !== null) out = elementwise("divide", [out, typed(scale, out)]);
  if (isFloat(out.dtype) && isInteger(stored)) {
    out = cast(elementwise("round", [out]), stored);
    const fill = attributes["_FillValue"] ?? attributes["missing_value"];
    if (typeof fill === "number" || typeof fill === "bigint")
      out = where(elementwise("isnan", [node]), scalarOf(fill, stored), out);
  } else {
    const fill = attributes["_FillValue"] ?? attributes["missing_value"];
    if (isFloat(stored) && typeof fill === "number" && !Number.isNaN(fill))
      out = where(elementwise("isnan", [out]), typed(fill, out), out);
    out = cast(out, stored);
  }
  if (isFloat(stored) && encoding["_FillValue"] === undefined && encoding["missing_value"] === undefined)
    attributes["_FillValue"] = NaN;
  return { node: out, attributes };
}

function scalarOf(value: number | bigint, dtype: Dtype): TypedScalar {
  return { value: isBig(dtype) ? BigInt(value) : Number(value), dtype };
}

function numberOf(value: Attribute | undefined): number | null {
  return typeof value === "number" ? value : null;
}

/** Chunks: those asked for, else those it is computed in, else those it was stored in, else whole or in pieces of 64 MiB. */
function chunksOf(name: string, variable: Variable, asked: VariableEncoding, own: Attributes): number[] {
  const { shape, node } = variable;
  const given = asked.chunks;
  if (given) {
    if (given.length === shape.length && given.every((length) => Number.isInteger(length) && length > 0))
      return [...given];
    throw new ArgumentError({
      asked: `chunks (${given.join(", ")}) for "${name}"`,
      found: `shape (${shape.join(", ")})`,
      hint: "give a length of at least 1 for each axis",
    });
  }
  const least = (length: number): number => Math.max(1, length);
  if (node.kind !== "literal") return node.grid.map((axis) => least(maxChunk(axis)));
  const before = own["chunks"];
  if (
    Array.isArray(before) &&
    before.length === shape.length &&
    before.every((length) => typeof length === "number")
  )
    return (before as number[]).map((length, axis) => least(Math.min(length, shape[axis])));
  const chunks = shape.map(least);
  let bytes = chunks.reduce((size, length) => size * length, itemSize(variable.dtype));
  for (let axis = 0; axis < chunks.length && bytes > CHUNK_BYTES; axis++) {
    const length = least(Math.floor((chunks[axis] * CHUNK_BYTES) / bytes));
    bytes = (bytes / chunks[axis]) * length;
    chunks[axis] = length;
  }
  return chunks;
}
