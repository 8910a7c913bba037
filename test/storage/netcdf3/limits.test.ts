import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockCounts } from "@hyperslab/core/chunk-grid";
import { openNetcdf3 } from "@hyperslab/storage/netcdf3/netcdf3";
import { openStore } from "@hyperslab/storage/open-store";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import { describe, expect, test } from "vitest";
import { storeOf, open, source, read, plain, synthetic, hugeStore } from "./netcdf3-files.js";

describe("files as large as the format allows", () => {
  /** A header by hand, in the words of CDF-2 or CDF-5: record variables `a` (one byte) and `b` (two doubles). */
  function records(version: 2 | 5, count: number, begin: number): Uint8Array {
    const words: number[] = [];
    const put = (value: number, bytes: number): void => {
      for (let i = bytes - 1; i >= 0; i--) words.push(Math.floor(value / 256 ** i) % 256);
    };
    const n = (value: number): void => put(value, version === 5 ? 8 : 4);
    const list = (tag: number, length: number): void => {
      put(tag, 4);
      n(length);
    };
    const name = (text: string): void => {
      n(text.length);
      for (const letter of text.padEnd(4, "\0")) words.push(letter.charCodeAt(0));
    };
    put(0x43444600 + version, 4);
    if (count === Infinity) words.push(...new Array<number>(version === 5 ? 8 : 4).fill(255));
    else n(count);
    list(0x0a, 2);
    name("t");
    n(0);
    name("x");
    n(2);
    put(0, 4);
    n(0);
    list(0x0b, 2);
    for (const [title, dims, type, at] of [
      ["a", [0], 1, begin],
      ["b", [0, 1], 6, begin + 4],
    ] as const) {
      name(title);
      n(dims.length);
      for (const dim of dims) n(dim);
      put(0, 4);
      n(0);
      put(type, 4);
      // the size of one record, which readers don't need
      n(0);
      put(at, 8);
    }
    return Uint8Array.from(words);
  }

  test.each([
    [2, 40],
    [2, Infinity],
    [5, 40],
    [5, Infinity],
  ] as const)("CDF-%i with %d records beyond 4 GiB of a sparse file", async (version, count) => {
    const folder = mkdtempSync(join(tmpdir(), "hyperslab-netcdf3-"));
    try {
      const begin = 5 * 2 ** 30 + 4;
      const file = openSync(join(folder, "sparse.nc"), "w");
      writeSync(file, records(version, count, begin));
      for (let i = 0; i < 40; i++) {
        // one byte and its padding, two doubles
        const record = Buffer.alloc(20);
        record.writeInt8(i - 20);
        record.writeDoubleBE(i / 8, 4);
        record.writeDoubleBE(-i, 12);
        writeSync(file, record, 0, 20, begin + 20 * i);
      }
      closeSync(file);
      const ref = { kind: "file", path: folder } as const;
      const { store, requests } = withRequestLog(openStore(ref));
      const group = await openNetcdf3(store, "/sparse.nc", ref);
      expect(group.dims.get("t")).toBe(40);
      requests.length = 0;
      const [a, b] = [await read(source(group, "a")), await read(source(group, "b"))];
      expect(plain(a)).toEqual(Array.from({ length: 40 }, (_, i) => i - 20));
      expect(plain(b)).toEqual(Array.from({ length: 40 }, (_, i) => [i / 8, -i]).flat());
      // records that lie near each other are one request
      expect(requests.map(({ length }) => length)).toEqual([39 * 20 + 1, 39 * 20 + 16]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("many small records are planned as few blocks", async () => {
    const header = records(5, 1e7, 2 ** 20);
    const group = await open(hugeStore(header, 2 ** 20 + 20e7).store);
    expect(blockCounts(source(group, "a").describe().grid)).toEqual([1]);
    expect(blockCounts(source(group, "b").describe().grid)).toEqual([10, 1]);
  });

  test("names and texts in Latin-1 keep their letters", async () => {
    const [bytes] = synthetic({ attributeBytes: 4 });
    const copy = bytes.slice();
    copy.set([0xb0, 0x43, 0xe9, 0x21], Buffer.from(copy).indexOf("hhhh"));
    expect((await open(storeOf(copy))).attributes).toEqual({ history: "°Cé!" });
  });
});
