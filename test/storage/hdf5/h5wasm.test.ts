/** HDF5's own library, as WebAssembly, reads the same files: a second opinion, and the fall-back of our reader. */
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import { storageOf } from "@hyperslab/core/dtype";
import { describeByLibrary, readByLibrary } from "@hyperslab/storage/hdf5/h5wasm";
import { openHdf5 } from "@hyperslab/storage/hdf5/open-hdf5";
import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import type { StoredGroup } from "@hyperslab/storage/source";
import { describe, expect, it, vi } from "vitest";

const FIXTURES = fileURLToPath(new URL("../../golden/fixtures", import.meta.url));
const files = ["hdf5", "netcdf4"].flatMap((folder) =>
  readdirSync(`${FIXTURES}/${folder}`).flatMap((name) =>
    /\.(h5|nc)$/.test(name) && !name.startsWith("long-") ? [`${folder}/${name}`] : [],
  ),
);

/** It gives the bits of integers that fill only a part of their bytes as they are. */
const KNOWN = /^bits-/;

function open(path: string): Promise<StoredGroup> {
  const ref = storeRefOf(dirname(path));
  return openHdf5(openStore(ref), `/${basename(path)}`, ref);
}

describe("HDF5's own library", () => {
  it.each(files)("reads %s as we do, where it reads it", async (name) => {
    const path = `${FIXTURES}/${name}`;
    const group = await open(path);
    const wrong: string[] = [];
    for (const [array, source] of group.arrays) {
      const { dtype, shape } = source.describe();
      const theirs = await describeByLibrary(path, `/${array}`);
      // links out of the file are not followed, and arrays are shorter than their dimension
      if (KNOWN.test(array)) continue;
      if (!theirs || theirs.shape.join() !== shape.join() || shape.includes(0)) continue;
      const block = allocateBlock(dtype, shape);
      await source.readBlock(
        shape.map((length) => slice(0, length)),
        block,
      );
      const start = shape.map(() => 0);
      // filters that it has no plugin for
      const want = await readByLibrary(path, `/${array}`, start, shape).catch(() => undefined);
      if (!want) continue;
      if (dtype === "string" || storageOf(dtype) !== theirs.dtype)
        wrong.push(`${array}: ${dtype}, ${theirs.dtype}`);
      else if (Array.from(block.data as ArrayLike<unknown>).some((value, i) => !Object.is(value, want[i])))
        wrong.push(`${array}: other values`);
    }
    expect(wrong).toEqual([]);
  });
  it("reads for us what we don't know, and that is said", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const group = await open(`${FIXTURES}/hdf5/virtual-odd.h5`);
    expect(warn.mock.calls.map(([message, kind]) => `${String(kind)}: ${String(message)}`).join()).toMatch(
      /HyperslabWarning: "\/union" is read by HDF5's own library/,
    );
    warn.mockRestore();
    const block = allocateBlock("int32", [2, 2]);
    await group.arrays.get("union")?.readBlock([slice(3, 2, -3), slice(1, 2, 2)], block);
    expect([...(block.data as Int32Array)]).toEqual([4, 6, 1, 0]);
  });
  it("says what it can't read", async () => {
    expect(await describeByLibrary(`${FIXTURES}/hdf5/no-such-file.h5`, "/a")).toBeUndefined();
    expect(await describeByLibrary(`${FIXTURES}/hdf5/external.h5`, "/nothing")).toBeUndefined();
    await expect(readByLibrary(`${FIXTURES}/hdf5/external.h5`, "/nothing", [], [])).rejects.toThrow(
      "can't read",
    );
  });
});
