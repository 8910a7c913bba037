/**
 * Owns the filters of HDF5: from the numbers of a dataset's filter pipeline to codecs of this package. A mapping of
 * data to data, so that what a chunk was written with can be sent, kept and exported. Knows no files.
 */
import { CodecError } from "@hyperslab/core/errors";
import type { CodecSpec } from "./codec.js";

/** One filter as a dataset's filter pipeline message has it. */
export interface Hdf5Filter {
  /** Its number, from The HDF Group's list. */
  readonly id: number;
  readonly name?: string;
  /** Bit 0: the filter is optional, so chunks may have been written without it. Says nothing for reading. */
  readonly flags: number;
  /** Its client data (`cd_values`): unsigned 32-bit numbers. */
  readonly values: readonly number[];
}

/** What the filters were told of the dataset. */
export interface Hdf5Element {
  /** Bytes of one element as the file has it. */
  readonly size: number;
}

interface Mapping {
  readonly name: string;
  spec(values: readonly number[], element: Hdf5Element): CodecSpec;
}

const plain = (name: string): Mapping => ({ name, spec: () => ({ name, configuration: {} }) });

/** For filters whose client data say how to decode. */
const told = (name: string): Mapping => ({
  name,
  spec: (values) => ({ name: `hdf5.${name}`, configuration: { values: [...values] } }),
});

const BITSHUFFLE_COMPRESSORS: Readonly<Record<number, string>> = { 0: "none", 2: "lz4", 3: "zstd" };

/** By The HDF Group's numbers. What a format says itself isn't asked of the client data. */
const FILTERS: ReadonlyMap<number, Mapping> = new Map<number, Mapping>([
  [
    1,
    {
      name: "deflate",
      spec: ([level = 1]) => ({ name: "zlib", configuration: { level } }),
    },
  ],
  [
    2,
    {
      name: "shuffle",
      spec: ([elementsize], { size }) => ({
        name: "shuffle",
        configuration: { elementsize: elementsize ?? size },
      }),
    },
  ],
  [3, plain("fletcher32")],
  [4, told("szip")],
  [5, told("nbit")],
  [6, told("scaleoffset")],
  [307, { name: "bzip2", spec: () => ({ name: "bz2", configuration: {} }) }],
  [32000, { name: "lzf", spec: () => ({ name: "hdf5.lzf", configuration: {} }) }],
  [32001, plain("blosc")],
  [32004, { name: "lz4", spec: () => ({ name: "hdf5.lz4", configuration: {} }) }],
  [
    32008,
    {
      name: "bitshuffle",
      // the first two are the version of the filter
      spec: ([, , elementsize, blocksize = 0, compressor = 0], { size }) => ({
        name: "bitshuffle",
        configuration: {
          elementsize: elementsize ?? size,
          blocksize,
          cname: BITSHUFFLE_COMPRESSORS[compressor] ?? `compressor ${compressor}`,
        },
      }),
    },
  ],
  [32015, plain("zstd")],
]);

/** Numbers and names of the filters that {@link fromHdf5Filters} knows. */
function hdf5FilterNames(): string[] {
  return Array.from(FILTERS, ([id, { name }]) => `${name} (${id})`);
}

/**
 * The codecs of one chunk, in the order of encoding: JSON-safe, and what `pipelineV2` takes as `filters`, with
 * `compressor: null`.
 * @param filters the dataset's pipeline
 * @param element as the file has it: its size is needed where a filter doesn't repeat it
 * @param filterMask the chunk's own: where bit i is set, filter i was left out of this chunk
 * @throws CodecError for a filter that isn't known, unless the chunk was written without it
 */
export function fromHdf5Filters(
  filters: readonly Hdf5Filter[],
  element: Hdf5Element,
  filterMask = 0,
): CodecSpec[] {
  return filters
    .filter((_, i) => ((filterMask >>> i) & 1) === 0)
    .map(({ id, name, values }) => {
      const mapping = FILTERS.get(id);
      if (mapping) return mapping.spec(values, element);
      throw new CodecError({
        codec: `HDF5 filter ${id}${name ? ` (${name})` : ""}`,
        reason: "no such filter here",
        hint: `known are ${hdf5FilterNames().join(", ")}`,
      });
    });
}
