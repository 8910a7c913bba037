import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormatError, StorageError } from "@hyperslab/core/errors";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openGroup } from "@hyperslab/storage/open-group";
import { type StoreRequest, withRequestLog } from "@hyperslab/storage/stores/request-log";
import { ZipStore } from "@hyperslab/storage/stores/zip-store";
import { dataset, openDataset } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { storeContract } from "../../contracts/store.js";
import { findPython } from "../../golden/python.js";
import { serve } from "../serve.js";
import { type ZipPart, type ZipShape, makeZip } from "./make-zip.js";

function storeOf(parts: readonly ZipPart[], shape?: ZipShape): { store: ZipStore; requests: StoreRequest[] } {
  return storeIn(makeZip(parts, shape));
}

function storeIn(archive: Uint8Array): { store: ZipStore; requests: StoreRequest[] } {
  const { store, requests } = withRequestLog(
    new MemoryStore(new Map([["/x.zip", Uint8Array.from(archive)]])),
  );
  return { store: new ZipStore(store, "/x.zip"), requests };
}

for (const [name, method, shape] of [
  ["stored", 0, {}],
  ["deflated", 8, { comment: "PK\x05\x06 is in the comment, too" }],
  ["ZIP64", 0, { zip64: true, before: new Uint8Array(1000) }],
] as const)
  storeContract(`ZipStore, ${name}`, async (values) => {
    const parts = [...values].map(([key, value]) => ({ name: key.slice(1), value, method }));
    return { store: storeOf([{ name: "a/", value: new Uint8Array(0) }, ...parts], shape).store };
  });

const python = findPython();
const VALUE = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);

describe("ZipStore", () => {
  it("reads what it needs: the directory, and then one range for each value", async () => {
    const { store, requests } = storeOf([
      { name: "v", value: VALUE, localExtra: new Uint8Array(28) },
      { name: "w", value: VALUE, localExtra: new Uint8Array(5000) },
      { name: "packed", value: VALUE, method: 8 },
    ]);
    await store.sizeOf("/v");
    expect(requests.splice(0).map(({ operation }) => operation)).toEqual(["sizeOf", "getRange"]);
    expect(await store.getRange("/v", { offset: 5, length: 3 })).toEqual(VALUE.subarray(5, 8));
    expect(requests.splice(0).map(({ length }) => length)).toEqual([30, 3]);
    expect(await store.getRange("/v", { suffixLength: 3 })).toEqual(VALUE.subarray(-3));
    expect(requests.splice(0).map(({ length }) => length)).toEqual([3]);
    expect(await store.get("/packed")).toEqual(VALUE);
    expect(requests.splice(0)).toHaveLength(1);
    expect(await store.get("/w")).toEqual(VALUE);
    expect(requests.splice(0)).toHaveLength(2);
    expect(await store.getRange("/packed", { offset: 7, length: 2 })).toEqual(VALUE.subarray(7, 9));
  });
  it("knows names in UTF-8, in the first PCs' code page, and in a field of their own", async () => {
    const unicode = Buffer.concat([Buffer.from([0x75, 0x70, 8, 0, 1, 0, 0, 0, 0]), Buffer.from("ž1")]);
    const { store } = storeOf([
      { name: "naïve", value: Uint8Array.of(1) },
      { name: Uint8Array.of(0x6e, 0x61, 0x8b, 0x76, 0x65, 0x32), value: Uint8Array.of(2), utf8: false },
      { name: "?", value: Uint8Array.of(3), utf8: false, extra: unicode },
    ]);
    expect((await store.list("/")).map(({ name }) => name)).toEqual(["naïve", "naïve2", "ž1"]);
  });
  it("takes the later of two entries with one name", async () => {
    const parts = [1, 2].map((value) => ({ name: "v", value: Uint8Array.of(value) }));
    expect(await storeOf(parts).store.get("/v")).toEqual(Uint8Array.of(2));
  });
  it.each([
    [{ encrypted: true }, "it is encrypted"],
    [{ method: 93 }, "it is packed with Zstandard, which isn't known here; pack it anew"],
    [{ method: 14 }, "LZMA"],
    [{ method: 77 }, "method 77"],
    [{ crc: 1 }, "the directory says 00000001"],
    [{ method: 8, crc: 1 }, "the directory says 00000001"],
    [{ method: 8, size: 10 }, "can't be unpacked"],
    [{ method: 8, size: 200_000 }, "it has 100000 bytes, the directory says 200000"],
    [{ method: 8, size: 2 ** 31 + 1 }, "isn't unpacked beyond"],
    [{ header: 7 }, "there is no entry where the directory says"],
  ] as const)("says what is wrong with an entry: %j", async (wrong, message) => {
    const { store } = storeOf([
      { name: "v", value: VALUE, ...wrong },
      { name: "w", value: VALUE },
    ]);
    const error: unknown = await store.get("/v").catch((one: unknown) => one);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain("/v: as ZIP at byte");
    expect(await store.get("/w")).toEqual(VALUE);
  });
  it.each(["../v", "a/../../v", "/etc/passwd", "a\\..\\v", "C:/v", "a//v", "./v"])(
    "refuses an archive with the name %j in it",
    async (name) => {
      const { store } = storeOf([
        { name: "good", value: VALUE },
        { name, value: VALUE },
      ]);
      await expect(store.get("/good")).rejects.toThrow(FormatError);
      await expect(store.get("/good")).rejects.toThrow(JSON.stringify(name));
    },
  );
  it("says what is wrong with an archive", async () => {
    const good = makeZip([{ name: "v", value: VALUE }]);
    await expect(storeIn(good.subarray(0, 50_000)).store.get("/v")).rejects.toThrow("it has no end record");
    await expect(storeIn(good.subarray(50)).store.get("/v")).rejects.toThrow("lies beyond its end");
    await expect(storeIn(new Uint8Array(0)).store.get("/v")).rejects.toThrow("it has no end record");
    await expect(storeOf([], { disk: 3 }).store.get("/v")).rejects.toThrow("in several; join the parts");
    const gone = new ZipStore(new MemoryStore(), "/x.zip");
    await expect(gone.get("/v")).rejects.toThrow(StorageError);
    const cut = Buffer.from(good);
    cut.writeUInt16LE(500, good.length - 12);
    await expect(storeIn(cut).store.get("/v")).rejects.toThrow("entry 1 of 500 isn't there");
  });
  it("survives damage of every kind", async () => {
    const good = makeZip(
      [
        { name: "v", value: VALUE.subarray(0, 200), method: 8 },
        { name: "a/w", value: VALUE.subarray(0, 50) },
      ],
      { zip64: true },
    );
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 48_271) >>> 0) % 0x7fffffff;
      return seed % below;
    };
    for (let i = 0; i < 2000; i++) {
      const bad = Buffer.from(good);
      for (let n = random(4); n >= 0; n--) bad[random(bad.length)] = random(256);
      const { store } = storeIn(random(4) ? bad : bad.subarray(0, random(bad.length)));
      for (const key of ["/v", "/a/w"] as const) {
        const [outcome] = await Promise.allSettled([store.get(key)]);
        if (outcome.status === "rejected")
          expect(String((outcome.reason as Error).name)).toMatch(/FormatError|StorageError/);
      }
    }
  });
});

