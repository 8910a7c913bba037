import { FormatError } from "@hyperslab/core/errors";
import { HttpStore } from "@hyperslab/storage/stores/http-store";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { registerStore } from "@hyperslab/storage/stores/process-store";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import type { StoredGroup } from "@hyperslab/storage/source";
import type { ReadableStore, StoreKey } from "@hyperslab/storage/store";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";
import { describe, expect, it } from "vitest";
import { packedZarr, readAll, texts } from "../packed-zarr.js";
import { serve } from "../serve.js";

const open = (store: ReadableStore, path: StoreKey = "/"): Promise<StoredGroup | null> =>
  openZarrGroup(store, registerStore(store), path);

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe.each([2, 3] as const)("a group in version %i", (version) => {
  const packed = packedZarr(version);
  const root = version === 2 ? "/.zmetadata" : "/zarr.json";
  const names = Object.keys(packed.arrays).filter((name) => name !== "strange");

  it("has attributes, arrays and dimensions, and the reason for what it leaves out", async () => {
    const { store, requests } = withRequestLog(packed.store());
    const group = await open(store);
    expect([...(group?.arrays.keys() ?? [])]).toEqual([...names].sort());
    expect(group?.attributes).toEqual({ title: "packed" });
    expect(group?.dims.get("x")).toBe(7);
    expect(String(group?.skipped?.get("strange"))).toContain("DtypeError");
    expect(group?.unlimited.size).toBe(0);
    // consolidated metadata: no array's own documents are read
    expect(requests.map(({ key }) => key)).toEqual(version === 2 ? ["/zarr.json", root] : [root]);
  });
  it("is the same without consolidated metadata", async () => {
    const store = packed.store();
    if (version === 2) store.entries.delete(root);
    else
      store.entries.set(root, json({ zarr_format: 3, node_type: "group", attributes: { title: "packed" } }));
    const [one, other] = [await open(store), await open(packed.store())];
    expect([...(one?.arrays.keys() ?? [])]).toEqual([...(other?.arrays.keys() ?? [])]);
    expect(one?.attributes).toEqual(other?.attributes);
    expect(one?.arrays.get("edges")?.ref.detail).toEqual(other?.arrays.get("edges")?.ref.detail);
    expect([...(one?.skipped?.keys() ?? [])]).toEqual(["strange"]);
  });
  it("needs consolidated metadata where keys can't be listed", async () => {
    const served = await serve(packed.keys);
    try {
      const group = await open(new HttpStore(served.url));
      expect([...(group?.arrays.keys() ?? [])]).toEqual([...names].sort());
      const cube = group?.arrays.get("cube");
      expect(cube && texts(await readAll(cube))).toEqual(packed.arrays["cube"].values);
    } finally {
      await served.close();
    }
    const bare = new Map(packed.keys);
    if (version === 2) bare.delete(root);
    else bare.set(root, json({ zarr_format: 3, node_type: "group" }));
    const poor = await serve(bare);
    try {
      await expect(open(new HttpStore(poor.url))).rejects.toThrow("consolidate the metadata");
    } finally {
      await poor.close();
    }
  });
  it("is found below another group, by the root's consolidated metadata if need be", async () => {
    const moved = new Map([...packed.keys].map(([key, value]) => [`/deep/er${key}`, value]));
    const text = new TextDecoder().decode(packed.keys.get(root));
    const consolidated = JSON.parse(text.replaceAll("NaN", '"NaN"')) as {
      metadata?: Record<string, unknown>;
      consolidated_metadata?: { metadata: Record<string, unknown> };
    };
    const prefixed = (members: Record<string, unknown> = {}): Record<string, unknown> =>
      Object.fromEntries(Object.entries(members).map(([key, value]) => [`deep/er/${key}`, value]));
    if (version === 2) {
      moved.set(root, json({ metadata: { ".zgroup": {}, ...prefixed(consolidated.metadata) } }));
      moved.delete("/deep/er/.zmetadata");
    } else {
      const metadata = {
        deep: { node_type: "group" },
        ...prefixed(consolidated.consolidated_metadata?.metadata),
      };
      const inline = { kind: "inline", must_understand: false, metadata };
      moved.set(root, json({ zarr_format: 3, node_type: "group", consolidated_metadata: inline }));
      moved.set("/deep/er/zarr.json", json({ zarr_format: 3, node_type: "group" }));
    }
    const memory = new MemoryStore(moved);
    const { list: _list, ...blind } = withRequestLog(memory).store;
    for (const store of [memory, blind]) {
      const group = await open(store, "/deep/er");
      expect([...(group?.arrays.keys() ?? [])]).toEqual([...names].sort());
      const edges = group?.arrays.get("edges");
      expect(edges?.ref.path).toBe("/deep/er/edges");
      expect(edges && texts(await readAll(edges))).toEqual(packed.arrays["edges"].values);
    }
    if (version === 3) expect((await open(memory))?.groups).toEqual(["deep"]);
  });
  it("can be a single array", async () => {
    const group = await open(packed.store(), "/edges");
    expect([...(group?.arrays.keys() ?? [])]).toEqual(["edges"]);
    const source = group?.arrays.get("edges");
    expect(source?.ref.path).toBe("/edges");
    expect(source && texts(await readAll(source))).toEqual(packed.arrays["edges"].values);
  });
});

