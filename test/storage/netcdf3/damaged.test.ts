import { slice } from "@hyperslab/core/box";
import { blockCounts } from "@hyperslab/core/chunk-grid";
import { isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import type { StoredGroup } from "@hyperslab/storage/source";
import { describe, expect, test } from "vitest";
import { golden, bytesOf, storeOf, open, source, read, plain, failure, synthetic } from "./netcdf3-files.js";

describe("broken files", () => {
  test("say at which byte", async () => {
    const bytes = bytesOf("cdf1");
    const patched = (offset: number, ...values: number[]): Uint8Array => {
      const copy = bytes.slice();
      copy.set(values, offset);
      return copy;
    };
    expect(await failure(open(storeOf(patched(0, 0x89, 0x48))))).toMatchObject({
      tag: "FormatError",
      offset: 0,
    });
    expect(await failure(open(storeOf(patched(3, 3))))).toMatchObject({ tag: "FormatError", offset: 0 });
    expect(await failure(open(storeOf(patched(8, 0, 0, 0, 7))))).toMatchObject({
      tag: "FormatError",
      offset: 8,
    });
    expect(await failure(open(storeOf(patched(12, 0xff))))).toMatchObject({ tag: "FormatError", offset: 12 });
    expect(await failure(open(storeOf(new Uint8Array(0))))).toMatchObject({ tag: "FormatError", offset: 0 });
    expect(await failure(open(new MemoryStore()))).toMatchObject({ tag: "StorageError" });
  });

  test("that end within a fixed variable are refused at once", async () => {
    const [bytes] = synthetic({ length: 100, data: 60 });
    const error = await failure(open(storeOf(bytes)));
    expect(error.message).toMatch(
      /variable "v" takes bytes \d+ to \d+, but the file ends at byte \d+: it is cut off/,
    );
  });

  test("that end within the records give those that are there", async () => {
    const bytes = bytesOf("single_i2");
    const from = source(await open(storeOf(bytes.slice(0, -6))), "only");
    expect(plain(await read(from, [slice(0, 4), slice(0, 3)]))).toEqual(
      golden["single_i2"]["only"].values.slice(0, 12),
    );
    const error = await failure(read(from));
    expect(error.tag).toBe("FormatError");
    expect(error.message).toMatch(/"only" goes on to byte \d+, but the file ends at byte \d+: it is cut off/);
  });

  test("never crash, hang or take memory: 2,000 mutations", async () => {
    let seed = 12345;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const originals = ["cdf1", "cdf2", "cdf5", "streaming", "single_i1"].map(bytesOf);
    const tags = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      const copy = originals[i % originals.length].slice();
      const headerBytes = Math.min(copy.length, 1500);
      for (let k = 0; k <= random(4); k++) {
        const at = random(headerBytes);
        if (random(3) === 0) copy.set([0x7f, 0xff, 0xff, 0xff].slice(0, headerBytes - at), at);
        else copy[at] = random(256);
      }
      const bytes = random(5) === 0 ? copy.slice(0, random(copy.length)) : copy;
      const outcome = await open(storeOf(bytes)).then(readSmall, (error: unknown) => tagOf(error));
      tags.set(outcome, (tags.get(outcome) ?? 0) + 1);
    }
    expect([...tags.keys()].sort()).toEqual(["FormatError", "read"]);
  });
});

function tagOf(error: unknown): string {
  return isHyperslabError(error) ? error.tag : `not ours: ${String(error)}`;
}

/** Reads what a mutated file still offers, a few elements of each variable. */
async function readSmall(group: StoredGroup): Promise<string> {
  for (const one of group.arrays.values()) {
    const { shape, grid } = one.describe();
    if (sizeOf(shape) === 0) continue;
    blockCounts(grid);
    try {
      await read(
        one,
        shape.map((length) => slice(length - Math.min(length, 2), Math.min(length, 2))),
      );
    } catch (error) {
      if (tagOf(error) !== "FormatError") return tagOf(error);
    }
  }
  return "read";
}
