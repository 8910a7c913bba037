import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { slice } from "@hyperslab/core/box";
import { isHyperslabError } from "@hyperslab/core/errors";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { gdalMetadata } from "@hyperslab/storage/geotiff/gdal-metadata";
import { openGeotiff } from "@hyperslab/storage/geotiff/open-geotiff";
import { decodeLzw, decodePackBits } from "@hyperslab/storage/geotiff/tiff-codecs";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openGroup } from "@hyperslab/storage/open-group";
import { openSource } from "@hyperslab/storage/open-source";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import type { ArraySource, StoredGroup } from "@hyperslab/storage/source";
import { describe, expect, it } from "vitest";
import { readAll, texts } from "./packed-zarr.js";
import { serve } from "./serve.js";

const pathOf = (name: string): URL => new URL(`../golden/fixtures/geotiff/${name}.tif`, import.meta.url);
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(name)));

function source(group: StoredGroup, name: string): ArraySource {
  const found = group.arrays.get(name);
  if (!found) throw new Error(`no array ${name}`);
  return found;
}

function logged(bytes: Uint8Array): ReturnType<typeof withRequestLog> & { open(): Promise<StoredGroup> } {
  const log = withRequestLog(new MemoryStore(new Map([["/a.tif", bytes]])));
  return { ...log, open: () => openGeotiff(log.store, "/a.tif", { kind: "process", id: 1 }) };
}

