/** Owns the order and number of dimensions: transpose, squeeze, expandDims, chunk. */
import { rechunk } from "@hyperslab/array/build";
import {
  type ChunkAxis,
  axisFromChunks,
  chunkCount,
  maxChunk,
  regularAxis,
} from "@hyperslab/core/chunk-grid";
import { type Dtype, itemSize } from "@hyperslab/core/dtype";
import { ArgumentError, DimensionError, ShapeError } from "@hyperslab/core/errors";
import { literal } from "@hyperslab/array/build";
import { viewNode } from "../in-memory.js";
import { type Labelled, datasetRecord, dimsOf, mapVariables, sizesOf } from "../labelled.js";
import { type ArrayLike, toBlock } from "../ndarray.js";
import { Variable } from "../variable.js";
import { broadcastVariable } from "./broadcast.js";
import { applySelections } from "./isel.js";

/** Dimensions in another order; none given: reversed. `"..."` stands for those not named. @throws DimensionError */
export function transpose(labelled: Labelled, dims: readonly string[]): Labelled {
  const known = dimsOf(labelled);
  const order = dims.length === 0 ? [...known].reverse() : expandEllipsis(dims, known);
  return mapVariables(labelled, (variable, _, isCoord) => {
    if (isCoord && labelled.kind === "array" && dims.length === 0) return variable;
    const own = order.filter((dim) => variable.dims.includes(dim));
    const axes = own.map((dim) => variable.dims.indexOf(dim));
    return new Variable(own, viewNode(variable.node, axes), variable.attrs, variable.encoding);
  });
}

function expandEllipsis(dims: readonly string[], known: readonly string[]): string[] {
  for (const dim of dims)
    if (dim !== "..." && !known.includes(dim))
      throw new DimensionError({ dim, dims: known, operation: "transpose" });
  const rest = known.filter((dim) => !dims.includes(dim));
  if (!dims.includes("...") && rest.length)
    throw new DimensionError({
      dim: rest[0],
      dims,
      operation: "transpose",
      hint: 'name every dimension, or write "..." for the rest',
    });
  return dims.flatMap((dim) => (dim === "..." ? rest : [dim]));
}

/** Drops dimensions of length 1: those named, or all; their coordinates become scalars. @throws ShapeError */
export function squeeze(
  labelled: Labelled,
  dims?: string | readonly string[] | null,
  drop = false,
): Labelled {
  const sizes = sizesOf(labelled);
  const asked =
    dims === undefined || dims === null
      ? [...sizes].flatMap(([dim, length]) => (length === 1 ? [dim] : []))
      : typeof dims === "string"
        ? [dims]
        : dims;
  for (const dim of asked) {
    const length = sizes.get(dim);
    if (length === undefined)
      throw new DimensionError({ dim, dims: [...sizes.keys()], operation: "squeeze" });
    if (length !== 1)
      throw new ShapeError({
        asked: `squeeze("${dim}")`,
        found: `length ${length}`,
        hint: "isel() one position",
      });
  }
  return applySelections(labelled, new Map(asked.map((dim) => [dim, 0])), drop);
}

/** What a new dimension is made of: its length, or its labels. */
export type NewDim = number | ArrayLike;

/** New dimensions in front (or at `axis`): of length 1 with the scalar coordinate of the name, of a length, or with labels. */
export function expandDims(
  labelled: Labelled,
  dims: string | readonly string[] | Readonly<Record<string, NewDim>>,
  axis = 0,
): Labelled {
  const asked: [string, NewDim][] =
    typeof dims === "string"
      ? [[dims, 1]]
      : Array.isArray(dims)
        ? (dims as readonly string[]).map((dim) => [dim, 1])
        : Object.entries(dims as Readonly<Record<string, NewDim>>);
  const lengths = new Map<string, number>();
  const labels = new Map<string, Variable>();
  for (const [dim, made] of asked) {
    if (dimsOf(labelled).includes(dim))
      throw new ArgumentError({
        asked: `expandDims("${dim}")`,
        found: "the dimension is there already",
        hint: "give another name",
      });
    if (typeof made === "number") {
      lengths.set(dim, made);
      const scalar = labelled.variables.get(dim);
      if (scalar && scalar.dims.length === 0 && made === 1)
        labels.set(dim, new Variable([dim], viewNode(scalar.node, [null]), scalar.attrs, scalar.encoding));
      continue;
    }
    const block = toBlock(made);
    labels.set(dim, new Variable([dim], literal(block)));
    lengths.set(dim, block.shape[0]);
  }
  const expanded = mapVariables(labelled, (variable, name, isCoord) => {
    if (labels.has(name)) return labels.get(name);
    if (isCoord) return variable;
    const sizes = variable.dims.map((dim, i): [string, number] => [dim, variable.shape[i]]);
    const at = axis < 0 ? sizes.length + 1 + axis : axis;
    return broadcastVariable(variable, new Map([...sizes.slice(0, at), ...lengths, ...sizes.slice(at)]));
  });
  const variables = new Map([...labels, ...expanded.variables]);
  const coords = [...labels.keys(), ...expanded.coordNames];
  if (labelled.kind === "dataset") return datasetRecord(variables, coords, labelled.attrs, labelled.encoding);
  return { ...expanded, variables, coordNames: new Set(coords) };
}

