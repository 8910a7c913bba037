import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockBox, blockCoords, blockCounts } from "@hyperslab/core/chunk-grid";
import { asDtype } from "@hyperslab/core/dtype";
import { slice } from "@hyperslab/core/box";
import type { ArraySource, StoredGroup } from "@hyperslab/storage/source";
import { openGroup } from "@hyperslab/storage/open-group";
import { storeRefOf } from "@hyperslab/storage/open-store";
import { targetGrid, writeTarget } from "@hyperslab/storage/write-target";
import { createZarr, type ZarrArraySpec } from "@hyperslab/storage/zarr/zarr-create";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differences, type GoldenContent, readGolden } from "./golden.js";
import { findPython, storedWithPython } from "./python.js";
import { readSource } from "./stored.js";

/** Codecs for arrays to write, in both versions' spelling. */
const CODECS: Record<2 | 3, Record<string, ZarrArraySpec["codecs"]>> = {
  2: {
    raw: [],
    unsaid: undefined,
    gzip: [{ name: "gzip", configuration: { level: 3 } }],
    zlib: [{ name: "zlib", configuration: { level: 3 } }],
    zstd: [{ name: "zstd", configuration: { level: 3 } }],
    lz4: [{ name: "lz4", configuration: { acceleration: 1 } }],
    blosc: [{ name: "blosc", configuration: { cname: "zstd", clevel: 5, shuffle: 2, blocksize: 0 } }],
  },
  3: {
    raw: [],
    unsaid: undefined,
    gzip: [{ name: "gzip", configuration: { level: 3 } }],
    zstd: [{ name: "zstd", configuration: { level: 3, checksum: true } }],
    crc32c: [{ name: "crc32c", configuration: {} }],
    blosc: [
      {
        name: "blosc",
        configuration: { cname: "zstd", clevel: 5, shuffle: "bitshuffle", typesize: 4, blocksize: 0 },
      },
    ],
  },
};

const python = findPython();

describe.skipIf(!python).each([2, 3] as const)(
  "arrays that we write in version %i, and zarr-python reads (HYPERSLAB_PYTHON, or python3 with xarray and zarr)",
  (version) => {
    const written = new Map<string, ArraySource>();
    let folder = "";
    let answers: Readonly<Record<string, GoldenContent>> = {};
    let ours: StoredGroup | undefined;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "hyperslab-live-"));
      const path = join(folder, "ours.zarr");
      const arrays: ZarrArraySpec[] = [];
      const fixtures = readGolden<{ store: string; arrays: Record<string, GoldenContent> }>(
        `zarr/v${version}.json`,
      );
      const group = await openGroup(new URL(`fixtures/zarr/${fixtures.store}`, import.meta.url));
      for (const [name, { dtype, shape }] of Object.entries(fixtures.arrays)) {
        const wanted =
          /^(dtype-|datetime64-|timedelta64-|string-variable|scalar|empty|edge|order-F|transpose-210|codec-gzip$)/;
        const source = wanted.test(name) ? group.arrays.get(name) : undefined;
        if (!source) continue;
        const chunks = shape.map((length) => Math.max(1, Math.ceil(length / 2)));
        const common = { dtype: asDtype(dtype), shape, chunks, dims: shape.map((length) => `n${length}`) };
        for (const [codec, codecs] of Object.entries(CODECS[version])) {
          arrays.push({
            name: `${name}_${codec}`,
            ...common,
            codecs,
            attributes: { units: "m", n: 2 ** 40 },
          });
          written.set(`${name}_${codec}`, source);
        }
        if (version === 3 && shape.length > 0) {
          arrays.push({ name: `${name}_sharded`, ...common, shards: chunks.map((chunk) => chunk * 2) });
          written.set(`${name}_sharded`, source);
        }
      }
      const targets = await createZarr(storeRefOf(path), { version, attributes: { title: "ours" }, arrays });
      for (const [name, target] of targets) {
        const grid = targetGrid(target);
        const source = written.get(name);
        if (!source || source.describe().shape.includes(0)) continue;
        const counts = blockCounts(grid);
        const total = counts.reduce((a, b) => a * b, 1);
        for (let index = 0; index < total; index++) {
          const box = blockBox(grid, blockCoords(counts, index));
          await writeTarget(
            target,
            box.start,
            await readSource(
              source,
              box.shape.map((length, axis) => slice(box.start[axis], length)),
            ),
          );
        }
      }
      answers = await storedWithPython(python ?? "", path);
      ours = await openGroup(path);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it("are all there, for zarr-python and for us", () => {
      expect(Object.keys(answers).sort()).toEqual([...written.keys()].sort());
      expect([...(ours?.arrays.keys() ?? [])].sort()).toEqual([...written.keys()].sort());
    });
    it("hold what was written", async () => {
      const wrong: string[] = [];
      for (const [name, copied] of written) {
        const block = await readSource(copied);
        const theirs = differences(block, answers[name]);
        if (theirs) wrong.push(`zarr-python, ${name}: ${theirs}`);
        const source = ours?.arrays.get(name);
        const again = source ? differences(await readSource(source), answers[name]) : "not there";
        if (again) wrong.push(`read again, ${name}: ${again}`);
      }
      expect(wrong.join("\n")).toBe("");
    });
  },
);
