/** Stores as references open them: their code is loaded with the first request, and they may lie in each other. */
import type { StoreRef } from "@hyperslab/core/source-ref";
import { openStore, openStoreItself, openWritableStore, storeRefOf } from "@hyperslab/storage/open-store";
import { isWritable } from "@hyperslab/storage/store";
import { S3Store } from "@hyperslab/storage/stores/s3-store";
import { describe, expect, it } from "vitest";
import { storeContract } from "../../contracts/store.js";
import { serve } from "../serve.js";
import { BUCKET, fakeS3 } from "./fake-s3.js";
import { fakeHdfs } from "./fake-webhdfs.js";
import { makeZip } from "./make-zip.js";

const keys = { accessKeyId: "AKID", secretAccessKey: "secret" };

storeContract("a bucket, by reference", async (values) => {
  const server = await fakeS3({ keys });
  const ref = storeRefOf(`s3://${BUCKET}/deep/in`, { ...keys, endpoint: server.endpoint });
  const store = openWritableStore(ref);
  for (const [key, value] of values) await store.set(key, value);
  return { store, dispose: server.close };
});
storeContract("a bucket with a cache, by reference", async (values) => {
  const server = await fakeS3({ keys });
  const store = openWritableStore(
    storeRefOf(`s3://${BUCKET}/deep/in`, { ...keys, endpoint: server.endpoint, cache: 10_000 }),
  );
  for (const [key, value] of values) await store.set(key, value);
  return { store, dispose: server.close };
});
storeContract("an archive on a server, with a cache, by reference", async (values) => {
  const parts = [...values].map(([key, value], i) => ({ name: key.slice(1), value, method: i % 2 ? 8 : 0 }));
  const served = await serve(new Map([["/x.zip", makeZip(parts)]]));
  const inner: StoreRef = { kind: "cached", store: { kind: "http", url: served.url }, bytes: 100_000 };
  return { store: openStore({ kind: "zip", store: inner, key: "/x.zip" }), dispose: served.close };
});
storeContract("HDFS, by reference", async (values) => {
  const hdfs = await fakeHdfs(values, { user: "me" });
  const store = openStore(storeRefOf(`webhdfs://${hdfs.namenode}/user/data`, { user: "me" }));
  return { store, dispose: hdfs.close };
});

describe("references", () => {
  it("tell what a store can do before it is there", async () => {
    const refs: Record<string, StoreRef> = {
      http: { kind: "http", url: "https://host/x?token=secret" },
      s3: { kind: "s3", bucket: "b", prefix: "p", anonymous: true },
      webhdfs: { kind: "webhdfs", url: "http://nn:9870/a" },
      zip: { kind: "zip", store: { kind: "http", url: "https://host/x" }, key: "/a.zip" },
      references: { kind: "references", store: { kind: "file", path: "/x" }, key: "/r.json" },
    };
    const can = Object.entries(refs).map(([name, ref]) => {
      const store = openStore(ref);
      return [name, store.list !== undefined, isWritable(store), store.lasting];
    });
    expect(can).toEqual([
      ["http", false, false, true],
      ["s3", true, true, true],
      ["webhdfs", true, false, true],
      ["zip", true, false, true],
      ["references", true, false, true],
    ]);
    for (const ref of Object.values(refs)) {
      const { label } = openStore(ref);
      expect(label).not.toContain("secret");
      expect((await openStoreItself(ref)).label.replace(/^\w+:\/\/nn/, "")).toBe(
        label.replace(/^\w+:\/\/nn/, ""),
      );
    }
    expect(await openStoreItself(refs["s3"])).toBeInstanceOf(S3Store);
    const cached = openStore({ kind: "cached", store: refs["http"], bytes: 1 });
    expect([cached.list, isWritable(cached)]).toEqual([undefined, false]);
  });
});
