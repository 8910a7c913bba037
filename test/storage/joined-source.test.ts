import { allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, positions, selectionLength, slice } from "@hyperslab/core/box";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { type SourceRef, joinedRef } from "@hyperslab/core/source-ref";
import { openJoinedSource } from "@hyperslab/storage/joined-source";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openGroup } from "@hyperslab/storage/open-group";
import { openSource } from "@hyperslab/storage/open-source";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import type { ArraySource } from "@hyperslab/storage/source";
import { dataset } from "hyperslab";
import { beforeAll, describe, expect, it } from "vitest";

/** A part whose elements say where they stand: part, row, column. */
function part(number: number, shape: readonly number[]): ArraySource {
  const ref: SourceRef = {
    format: "zarr",
    store: { kind: "process", id: number },
    path: `p${number}`,
    detail: null,
  };
  return {
    ref,
    describe: () => ({
      dtype: "int32",
      shape,
      grid: regularGrid(shape, shape),
      dims: ["y", "x"],
      attributes: {},
      encoding: {},
    }),
    async readBlock(selection, into) {
      const [rows, columns] = selection.map(list);
      rows.forEach((row, i) =>
        columns.forEach(
          (column, k) => (into.data[i * columns.length + k] = number * 100 + row * 10 + column),
        ),
      );
    },
  };
}

function list(selection: AxisSelection): number[] {
  if (selection.kind === "positions") return [...selection.positions];
  return Array.from({ length: selection.length }, (_, i) => selection.start + i * selection.step);
}

async function read(source: ArraySource, selection: readonly AxisSelection[]): Promise<number[]> {
  const block = allocateBlock("int32", selection.map(selectionLength));
  await source.readBlock(selection, block);
  return [...(block.data as Int32Array)];
}

const parts = [part(1, [2, 3]), part(2, [3, 3]), part(3, [1, 3])];
const byRef = (ref: SourceRef): ArraySource => parts.find((one) => one.ref.path === ref.path) ?? parts[0];
const joined = (axis: number, chosen = parts, stacked = false): ArraySource => {
  const members = chosen.map((one) => ({ ref: one.ref, length: stacked ? 1 : one.describe().shape[axis] }));
  return openJoinedSource(joinedRef({ axis, stacked, parts: members }), byRef);
};

describe("arrays behind each other", () => {
  it("on the first axis, in any order", async () => {
    const source = joined(0);
    expect(source.describe()).toMatchObject({ shape: [6, 3], dims: ["y", "x"], dtype: "int32" });
    expect(await read(source, [slice(1, 3), slice(0, 3)])).toEqual([
      110, 111, 112, 200, 201, 202, 210, 211, 212,
    ]);
    expect(await read(source, [slice(5, 3, -2), slice(2, 2, -2)])).toEqual([302, 300, 212, 210, 112, 110]);
    expect(await read(source, [positions([0, 5, 0]), slice(1, 1)])).toEqual([101, 301, 101]);
  });
  it("on the last axis", async () => {
    const source = joined(1, [parts[1], parts[1]]);
    expect(await read(source, [slice(0, 2), slice(2, 2)])).toEqual([202, 200, 212, 210]);
  });
  it("stacked on a new axis, in front or between", async () => {
    const same = [parts[0], parts[0]];
    expect(joined(0, same, true).describe().shape).toEqual([2, 2, 3]);
    expect(await read(joined(0, same, true), [slice(0, 2), slice(1, 1), slice(0, 2)])).toEqual([
      110, 111, 110, 111,
    ]);
    expect(await read(joined(1, same, true), [slice(0, 2), positions([1, 1, 0]), slice(2, 1)])).toEqual([
      102, 102, 102, 112, 112, 112,
    ]);
  });
  it("stands for the store that is hardest to reach", () => {
    const at = (kind: "file" | "http" | "process"): SourceRef => ({
      format: "zarr",
      store:
        kind === "file"
          ? { kind, path: "/a" }
          : kind === "http"
            ? { kind, url: "http://a" }
            : { kind, id: 1 },
      path: "/",
      detail: null,
    });
    const kindOf = (...kinds: Parameters<typeof at>[0][]): string =>
      joinedRef({ axis: 0, stacked: false, parts: kinds.map((kind) => ({ ref: at(kind), length: 1 })) }).store
        .kind;
    expect([kindOf("file"), kindOf("file", "http"), kindOf("file", "http", "process")]).toEqual([
      "file",
      "http",
      "process",
    ]);
  });
});

describe("of stored arrays", () => {
  const logs = [0, 1, 2].map(() => new MemoryStore());
  beforeAll(async () => {
    for (const [i, store] of logs.entries()) await dataset({ t: [["y", "x"], [[i, i]]] }).toZarr(store);
  });
  it("reads only the parts that are asked for", async () => {
    const logged = logs.map((store) => withRequestLog(store));
    const groups = await Promise.all(logged.map(({ store }) => openGroup(store)));
    const refs = groups.map(({ arrays }) => arrays.get("t")?.ref as SourceRef);
    for (const { requests } of logged) requests.length = 0;
    const source = await openSource(
      joinedRef({ axis: 0, stacked: false, parts: refs.map((ref) => ({ ref, length: 1 })) }),
    );
    const into = allocateBlock(source.describe().dtype, [1, 1]);
    await source.readBlock([slice(1, 1), slice(0, 1)], into);
    expect(Number(into.data[0])).toBe(1);
    expect(logged.map(({ requests }) => requests.length)).toEqual([0, 1, 0]);
  });
});
