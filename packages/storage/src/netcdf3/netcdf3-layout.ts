/**
 * Owns what a reference to a NetCDF-3 variable carries: where it lies, what it means and its
 * attributes, as JSON; and the description that follows from it. Reads nothing.
 */
import { regularGrid } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { blockShape } from "../block-shape.js";
import { type Netcdf3Type, typeBytes } from "./netcdf3-cursor.js";
import type { Netcdf3Header, Netcdf3Variable } from "./netcdf3-header.js";
import type { ArrayInfo, Attribute, Attributes } from "../source.js";
import type { StridedLayout } from "../strided-read.js";

/** JSON-safe: non-finite numbers and bigints in attributes are spelt out. */
export interface Netcdf3Layout {
  /** The file in its store. */
  readonly key: string;
  /** Length of the file when it was opened. */
  readonly fileBytes: number;
  readonly type: Netcdf3Type;
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  readonly begin: number;
  /** Bytes between records; 0 where the first axis is not the record dimension. */
  readonly recordBytes: number;
  /** True where the last axis holds the characters of strings. */
  readonly joined: boolean;
  readonly attributes: readonly {
    readonly name: string;
    readonly type: Netcdf3Type;
    readonly value: Attribute;
  }[];
}

/** The layout of one variable. */
export function layoutOf(
  header: Netcdf3Header,
  variable: Netcdf3Variable,
  key: string,
  fileBytes: number,
): Netcdf3Layout {
  return {
    key,
    fileBytes,
    type: variable.type,
    dims: variable.dims.map((dim) => dim.name),
    shape: variable.dims.map((dim) => dim.length),
    begin: variable.begin,
    recordBytes: variable.isRecord ? header.recordBytes : 0,
    joined: isJoined(header, variable),
    attributes: variable.attributes.map(({ name, type, value }) => ({ name, type, value: spell(value) })),
  };
}

/**
 * Characters make strings along the last dimension, where that serves for nothing else: it has no
 * coordinate, and all its variables are text and end with it.
 */
function isJoined(header: Netcdf3Header, variable: Netcdf3Variable): boolean {
  if (variable.type !== "char" || variable.dims.length === 0) return false;
  const last = variable.dims[variable.dims.length - 1];
  return header.variables.every(
    ({ name, type, dims }) =>
      name !== last.name &&
      (!dims.includes(last) || (type === "char" && dims.indexOf(last) === dims.length - 1)),
  );
}

/** What a reader has to know of a reference. @throws FormatError where it is not one of ours */
export function layoutFrom(ref: SourceRef): Netcdf3Layout {
  const layout = ref.detail as Partial<Netcdf3Layout> | null;
  const numbers = [layout?.fileBytes, layout?.begin, layout?.recordBytes, ...(layout?.shape ?? [NaN])];
  const sound =
    ref.format === "netcdf3" &&
    typeof layout?.key === "string" &&
    numbers.every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    layout.dims?.length === layout.shape?.length &&
    Array.isArray(layout.attributes);
  if (!sound)
    throw new FormatError({
      path: ref.path,
      format: "reference to a NetCDF-3 variable",
      reason: `its detail is ${JSON.stringify(ref.detail)}`,
      hint: "open the file anew with this version",
    });
  return layout as Netcdf3Layout;
}

/** Where the elements lie: for joined text, its characters. */
export function stridesIn(layout: Netcdf3Layout): StridedLayout {
  const itemBytes = typeBytes(layout.type);
  const strides = layout.shape.map((_, axis) => sizeOf(layout.shape.slice(axis + 1)) * itemBytes);
  if (layout.recordBytes > 0) strides[0] = layout.recordBytes;
  return { begin: layout.begin, shape: layout.shape, strides, itemBytes };
}

/** The description of the variable: joined text is a string array with one axis less. */
export function describeLayout(layout: Netcdf3Layout): ArrayInfo {
  const { type, joined } = layout;
  const dtype: Dtype = type === "char" ? "string" : type;
  const rank = layout.shape.length - (joined ? 1 : 0);
  const shape = layout.shape.slice(0, rank);
  const itemBytes = typeBytes(type) * sizeOf(layout.shape.slice(rank));
  const attributes: [string, Attribute][] = [];
  const attributeDtypes: [string, Attribute][] = [];
  const encoding: Record<string, Attribute> = {
    byteOrder: "big",
    originalShape: layout.shape,
  };
  for (const { name, type: of, value } of layout.attributes) {
    // decoding the characters is done here, so its attribute is used up
    if (type === "char" && name === "_Encoding") encoding["_Encoding"] = value;
    else attributes.push([name, unspell(value)]);
    attributeDtypes.push([name, of === "char" ? "string" : of]);
  }
  // not by assignment: an attribute may have any name, "__proto__" as well
  encoding["attributeDtypes"] = Object.fromEntries(attributeDtypes);
  if (joined) encoding["char_dim_name"] = layout.dims[rank];
  return {
    dtype,
    shape,
    grid: regularGrid(shape, blockShape(shape, itemBytes)),
    dims: layout.dims.slice(0, rank),
    attributes: Object.fromEntries(attributes) satisfies Attributes,
    encoding,
    storedBytes: sizeOf(layout.shape) * typeBytes(type),
  };
}

function spell(value: Attribute): Attribute {
  if (typeof value === "bigint") return { bigint: String(value) };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
    return { number: Object.is(value, -0) ? "-0" : String(value) };
  return isList(value) ? value.map(spell) : value;
}

function unspell(value: Attribute): Attribute {
  if (isList(value)) return value.map(unspell);
  if (typeof value !== "object" || value === null) return value;
  return "bigint" in value ? BigInt(String(value["bigint"])) : Number(value["number"]);
}

function isList(value: Attribute): value is readonly Attribute[] {
  return Array.isArray(value);
}
