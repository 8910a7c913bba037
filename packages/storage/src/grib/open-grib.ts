/** Owns GRIB files as groups of arrays, and reading their fields: each one that a block touches, decoded as a whole. */
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, positionAt, selectionLength, slice } from "@hyperslab/core/box";
import { blockIndex, regularGrid } from "@hyperslab/core/chunk-grid";
import { FormatError, StorageError } from "@hyperslab/core/errors";
import { stridesOf } from "@hyperslab/core/shape";
import type { SourceRef, StoreRef } from "@hyperslab/core/source-ref";
import { checkSelection } from "../check-selection.js";
import { projectChunks } from "../chunk-projection.js";
import { forEachConcurrent } from "../concurrent.js";
import type { ArrayInfo, ArraySource, StoredGroup } from "../source.js";
import { type GetOptions, type ReadableStore, type StoreKey, checkCancelled } from "../store.js";
import { withCoalescing } from "../stores/coalesce.js";
import { type AxisCopy, copyRegion, fillRegion } from "../strided-copy.js";
import { GribCursor } from "./grib-cursor.js";
import { fieldOfEdition1, fieldsOfEdition2 } from "./grib-field.js";
import { indexGrib } from "./grib-index.js";
import {
  type FieldsLayout,
  type GribDetail,
  arraysOfFields,
  describeGrib,
  gribDetailFrom,
  lineAt,
} from "./grib-layout.js";
import { gribValues } from "./grib-values.js";

/** Messages that are under way at once. */
const MESSAGES = 8;

/** Opens a GRIB file of edition 1 or 2. @throws StorageError, FormatError */
export async function openGrib(
  store: ReadableStore,
  key: StoreKey,
  ref: StoreRef,
  options?: GetOptions,
): Promise<StoredGroup> {
  const path = `${store.label}${key}`;
  const fields = await indexGrib(store, key, options);
  if (fields.length === 0)
    throw new FormatError({ path, format: "GRIB", reason: "there is no message in it" });
  const arrays = new Map<string, ArraySource>();
  const dims = new Map<string, number>();
  for (const [name, rest] of arraysOfFields(path, fields)) {
    const detail: GribDetail = { key, ...rest };
    const source = new GribSource({ format: "grib", store: ref, path: name, detail }, store);
    source.describe().dims.forEach((dim, axis) => dims.set(dim, source.describe().shape[axis]));
    arrays.set(name, source);
  }
  return { format: "grib", attributes: {}, arrays, dims, unlimited: new Set() };
}

/** An array of a GRIB file as a source. */
export class GribSource implements ArraySource {
  readonly ref: SourceRef;
  readonly #detail: GribDetail;
  readonly #store: ReadableStore;
  #info: ArrayInfo | undefined;

  /** @throws FormatError where the reference is none of ours */
  constructor(ref: SourceRef, store: ReadableStore) {
    this.ref = ref;
    this.#detail = gribDetailFrom(ref);
    this.#store = withCoalescing(store);
  }

  describe(): ArrayInfo {
    return (this.#info ??= describeGrib(this.#detail));
  }

  async readBlock(
    selection: readonly AxisSelection[],
    into: Block,
    options?: { signal?: AbortSignal },
  ): Promise<void> {
    const { array } = this.#detail;
    checkSelection(this.describe(), selection, into, this.ref.path);
    if (array.kind === "fields") {
      await this.#readFields(array, selection, into, options?.signal ? { signal: options.signal } : {});
      return;
    }
    const data = into.data as unknown as (number | bigint)[];
    for (let i = 0; i < data.length; i++) {
      const position = selection.length ? positionAt(selection[0], i) : 0;
      const value = array.kind === "line" ? lineAt(array, position) : array.values[position];
      data[i] = typeof value === "string" ? BigInt(value) : value;
    }
  }

  async #readFields(
    { outer, rows, columns, places }: FieldsLayout,
    selection: readonly AxisSelection[],
    into: Block,
    options: GetOptions,
  ): Promise<void> {
    const strides = stridesOf(into.shape);
    const rank = outer.length;
    const planes = regularGrid(
      outer,
      outer.map(() => 1),
    );
    const inner = selection.slice(rank).map((from, i): AxisCopy => ({
      from,
      to: slice(0, selectionLength(from)),
      fromStride: i === 0 ? columns : 1,
      toStride: strides[rank + i],
    }));
    await forEachConcurrent(
      projectChunks(planes, selection.slice(0, rank)),
      MESSAGES,
      async ({ coords, axes }) => {
        const plane = 3 * blockIndex(outer, coords);
        const outside = axes.map(({ from, to }, i): AxisCopy => ({
          from,
          to,
          fromStride: 0,
          toStride: strides[i],
        }));
        const copies = [...outside, ...inner];
        const [offset, length, number] = places.slice(plane, plane + 3);
        if (offset < 0) fillRegion(NaN, into.data, copies);
        else
          copyRegion(await this.#values(offset, length, number, rows * columns, options), into.data, copies);
      },
    );
  }

  async #values(
    offset: number,
    length: number,
    number: number,
    count: number,
    options: GetOptions,
  ): Promise<Float32Array> {
    const path = `${this.#store.label}${this.#detail.key}`;
    checkCancelled(options.signal, `reading ${path}`);
    const bytes = await this.#store.getRange(this.#detail.key as StoreKey, { offset, length }, options);
    if (!bytes)
      throw new StorageError({ path, reason: "the file has gone since it was opened", offset, length });
    const message = new GribCursor(bytes, path, offset);
    const field = message.u8(7) === 1 ? fieldOfEdition1(message) : fieldsOfEdition2(message)[number];
    if (!field || field.grid.rows * field.grid.columns !== count)
      throw message.fail("its field is not the one that was there when the file was opened");
    return gribValues(message, field);
  }
}