describe("openZarrGroup", () => {
  it("finds nothing where nothing of Zarr lies", async () => {
    expect(await open(new MemoryStore(new Map([["/a/b", json(1)]])))).toBeNull();
    expect(await open(new MemoryStore())).toBeNull();
    expect(await open(packedZarr(2).store(), "/nowhere")).toBeNull();
  });
  it("takes arrays in a folder without metadata for a group", async () => {
    const keys = [...packedZarr(2).keys].filter(([key]) => !key.startsWith("/.z"));
    const group = await open(new MemoryStore(new Map(keys)));
    expect(group?.arrays.has("cube")).toBe(true);
  });
  it("takes a folder of datasets for no dataset", async () => {
    const group = json({ zarr_format: 3, node_type: "group" });
    expect(await open(new MemoryStore(new Map([["/a.zarr/zarr.json", group]])))).toBeNull();
  });
  it.each(["{", "[]", "null", '{"zarr_format": 4, "node_type": "group"}', "\xff\xfe"])(
    "refuses a root of %j",
    async (text) => {
      const store = new MemoryStore(new Map([["/zarr.json", Buffer.from(text, "latin1")]]));
      await expect(open(store)).rejects.toThrow(FormatError);
    },
  );
  it("leaves out an array with garbage, an unknown codec or dimensions that don't fit", async () => {
    const store = packedZarr(3).store();
    store.entries.set("/zarr.json", json({ zarr_format: 3, node_type: "group" }));
    const edges = JSON.parse(new TextDecoder().decode(store.entries.get("/edges/zarr.json"))) as Record<
      string,
      unknown
    >;
    store.entries.set("/one/zarr.json", Buffer.from("{ nonsense"));
    store.entries.set(
      "/cube/zarr.json",
      json({ ...edges, codecs: [{ name: "bytes" }, { name: "made_up" }] }),
    );
    store.entries.set("/huge/zarr.json", json({ ...edges, dimension_names: ["x", "y"] }));
    store.entries.set("/words/zarr.json", json({ ...edges, dimension_names: ["y", "y"] }));
    const group = await open(store);
    const reason = (name: string): string => String(group?.skipped?.get(name));
    expect(reason("one")).toMatch(/FormatError.*\/one\/zarr.json.*not JSON/);
    expect(reason("cube")).toMatch(/CodecError.*made_up/);
    expect(reason("huge")).toMatch(/FormatError.*"x"|FormatError.*"y"/);
    expect(reason("words")).toContain("FormatError");
    expect(group?.arrays.has("edges")).toBe(true);
  });
  it("refuses members of a group that it has to understand, and passes over the others", async () => {
    const group = { zarr_format: 3, node_type: "group" };
    const rootOf = (more: object): MemoryStore =>
      new MemoryStore(new Map([["/zarr.json", json({ ...group, ...more })]]));
    await expect(open(rootOf({ novelty: { name: "x" } }))).rejects.toThrow('"novelty"');
    expect(await open(rootOf({ novelty: { name: "x", must_understand: false } }))).toBeTruthy();
    const foreign = { kind: "elsewhere", must_understand: false };
    expect(await open(rootOf({ consolidated_metadata: foreign }))).toBeTruthy();
  });
  it("believes consolidated metadata, and looks for itself where it is told to", async () => {
    for (const version of [2, 3] as const) {
      const { keys } = packedZarr(version);
      // an array that came after the consolidation, and one that grew
      const store = new MemoryStore(new Map(keys));
      for (const [key, value] of keys)
        if (key.startsWith("/one/")) store.entries.set(`/new${key.slice(4)}`, value);
      const key = `/edges/${version === 2 ? ".zarray" : "zarr.json"}`;
      const document = JSON.parse(Buffer.from(keys.get(key) ?? []).toString()) as Record<string, unknown>;
      const dims = { attributes: {}, dimension_names: ["longer", "x"] };
      store.entries.set(key, json({ ...document, shape: [9, 7], ...(version === 3 ? dims : {}) }));
      store.entries.delete("/edges/.zattrs");
      const old = await open(store);
      expect(old?.arrays.has("new")).toBe(false);
      expect(old?.arrays.get("edges")?.describe().shape).toEqual([5, 7]);
      const now = await openZarrGroup(store, registerStore(store), "/", { consolidated: false });
      expect(now?.arrays.has("new")).toBe(true);
      expect(now?.arrays.get("edges")?.describe().shape).toEqual([9, 7]);
    }
    const store = new MemoryStore(
      new Map([["/.zmetadata", json({ zarr_consolidated_format: 2, metadata: {} })]]),
    );
    await expect(open(store)).rejects.toThrow("zarr_consolidated_format 2");
  });
  it("gives the fields of records, and the reason for one that can't be read", async () => {
    const zarray = {
      zarr_format: 2,
      shape: [2],
      chunks: [2],
      dtype: [
        ["a", "|i1"],
        ["", "|V3"],
        ["b", "<f16"],
        ["c", ">i2"],
        ["m", [["x", "|u1"]], [2]],
      ],
      compressor: null,
      fill_value: null,
      order: "C",
      filters: null,
    };
    const bytes = new Uint8Array(2 * 24);
    const view = new DataView(bytes.buffer);
    for (const i of [0, 1]) {
      view.setInt8(i * 24, -1 - i);
      view.setInt16(i * 24 + 20, 300 + i);
    }
    const store = new MemoryStore(
      new Map([
        ["/.zgroup", json({ zarr_format: 2 })],
        ["/r/.zarray", json(zarray)],
        ["/r/0", bytes],
      ]),
    );
    const group = await open(store);
    expect([...(group?.arrays.keys() ?? [])]).toEqual(["r.a", "r.c"]);
    expect(String(group?.skipped?.get("r.b"))).toContain("DtypeError");
    expect(String(group?.skipped?.get("r.m.x"))).toContain("sub-array of records (m)");
    const values = async (name: string): Promise<unknown> => {
      const source = group?.arrays.get(name);
      return source && texts(await readAll(source));
    };
    expect([await values("r.a"), await values("r.c")]).toEqual([
      ["-1", "-2"],
      ["300", "301"],
    ]);
    expect(group?.arrays.get("r.c")?.describe()).toMatchObject({
      dtype: "int16",
      dims: ["r_dim_0"],
      encoding: { field: "c" },
    });
  });
});