/** Chunks along a dimension: a length, all lengths, -1 for one chunk, or "auto" for what makes blocks of a good size. */
export type ChunkSpec = number | readonly number[] | "auto";

/** Bytes of a block that "auto" goes up to. */
const AUTO_BYTES = 64 * 2 ** 20;

/** The same arrays in other blocks; coordinates of dimensions stay in memory. @throws DimensionError, ShapeError */
export function chunk(labelled: Labelled, chunks: ChunkSpec | Readonly<Record<string, ChunkSpec>>): Labelled {
  const sizes = sizesOf(labelled);
  const byDim = isSpec(chunks) ? null : chunks;
  for (const dim of Object.keys(byDim ?? {}))
    if (!sizes.has(dim)) throw new DimensionError({ dim, dims: [...sizes.keys()], operation: "chunk" });
  return mapVariables(labelled, (variable, name) => {
    if (labelled.coordNames.has(name) && variable.dims.length === 1 && variable.dims[0] === name)
      return variable;
    const specs = variable.dims.map((dim) => (isSpec(chunks) ? chunks : byDim?.[dim]));
    const old = variable.node.grid;
    const grid = specs.map((spec, axis) => axisOfSpec(spec, old[axis], variable.dims[axis]));
    const whole = automatic(
      grid,
      specs.map((spec) => spec === "auto"),
      variable.dtype,
    );
    return new Variable(variable.dims, rechunk(variable.node, whole), variable.attrs, variable.encoding);
  });
}

function isSpec(chunks: ChunkSpec | Readonly<Record<string, ChunkSpec>>): chunks is ChunkSpec {
  return typeof chunks !== "object" || Array.isArray(chunks);
}

/** Axes that may grow made of several whole chunks, the last axis first, while a block stays within the limit. */
function automatic(grid: readonly ChunkAxis[], mayGrow: readonly boolean[], dtype: Dtype): ChunkAxis[] {
  const out = [...grid];
  let bytes = grid.reduce((size, axis) => size * Math.max(1, maxChunk(axis)), itemSize(dtype));
  for (let i = out.length - 1; i >= 0; i--) {
    const axis = out[i];
    if (!mayGrow[i] || axis.kind !== "regular") continue;
    const times = Math.min(chunkCount(axis), Math.floor(AUTO_BYTES / bytes));
    if (times <= 1) continue;
    out[i] = regularAxis(axis.length, axis.chunk * times);
    bytes *= times;
  }
  return out;
}

function axisOfSpec(spec: ChunkSpec | undefined, old: ChunkAxis, dim: string): ChunkAxis {
  if (spec === undefined || spec === "auto") return old;
  if (typeof spec === "string")
    throw new ArgumentError({
      asked: `chunks "${String(spec)}" along "${dim}"`,
      found: "no such word",
      hint: 'give a length, a list of lengths, -1 or "auto"',
    });
  if (typeof spec === "number") {
    if (spec !== -1 && !(Number.isInteger(spec) && spec > 0))
      throw new ShapeError({
        asked: `chunks of ${spec} along "${dim}"`,
        found: "no length of a chunk",
        hint: "give 1 or more, or -1",
      });
    return regularAxis(old.length, spec === -1 ? old.length : spec);
  }
  const axis = axisFromChunks(spec);
  if (axis.length === old.length) return axis;
  throw new ShapeError({
    asked: `chunks (${spec.join(", ")}) along "${dim}"`,
    found: `a sum of ${axis.length} where the length is ${old.length}`,
  });
}
