/** Owns datasets: what an object's messages say of its shape, type, place, filters, fill value and attributes. */
import type { Hdf5Filter } from "@hyperslab/codecs/hdf5-filters";
import { FormatError } from "@hyperslab/core/errors";
import { isSigned, itemSize } from "@hyperslab/core/dtype";
import { type RawAttribute, readAttributes } from "./attribute.js";
import { unsupported } from "./cursor.js";
import { type Dataspace, readDataspace } from "./dataspace.js";
import { type Datatype, readDatatype } from "./datatype.js";
import { readFillValue, readOldFillValue } from "./fill-value.js";
import { readFilterPipeline } from "./filter-pipeline.js";
import type { Hdf5Object } from "./group.js";
import type { Hdf5File } from "./hdf5-file.js";
import { type Layout, readLayout } from "./layout.js";
import { MESSAGE, type ObjectHeader, messageOf } from "./object-header.js";
import { bodyOf } from "./shared-message.js";

export interface Hdf5Dataset {
  readonly file: Hdf5File;
  /** Of its object header: what references to it hold. */
  readonly address: number;
  readonly space: Dataspace;
  readonly type: Datatype;
  readonly layout: Layout;
  readonly filters: readonly Hdf5Filter[];
  /** One element's bytes; null where none is defined. */
  readonly fill: Uint8Array | null;
  readonly attributes: readonly RawAttribute[];
  /** Of a virtual dataset: where its sources meet, on each axis. */
  readonly bounds?: readonly (readonly number[])[];
}

/** True for the header of a dataset. */
export function isDataset(header: ObjectHeader): boolean {
  return messageOf(header, MESSAGE.layout) !== undefined;
}

/** Reads what there is to know of a dataset, but none of its data. @throws FormatError */
export async function readDataset({ file, header }: Hdf5Object): Promise<Hdf5Dataset> {
  const body = async <T>(
    type: number,
    read: (cursor: Awaited<ReturnType<typeof bodyOf>>) => T,
  ): Promise<T | null> => {
    const message = messageOf(header, type);
    return message ? read(await bodyOf(file, message)) : null;
  };
  const space = await body(MESSAGE.dataspace, readDataspace);
  const type = await body(MESSAGE.datatype, (cursor) => readDatatype(cursor));
  const layout = await body(MESSAGE.layout, readLayout);
  const place = file.base + header.address;
  if (!space || !type || !layout)
    throw unsupported(file.path, place, "a dataset without a shape, a type or a place");
  if (messageOf(header, MESSAGE.externalFiles)) {
    // they may lie anywhere on the machine: no fall-back follows them
    throw new FormatError({
      path: file.path,
      format: "HDF5",
      offset: place,
      reason: "the data of this dataset are in files of their own (external storage)",
      hint: "rewrite the file with h5repack",
    });
  }
  const fill =
    (await body(MESSAGE.fillValue, readFillValue)) ?? (await body(MESSAGE.oldFillValue, readOldFillValue));
  if (layout.kind === "chunked" && space.kind !== "null") {
    if (layout.chunks.length !== space.shape.length)
      throw unsupported(
        file.path,
        place,
        `chunks of (${layout.chunks.join(", ")}) for a shape of (${space.shape.join(", ")})`,
      );
    if (layout.elementBytes !== type.size)
      throw unsupported(
        file.path,
        place,
        `chunks of elements of ${layout.elementBytes} bytes, which have ${type.size}`,
      );
  }
  return {
    file,
    address: header.address,
    space,
    type,
    layout,
    filters: (await body(MESSAGE.filters, readFilterPipeline)) ?? [],
    fill: fill?.length === type.size ? fill : null,
    attributes: await readAttributes(file, header),
  };
}

/**
 * The same of a dataset that our reader doesn't know how to read, as HDF5's own library has it; undefined where that
 * can't read it either, or not from this store.
 * @param path of the dataset in its file
 */
export async function readDatasetByLibrary(
  { file, header }: Hdf5Object,
  path: string,
): Promise<Hdf5Dataset | undefined> {
  const { describeByLibrary, localPath } = await import("./h5wasm.js");
  const local = localPath(file.store, file.key);
  const found = local === undefined ? undefined : await describeByLibrary(local, path);
  if (!found) return undefined;
  const { dtype, shape, chunks } = found;
  const size = itemSize(dtype);
  const type: Datatype = dtype.startsWith("float")
    ? { kind: "float", size, littleEndian: true, ieee: true, format: dtype }
    : {
        kind: "integer",
        size,
        littleEndian: true,
        signed: isSigned(dtype),
        precision: size * 8,
        bitOffset: 0,
      };
  return {
    file,
    address: header.address,
    space: { kind: shape.length ? "simple" : "scalar", shape, maxShape: shape },
    type,
    layout: { kind: "library", path, chunks },
    filters: [],
    fill: null,
    attributes: await readAttributes(file, header),
  };
}
