import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FormatError, StorageError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { FileStore } from "@hyperslab/storage/stores/file-store";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openGroup } from "@hyperslab/storage/open-group";
import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import { registerStore } from "@hyperslab/storage/stores/process-store";
import type { ReadableStore, StoreKey } from "@hyperslab/storage/store";
import { ReferenceStore } from "@hyperslab/storage/stores/reference-store";
import { resolveTarget } from "@hyperslab/storage/stores/reference-target";
import { openDataset } from "hyperslab";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { storeContract } from "../../contracts/store.js";
import { type Served, serve } from "../serve.js";

const folder = fileURLToPath(new URL("../fixtures/references", import.meta.url));
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Record<
  string,
  Record<string, string>
>;

function referencesIn(name: string, at = folder): ReadableStore {
  return openStore({ kind: "references", store: { kind: "file", path: at }, key: `/${name}` });
}

/** A store of references that lie in memory, as does what they point to. */
function inMemory(json: unknown, files: ReadonlyMap<string, Uint8Array> = new Map()): ReadableStore {
  const memory = new MemoryStore(new Map(files));
  memory.entries.set("/refs.json", Buffer.from(typeof json === "string" ? json : JSON.stringify(json)));
  return openStore({ kind: "references", store: registerStore(memory), key: "/refs.json" });
}

storeContract("ReferenceStore", async (values) => {
  const packed = Buffer.concat([...values.values()]);
  let offset = 0;
  const refs = [...values].map(([key, value], i): [string, unknown] => {
    offset += value.length;
    const part = ["packed.bin", offset - value.length, value.length];
    const inline = `base64:${Buffer.from(value).toString("base64")}`;
    return [key.slice(1), [part, inline, [`whole-${i}.bin`]][i % 3]];
  });
  const wholes = [...values.values()].map((value, i): [string, Uint8Array] => [`/whole-${i}.bin`, value]);
  const files = new Map([["/packed.bin", packed], ...wholes]);
  return { store: inMemory({ version: 1, refs: Object.fromEntries(refs) }, files) };
});

describe.each([
  ["version0", "version0.json"],
  ["version1", "version1.json"],
  ["fastparquet", "fastparquet.parq"],
  ["pyarrow", "pyarrow.parq"],
])("references that fsspec wrote (%s)", (name, file) => {
  it("give what fsspec reads", async () => {
    const store = referencesIn(file);
    for (const [key, value] of Object.entries(expected[name])) {
      const bytes = Buffer.from((await store.get(`/${key}`)) ?? []);
      const wanted = Buffer.from(value, "base64");
      if (/\.z\w+$/.test(key))
        expect(JSON.parse(bytes.toString()), key).toEqual(JSON.parse(wanted.toString()));
      else expect(bytes.toString("hex"), key).toBe(wanted.toString("hex"));
      expect(await store.sizeOf(`/${key}`), key).toBe(bytes.length);
      if (bytes.length > 2)
        expect(await store.getRange(`/${key}`, { offset: 1, length: 2 }), key).toEqual(
          Uint8Array.from(bytes.subarray(1, 3)),
        );
    }
    expect(await store.get("/t/9.9")).toBeUndefined();
    expect(await store.get("/t/x")).toBeUndefined();
  });
});