describe("a source of a GeoTIFF", () => {
  it("opened from its reference describes and reads the same", async () => {
    const group = await openGroup(pathOf("nodata-nan"));
    for (const first of group.arrays.values()) {
      const again = await openSource(JSON.parse(JSON.stringify(first.ref)) as SourceRef);
      expect(again.describe()).toEqual(first.describe());
      expect(texts(await readAll(again))).toEqual(texts(await readAll(first)));
    }
  });
  it("is read on another thread", async () => {
    const band = source(await openGroup(pathOf("jpeg-grey")), "band_data");
    const want = texts(await readAll(band));
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      (async () => {
        const { openSource } = await import(${JSON.stringify(import.meta.resolve("@hyperslab/storage/open-source"))});
        const source = await openSource(workerData);
        const { shape } = source.describe();
        const data = new Uint8Array(shape.reduce((a, b) => a * b, 1));
        const all = shape.map((length) => ({ kind: "slice", start: 0, step: 1, length }));
        await source.readBlock(all, { dtype: "uint8", shape, data });
        parentPort.postMessage(Array.from(data, String));
      })();`;
    const worker = new Worker(code, { eval: true, workerData: band.ref });
    try {
      const got = await new Promise((resolve, reject) =>
        worker.once("message", resolve).once("error", reject),
      );
      expect(got).toEqual(want);
    } finally {
      await worker.terminate();
    }
  });
  it("reads the tiles that it needs, near ones in one request", async () => {
    const { requests, open } = logged(bytesOf("cog"));
    const band = source(await open(), "band_data");
    expect(requests.every(({ operation }) => operation !== "get")).toBe(true);
    requests.length = 0;
    await readAll(band, [slice(0, 1), slice(0, 4), slice(0, 4)]);
    // one for the places of all tiles, unless they were read with the header
    const data = requests.filter(({ length }) => length !== 16384);
    expect(data.length).toBeLessThanOrEqual(2);
    requests.length = 0;
    await readAll(band);
    expect(requests.filter(({ operation }) => operation === "getRange").length).toBeLessThanOrEqual(3);
  });
  it("is read over HTTP", async () => {
    const served = await serve(new Map([["/cog.tif", bytesOf("cog")]]));
    try {
      const remote = await openGroup(`${served.url}/cog.tif`, { group: "overview_0" });
      const local = await openGroup(pathOf("cog"), { group: "overview_0" });
      expect(texts(await readAll(source(remote, "band_data")))).toEqual(
        texts(await readAll(source(local, "band_data"))),
      );
    } finally {
      await served.close();
    }
  });
  it("plans strips together", async () => {
    const { grid, encoding } = source(
      await openGroup(pathOf("compress-deflate-strips")),
      "band_data",
    ).describe();
    expect(encoding).toMatchObject({ layout: "strips", chunks: [5, 50] });
    expect(grid[1]).toMatchObject({ chunk: 37 });
  });
});

describe("a GeoTIFF that can't be read", () => {
  const failure = async (bytes: Uint8Array, group: "/" | "/nothing" = "/"): Promise<unknown> => {
    const store = new MemoryStore(new Map([["/a.tif", bytes]]));
    return openGeotiff(store, "/a.tif", { kind: "process", id: 1 }, group).then(
      async (found) => readAll(source(found, "band_data")),
      (error: unknown) => error,
    );
  };
  /** The file with the value of one tag of its first image changed; short tags of little-endian files. */
  const tagged = (name: string, tag: number, value: number): Uint8Array => {
    const bytes = bytesOf(name);
    const view = new DataView(bytes.buffer);
    const start = view.getUint32(4, true);
    for (let i = 0; i < view.getUint16(start, true); i++) {
      const at = start + 2 + 12 * i;
      if (view.getUint16(at, true) === tag) view.setUint16(at + 8, value, true);
    }
    return bytes;
  };

  it("says why, and where", async () => {
    const cut = await failure(bytesOf("dtype-int16").slice(0, 200));
    expect(isHyperslabError(cut, "FormatError") && cut.fields.offset).toBeTypeOf("number");
    expect(String(cut)).toMatch(/\/a.tif: as TIFF at byte \d+: .*the file ends at byte 200/);
    expect(String(await failure(tagged("dtype-int16", 259, 50001)))).toMatch(
      /CodecError: codec WebP: can't be read/,
    );
    expect(String(await failure(tagged("dtype-int16", 258, 12)))).toMatch(/DtypeError: dtype int12/);
    expect(String(await failure(tagged("predictor-2-uint16-little", 317, 9)))).toMatch(/it has predictor 9/);
    expect(String(await failure(bytesOf("nodata"), "/nothing"))).toMatch(
      /no group "nothing"; its groups are none/,
    );
    expect(String(await failure(new Uint8Array(4)))).toMatch(/FormatError/);
  });
  it("or whose chain of images leads back to itself, is refused", async () => {
    const bytes = bytesOf("nodata");
    const view = new DataView(bytes.buffer);
    const start = view.getUint32(4, true);
    view.setUint32(start + 2 + 12 * view.getUint16(start, true), start, true);
    expect(String(await failure(bytes))).toMatch(/leads back to itself/);
  });
});

describe("compressions of TIFF", () => {
  it("stop at the length they are told, whatever the bytes", () => {
    const noise = Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919 + (i >> 3)) & 255);
    expect(decodePackBits(noise, 100)).toHaveLength(100);
    expect(decodePackBits(Uint8Array.of(2, 5, 6, 7, 254, 9, 128), 10)).toEqual(
      Uint8Array.of(5, 6, 7, 9, 9, 9),
    );
    expect(() => decodeLzw(Uint8Array.of(0xff, 0xff), 10)).toThrow("code 511");
    // clear, 7, 7, "7 7", end
    const codes = [256, 7, 258, 257];
    const bits = codes.map((code) => code.toString(2).padStart(9, "0")).join("");
    const bytes = bits.padEnd(40, "0").match(/.{8}/g) ?? [];
    expect(
      decodeLzw(
        Uint8Array.from(bytes, (one) => Number.parseInt(one, 2)),
        10,
      ),
    ).toEqual(Uint8Array.of(7, 7, 7));
  });
});

describe("GDAL's metadata", () => {
  it("become attributes", () => {
    const xml = `<GDALMetadata>
      <Item name="title">a &amp;amp; b &#65;</Item>
      <Item name="other" domain="x">not ours</Item>
      <Item name="SCALE" sample="0" role="scale">0.5</Item><Item name="OFFSET" sample="0" role="offset">0</Item>
      <Item name="SCALE" sample="1" role="scale">2</Item><Item name="OFFSET" sample="1" role="offset">0</Item>
      <Item name="__proto__">polluted</Item>
    </GDALMetadata>`;
    const found = gdalMetadata(xml);
    expect(Object.entries(found)).toEqual([
      ["title", "a & b A"],
      ["__proto__", "polluted"],
      ["scales", [0.5, 2]],
      ["add_offset", 0],
    ]);
    expect(gdalMetadata("")).toEqual({});
  });
});
