import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import { FileStore } from "@hyperslab/storage/stores/file-store";
import { openSource } from "@hyperslab/storage/open-source";
import { registerStore } from "@hyperslab/storage/stores/process-store";
import type { ReadMemory } from "@hyperslab/storage/source";
import type { ReadableStore } from "@hyperslab/storage/store";
import { createZarr } from "@hyperslab/storage/zarr/zarr-create";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";
import { writeTarget } from "@hyperslab/storage/write-target";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SHAPE = [8, 256, 512];

/** Memory that is never clean: what isn't read must not matter. */
const memory: ReadMemory = { take: (length) => new Uint8Array(length).fill(0xee), give: () => undefined };

describe("a band of a large Blosc chunk on a local disk", () => {
  it("is read and decoded without the rest", async () => {
    const path = join(folder, "maps.zarr");
    const data = Float32Array.from({ length: SHAPE[0] * SHAPE[1] * SHAPE[2] }, (_, i) => (i >> 3) % 777);
    const codecs = [
      {
        name: "blosc",
        configuration: { cname: "lz4", clevel: 5, shuffle: "shuffle", typesize: 4, blocksize: 65536 },
      },
    ];
    const targets = await createZarr(
      { kind: "file", path },
      {
        arrays: [
          { name: "x", dtype: "float32", shape: SHAPE, chunks: [4, 256, 512], dims: ["t", "y", "x"], codecs },
        ],
      },
    );
    const target = targets.get("x");
    if (!target) throw new Error("no target");
    await writeTarget(target, [0, 0, 0], { dtype: "float32", shape: SHAPE, data });
    const files = new FileStore(path);
    let bytes = 0;
    let whole = 0;
    const store: ReadableStore = {
      label: path,
      prompt: true,
      sizeOf: (key) => files.sizeOf(key),
      get: (key, options) => {
        if (key.includes("/c/")) whole++;
        return files.get(key, options);
      },
      getRange: (key, range, options) => {
        bytes += "length" in range ? range.length : range.suffixLength;
        return files.getRange(key, range, options);
      },
    };
    const group = await openZarrGroup(store, registerStore(store), "/");
    const found = group?.arrays.get("x");
    if (!found) throw new Error("no array");
    const source = await openSource(found.ref);
    const into = allocateBlock("float32", [6, 40, 300]);
    await source.readBlock([slice(1, 6), slice(100, 40), slice(200, 300)], into, { memory });
    const at = (t: number, y: number, x: number): number =>
      data[((1 + t) * SHAPE[1] + 100 + y) * SHAPE[2] + 200 + x];
    for (let t = 0; t < 6; t++)
      for (let y = 0; y < 40; y++)
        for (let x = 0; x < 300; x += 7)
          expect((into.data as Float32Array)[(t * 40 + y) * 300 + x]).toBe(at(t, y, x));
    expect(whole).toBe(0);
    const stored = (await files.sizeOf("/x/c/0/0/0")) ?? 0;
    expect(bytes).toBeLessThan(0.8 * 2 * stored);
  });
});