describe("datasets through references", () => {
  const VALUES = Float64Array.from({ length: 24 }, (_, i) => i);
  it.each([
    ["version0.json", "t"],
    ["version1.json", "g"],
    ["fastparquet.parq", "t"],
    ["pyarrow.parq", "t"],
  ])("%s", async (name, variable) => {
    const ds = await openDataset(join(folder, name), { decodeCf: false });
    expect((await ds.get(variable).values()).data).toEqual(VALUES);
  });
  it.each(["air.json", "air.parq"])("over HTTP, by %s", async (name) => {
    const values = new Map<string, Uint8Array>();
    for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }))
      if (statSync(join(folder, path)).isFile()) values.set(`/x/${path}`, readFileSync(join(folder, path)));
    const served = await serve(values);
    const ds = await openDataset(`${served.url}/x/${name}`);
    const here = await openDataset(join(folder, name));
    expect((await ds.get("air").values()).data).toEqual((await here.get("air").values()).data);
    // of the file itself nothing but the chunks
    const whole = served.requests.filter((request) => request === "GET /x/air.nc");
    expect(whole).toEqual([]);
    await served.close();
  });
  it("chunks that were never written, scalars, and groups", async () => {
    const ds = await openDataset(join(folder, "fastparquet.parq"), { decodeCf: false });
    const holes = [...((await ds.get("holes").values()).data as Int32Array)];
    const bytes = readFileSync(join(folder, "data.bin"));
    const stored = [0, 4, 8, 12, 16, 20, -1, -1, 32, 36].map((at) => (at < 0 ? -1 : bytes.readInt32LE(at)));
    expect(holes).toEqual(stored);
    expect([...((await ds.get("scalar").values()).data as Float64Array)]).toEqual([7]);
    const inner = await openDataset(join(folder, "fastparquet.parq"), { group: "in" });
    expect((await inner.get("side").values()).data).toEqual(VALUES);
  });
  it.each(["air.json", "air.parq"])("a NetCDF-4 file by %s, as xarray reads it", async (name) => {
    const ds = await openDataset(join(folder, name));
    const { air, time } = expected["air"] as unknown as { air: (number | null)[]; time: string[] };
    const values = [...((await ds.get("air").values()).data as Float64Array)];
    values.forEach((value, i) => {
      const wanted = air[i];
      if (wanted === null) expect(value).toBeNaN();
      else expect(value).toBeCloseTo(wanted, 4);
    });
    const raw = await openDataset(join(folder, name), { decodeCf: false });
    const hours = [...((await raw.get("time").values()).data as Int32Array)];
    const start = Date.parse("2000-01-01T00:00:00Z");
    expect(hours.map((hour) => new Date(start + hour * 3_600_000).toISOString().slice(0, 19))).toEqual(time);
  });
});

