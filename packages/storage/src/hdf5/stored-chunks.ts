/** Owns the description of stored chunks in the words of Zarr v2, for manifests that others read. Reads nothing itself. */
import { fromHdf5Filters } from "@hyperslab/codecs/hdf5-filters";
import type { CodecSpec } from "@hyperslab/codecs/codec";
import { storedBytesOf } from "@hyperslab/codecs/element";
import { fromFloat16 } from "@hyperslab/core/float16";
import { FormatError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { Attribute, ChunkLocation, StoredChunks } from "../source.js";
import type { ChunkTable } from "./chunk-manifest.js";
import { fillOf } from "./fill-element.js";
import type { Hdf5Array } from "./hdf5-array.js";

/** Codecs that numcodecs has under the same name, with the same bytes. */
const SHARED: ReadonlySet<string> = new Set(["zlib", "shuffle", "fletcher32", "bz2", "blosc", "zstd"]);
const COMPRESSORS: ReadonlySet<string> = new Set(["zlib", "bz2", "blosc", "zstd"]);

/**
 * How and where the chunks of an array are stored.
 * @param manifest gets the table of a chunked dataset
 * @throws FormatError for what Zarr v2 has no words for
 */
export function storedChunksOf(
  array: Hdf5Array,
  path: string,
  manifest: () => Promise<ChunkTable>,
): StoredChunks {
  const { element, layout, dims, shape, extent, superblock, key } = array;
  const fail = (reason: string): never => {
    throw new FormatError({
      path,
      format: "a manifest",
      reason,
      hint: "leave the array out, or write it to Zarr",
    });
  };
  if (element.isReference) fail("texts of variable length lie apart from their chunks");
  if (element.stored.record) fail("it is a field of a compound, whose chunks hold the others as well");
  if (element.padding === "spaces") fail("its texts are filled up with spaces");
  if (element.bits) fail("its integers fill only some bits of their bytes");
  const inner = (element.stored.inner ?? []).map(({ length }) => length);
  const zeros = inner.map(() => 0);
  const common = { dims, dtype: wordOf(array), order: "C" as const, fillValue: fillWord(array) };
  switch (layout.kind) {
    case "virtual":
      return fail("it is a virtual dataset: its data are in others");
    case "library":
      return fail("only HDF5's own library knows where its chunks are");
    case "contiguous":
      return {
        ...common,
        shape: [...shape, ...inner],
        chunks: [...shape, ...inner].map((length) => Math.max(1, length)),
        filters: [],
        compressor: null,
        async *locate() {
          const length = sizeOf(extent) * storedBytesOf(element.stored);
          if (layout.address === null || length === 0) return;
          const range = { offset: superblock.base + layout.address, length };
          yield { coords: [...extent.map(() => 0), ...zeros], key, range, filterMask: 0 };
        },
      };
    case "chunked": {
      const specs = fromHdf5Filters(array.filters, { size: layout.elementBytes });
      const foreign = specs.find(({ name }) => !SHARED.has(name));
      if (foreign) fail(`numcodecs has no codec for the filter ${foreign.name}`);
      const last = specs.at(-1);
      const compressor = last && COMPRESSORS.has(last.name) ? last : undefined;
      const filters = compressor ? specs.slice(0, -1) : specs;
      const counts = extent.map((length, axis) => Math.ceil(length / layout.chunks[axis]));
      return {
        ...common,
        shape: [...shape, ...inner],
        chunks: [...layout.chunks, ...inner],
        filters: filters.map(numcodecsOf),
        compressor: compressor ? numcodecsOf(compressor) : null,
        async *locate() {
          for (const [number, { offset, length, mask }] of (await manifest()).entries()) {
            const coords = new Array<number>(counts.length);
            let rest = number;
            for (let axis = counts.length - 1; axis >= 0; axis--) {
              coords[axis] = rest % counts[axis];
              rest = Math.floor(rest / counts[axis]);
            }
            const isEdge = coords.some((at, axis) => (at + 1) * layout.chunks[axis] > extent[axis]);
            const filterMask = layout.rawEdges && isEdge ? 2 ** specs.length - 1 : mask;
            const location: ChunkLocation = {
              coords: [...coords, ...zeros],
              key,
              range: { offset, length },
              filterMask,
            };
            yield location;
          }
        },
      };
    }
  }
}

function numcodecsOf({ name, configuration }: CodecSpec): Record<string, Attribute> {
  return { id: name, ...(configuration as Record<string, Attribute>) };
}

/** NumPy's word for the elements. */
function wordOf({ element }: Hdf5Array): string {
  const { dtype, size, littleEndian, kind } = element.stored;
  if (kind === "bytes") return `|S${size}`;
  if (dtype === "bool") return "|b1";
  const letter = dtype.startsWith("uint") ? "u" : dtype.startsWith("int") ? "i" : "f";
  return `${size === 1 ? "|" : littleEndian ? "<" : ">"}${letter}${size}`;
}

/**
 * What stands where nothing was written: one value. Readers of Zarr take it for missing data, which a netCDF variable
 * without `_FillValue` doesn't have, whatever its file is filled with.
 */
function fillWord(array: Hdf5Array): Attribute {
  const { dtype } = array.element;
  if (array.attributeDtypes["_FillValue"] === undefined) return null;
  const value: Attribute = fillOf(array)[0] ?? null;
  if (dtype === "bool") return value !== 0;
  if (dtype === "float16") return fromFloat16(Number(value));
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
