/**
 * Owns the places of a NetCDF-3 variable's chunks: the format has none, but records, and data without a gap, which
 * may be taken for chunks of any length that divides them. Reads nothing.
 */
import { sizeOf } from "@hyperslab/core/shape";
import { type Netcdf3Type, typeBytes } from "./netcdf3-cursor.js";
import { type Netcdf3Layout, describeLayout, stridesIn } from "./netcdf3-layout.js";
import type { Attribute, ChunkLocation, StoredChunks } from "../source.js";

/** A chunk is at most so large, if a length that divides the first axis makes it so. Bytes. */
const LARGEST = 16 * 2 ** 20;

/** NumPy's word for a type: big-endian. */
function numpyName(type: Netcdf3Type): string {
  if (type === "char") return "|S1";
  const bytes = typeBytes(type);
  return `${bytes === 1 ? "|" : ">"}${type[0]}${bytes}`;
}

/** The chunks of a variable, with the characters of texts as an axis of their own. */
export function netcdf3StoredChunks(layout: Netcdf3Layout): StoredChunks {
  const { shape, dims, type } = layout;
  const chunks = chunkShape(layout);
  return {
    shape,
    dims,
    chunks,
    dtype: numpyName(type),
    order: "C",
    filters: [],
    compressor: null,
    fillValue: fillValueOf(layout),
    async *locate() {
      yield* locations(layout, chunks);
    },
  };
}

/** One record, else the longest run of rows that divides the array and is not too long. */
function chunkShape({ shape, recordBytes, type }: Netcdf3Layout): number[] {
  if (shape.length === 0) return [];
  const chunks = shape.map((length) => Math.max(1, length));
  if (recordBytes > 0) return [1, ...chunks.slice(1)];
  const row = sizeOf(chunks.slice(1)) * typeBytes(type);
  let rows = chunks[0];
  while (rows > 1 && (rows * row > LARGEST || chunks[0] % rows !== 0)) rows--;
  return [rows, ...chunks.slice(1)];
}

function* locations(layout: Netcdf3Layout, chunks: readonly number[]): Generator<ChunkLocation> {
  const { begin, shape, key, type } = layout;
  if (shape.includes(0)) return;
  const length = sizeOf(chunks) * typeBytes(type);
  const stride = shape.length === 0 ? 0 : chunks[0] * stridesIn(layout).strides[0];
  const count = shape.length === 0 ? 1 : Math.ceil(shape[0] / chunks[0]);
  for (let i = 0; i < count; i++)
    yield {
      coords: shape.map((_, axis) => (axis === 0 ? i : 0)),
      key,
      range: { offset: begin + i * stride, length },
      filterMask: 0,
    };
}

function fillValueOf(layout: Netcdf3Layout): Attribute {
  const { _FillValue: fill } = describeLayout(layout).attributes;
  if (layout.type === "char" || fill === undefined || Array.isArray(fill)) return null;
  return typeof fill === "number" && !Number.isFinite(fill) ? String(fill) : fill;
}