describe("ReferenceStore", () => {
  let temporary = "";
  let served: Served | undefined;
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), "hyperslab-references-"));
  });
  afterAll(() => rm(temporary, { recursive: true }));
  afterEach(async () => {
    await served?.close();
    served = undefined;
  });
  const file = async (name: string, content: unknown): Promise<StoreRef> => {
    await writeFile(join(temporary, name), JSON.stringify(content));
    return { kind: "references", store: { kind: "file", path: temporary }, key: `/${name}` };
  };
  const read = async (store: ReadableStore, key: StoreKey): Promise<string> =>
    Buffer.from((await store.get(key)) ?? []).toString();

  it("finds targets beside it, by URL, and anywhere on this machine", async () => {
    await writeFile(join(temporary, "a b.txt"), "0123456789");
    served = await serve(new Map([["/deep/v#1.bin", Buffer.from("abcdefghij")]]));
    const ref = await file("targets.json", {
      version: 1,
      refs: {
        beside: ["a b.txt", 1, 2],
        dotted: ["./a b.txt", 1, 2],
        absolute: [join(temporary, "a b.txt"), 3, 2],
        url: [new URL(`file://${temporary}/a b.txt`).href, 5, 2],
        local: [`local://${temporary}/a b.txt`, 5, 2],
        http: [`${served.url}/deep/v%231.bin`, 1, 2],
        chained: [`simplecache::${served.url}/deep/v%231.bin`, 3, 2],
        gone: ["gone.txt", 0, 1],
        ftp: ["ftp://host/x", 0, 1],
      },
    });
    const store = openStore(ref);
    const keys = ["beside", "dotted", "absolute", "url", "local", "http", "chained"] as const;
    const values = await Promise.all(keys.map((key) => read(store, `/${key}`)));
    expect(values).toEqual(["12", "12", "34", "56", "56", "bc", "de"]);
    await expect(store.get("/gone")).rejects.toThrow("it refers to gone.txt, which isn't there");
    await expect(store.get("/ftp")).rejects.toThrow("there is no store for ftp://");
  });
  it("joins requests for neighbours in one file", async () => {
    served = await serve(new Map([["/v", Buffer.from("abcdefghij")]]));
    const refs = Object.fromEntries([0, 2, 4, 6].map((i) => [`${i}`, [`${served?.url}/v`, i, 2]]));
    const store = openStore(await file("near.json", { version: 1, refs }));
    await store.sizeOf("/0");
    expect(await Promise.all([0, 2, 4, 6].map((i) => read(store, `/${i}`)))).toEqual([
      "ab",
      "cd",
      "ef",
      "gh",
    ]);
    expect(served.requests).toEqual(["GET /v bytes=0-7"]);
  });
  it("over HTTP: relative to its own address, and never a file of this machine", async () => {
    served = await serve(
      new Map<string, Uint8Array>([
        [
          "/in/refs.json",
          Buffer.from(
            JSON.stringify({
              ".zgroup": '{"zarr_format": 2}',
              near: ["../data/v.bin", 1, 2],
              file: ["file:///etc/hostname"],
              path: ["/etc/hostname"],
              up: ["../../../v.bin"],
            }),
          ),
        ],
        ["/data/v.bin", Buffer.from("0123")],
        ["/v.bin", Buffer.from("top")],
      ]),
    );
    const store = openStore({
      kind: "references",
      store: { kind: "http", url: `${served.url}/in` },
      key: "/refs.json",
    });
    expect(await read(store, "/near")).toBe("12");
    expect(await read(store, "/up")).toBe("top");
    await expect(store.get("/file")).rejects.toThrow("came over the network");
    await expect(store.get("/path")).rejects.toThrow(StorageError);
    const group = await openGroup(`${served.url}/in/refs.json`);
    expect(group.format).toBe("zarr");
  });
  it("over HTTP: brings its logins to that server alone", async () => {
    const seen: unknown[] = [];
    served = await serve(new Map([["/v.bin", Buffer.from("0123")]]), {
      misbehave: (request) => {
        seen.push([request.url, request.headers["x-token"]]);
        return false;
      },
    });
    const other = await serve(new Map([["/v.bin", Buffer.from("4567")]]), {
      misbehave: (request) => {
        seen.push([`other ${request.url}`, request.headers["x-token"]]);
        return false;
      },
    });
    const refs = { near: ["v.bin"], same: [`${served.url}/v.bin`], far: [`${other.url}/v.bin`] };
    const memory = new MemoryStore(
      new Map([["/refs.json", Buffer.from(JSON.stringify({ version: 1, refs }))]]),
    );
    const home = storeRefOf(served.url, { headers: { "x-token": "t" } });
    const from = { kind: "references", store: home, key: "/refs.json" } as const;
    const store = new ReferenceStore(memory, "/refs.json", (url) => {
      const target = resolveTarget(from, url);
      return { store: openStore(target.store), key: target.key };
    });
    for (const key of ["/near", "/same", "/far"] as const) expect(await store.get(key)).toHaveLength(4);
    expect(seen).toEqual([
      ["/v.bin", "t"],
      ["/v.bin", "t"],
      ["other /v.bin", undefined],
    ]);
    await other.close();
  });
  it("keeps long integers of documents that are objects", async () => {
    const text = '{"version":1,"refs":{".zattrs":{"n":9223372036854775807,"x":NaN},"a":null}}';
    const store = inMemory(text);
    expect(await read(store, "/.zattrs")).toContain("9223372036854775807");
    expect(await store.get("/a")).toBeUndefined();
  });
  it.each([
    ['{"version": 1, "refs": {"a": [', "not JSON"],
    [{ version: 1, refs: { "x/.zarray": "{}", a: [1, 2] } }, '"a" is none of "text"'],
    [{ version: 1, refs: { a: ["x", -1, 2] } }, '"a" is none of "text"'],
    [{ version: 1, refs: { a: ["x", 1] } }, '"a" is none of "text"'],
    [{ version: 2, refs: {} }, "version 2 isn't known"],
    [{ version: 1, templates: { u: "x" }, refs: { a: ["{{v}}"] } }, 'nothing is named "v"'],
    [{ version: 1, templates: { u: "x" }, refs: { a: ["{{u('"] } }, "without"],
    [{ version: 1, templates: { u: "x" }, refs: { a: ["{{u.__class__}}"] } }, "not understood"],
    [{ version: 1, refs: {}, gen: [{ key: "a", url: "b", offset: "1" }] }, "one of offset and length"],
    [{ version: 1, refs: {}, gen: [{ key: "a", url: "b", dimensions: { i: { stop: 1e12 } } }] }, "values"],
    [{ version: 1, refs: {}, gen: [{ key: "{{1 // 0}}", url: "b" }] }, "1 // 0"],
    [{ version: 1, refs: {}, gen: [{ key: "{{10 ** 10 ** 10}}", url: "b" }] }, "too large"],
  ])("refuses %j", async (json, message) => {
    const error: unknown = await inMemory(json)
      .get("/a")
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toContain(message);
  });
  it("says which Parquet file is damaged", async () => {
    const copy = join(temporary, "copy.parq");
    await cp(join(folder, "fastparquet.parq"), copy, { recursive: true });
    const path = join(copy, "t", "refs.0.parq");
    const bytes = await readFile(path);
    const store = (): ReadableStore =>
      openStore({ kind: "references", store: { kind: "file", path: copy }, key: "/" });
    await writeFile(path, bytes.subarray(0, 300));
    await expect(store().get("/t/0.0")).rejects.toThrow(FormatError);
    await expect(store().get("/t/0.0")).rejects.toThrow("/t/refs.0.parq can't be read");
    await rm(path);
    expect(await store().get("/t/0.0")).toBeUndefined();
    expect(await new FileStore(copy).sizeOf("/.zmetadata")).toBeGreaterThan(0);
  });
  it("survives damage of every kind", async () => {
    const json = await readFile(join(folder, "version1.json"));
    const parquet = await readFile(join(folder, "fastparquet.parq", "t", "refs.0.parq"));
    const zmetadata = await readFile(join(folder, "fastparquet.parq", ".zmetadata"));
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 48_271) >>> 0) % 0x7fffffff;
      return seed % below;
    };
    const damaged = (bytes: Uint8Array): Uint8Array => {
      const bad = Uint8Array.from(random(4) ? bytes : bytes.subarray(0, random(bytes.length)));
      for (let n = random(4); n >= 0 && bad.length; n--) bad[random(bad.length)] = random(256);
      return bad;
    };
    for (let i = 0; i < 1000; i++) {
      const files = new Map<string, Uint8Array>([
        ["/refs.json", damaged(json)],
        ["/refs.parq/.zmetadata", random(3) ? zmetadata : damaged(zmetadata)],
        ["/refs.parq/t/refs.0.parq", damaged(parquet)],
        ["/data.bin", new Uint8Array(200)],
      ]);
      const memory = new MemoryStore(files);
      const stores = ["/refs.json", "/refs.parq"].map(
        (key) =>
          new ReferenceStore(memory, key, (url) => ({
            store: memory,
            key: url === "data.bin" ? "/data.bin" : "/x",
          })),
      );
      for (const store of stores)
        for (const key of ["/g/0.1", "/t/0.0", "/t/0.1", "/.zgroup"] as const) {
          const [outcome] = await Promise.allSettled([store.get(key)]);
          if (outcome.status === "rejected")
            expect(String((outcome.reason as Error).name)).toMatch(/^(?:Format|Storage)Error$/);
        }
    }
  });
});