describe("datasets in ZIP archives", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hyperslab-zip-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const data = Float32Array.from({ length: 600 }, (_, i) => i / 2);
  const archive = async (under = ""): Promise<Buffer> => {
    const store = new MemoryStore();
    await dataset({ t: { dims: ["x", "y"], data, shape: [20, 30] } }).toZarr(store, { chunks: { x: 5 } });
    return makeZip([...store.entries].map(([key, value]) => ({ name: under + key.slice(1), value })));
  };

  it("are told from their bytes", async () => {
    await writeFile(join(folder, "data.bin"), await archive());
    const ds = await openDataset(join(folder, "data.bin"));
    expect((await ds.get("t").values()).data).toEqual(data);
    await writeFile(join(folder, "empty.zip"), makeZip([]));
    await expect(openGroup(join(folder, "empty.zip"))).rejects.toThrow("there is nothing in it");
  });
  it("are found in a folder of the archive, and named where they lie in one", async () => {
    await writeFile(join(folder, "deep.zip"), await archive("deep/er.zarr/"));
    const ds = await openDataset(join(folder, "deep.zip"), { group: "deep/er.zarr" });
    expect((await ds.get("t").values()).data).toEqual(data);
    await expect(openDataset(join(folder, "deep.zip"))).rejects.toThrow('group: "deep"');
  });
  it("are read by ranges over HTTP", async () => {
    const served = await serve(new Map([["/x.zip", await archive()]]));
    const ds = await openDataset(`${served.url}/x.zip`);
    expect((await ds.get("t").values()).data).toEqual(data);
    await served.close();
  });
  it.skipIf(!python)("may be zarr-python's", async () => {
    const path = join(folder, "zarr.zip");
    const code = `
import sys, numpy as np, zarr, zipfile
for compression, name in ((zipfile.ZIP_STORED, "stored"), (zipfile.ZIP_DEFLATED, "deflated")):
    store = zarr.storage.ZipStore(sys.argv[1] + name, mode="w", compression=compression)
    group = zarr.open_group(store, mode="w")
    array = group.create_array("t", shape=(20, 30), chunks=(7, 11), dtype="f4", dimension_names=["x", "y"])
    array[:] = np.arange(600, dtype="f4").reshape(20, 30) / 2
    store.close()
`;
    execFileSync(String(python), ["-W", "ignore", "-c", code, path]);
    for (const name of ["stored", "deflated"]) {
      const ds = await openDataset(path + name);
      expect((await ds.get("t").values()).data).toEqual(data);
    }
  });
});
