import { Worker } from "node:worker_threads";
import { threadsExecutor } from "@hyperslab/executor/threads";
import { findSecret, keepSecret } from "@hyperslab/storage/stores/secrets";
import { MemoryStore, dataset, openDataset, slice } from "hyperslab";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { type Served, serve } from "../serve.js";
import { BUCKET, type FakeS3, fakeS3 } from "./fake-s3.js";

const keys = { accessKeyId: "AKID", secretAccessKey: "very secret" };

describe("secrets", () => {
  it("have one name each, and none where there is nothing", async () => {
    const name = keepSecret({ b: "2", a: "1", c: undefined });
    expect(keepSecret({ a: "1", b: "2" })).toBe(name);
    expect(keepSecret({ a: "1", b: "3" })).not.toBe(name);
    expect(keepSecret({ c: undefined })).toBeUndefined();
    expect(await findSecret(name ?? "")).toEqual({ a: "1", b: "2" });
    expect(name).not.toContain("1 ");
  });
  it("are unknown to who wasn't given them", async () => {
    expect(await findSecret("no such name")).toBeUndefined();
  });
  it.each(["began before", "begins after"])("are found by a thread that %s they were given", async (when) => {
    const script = `
      import { parentPort } from "node:worker_threads";
      import { findSecret } from ${JSON.stringify(import.meta.resolve("@hyperslab/storage/stores/secrets"))};
      parentPort.on("message", async (name) => {
        parentPort.postMessage(await Promise.all([findSecret(name), findSecret(name), findSecret("another")]));
      });
      parentPort.postMessage("ready");`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
    const secret = { token: when };
    const early = when === "begins after" ? keepSecret(secret) : undefined;
    const worker = new Worker(url);
    const heard = (): Promise<unknown> =>
      new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await heard();
    const answer = heard();
    worker.postMessage(early ?? keepSecret(secret));
    expect(await answer).toEqual([secret, secret, undefined]);
    await worker.terminate();
  });
});

describe("threads", () => {
  const data = Float64Array.from({ length: 600 }, (_, i) => i);
  const threads = threadsExecutor({ threads: 2 });
  let server: FakeS3 | Served | undefined;
  afterEach(() => server?.close());
  afterAll(() => threads.close());
  const written = async (): Promise<MemoryStore> => {
    const store = new MemoryStore();
    await dataset({ t: { dims: ["x", "y"], data, shape: [20, 30] } }).toZarr(store, { chunks: { x: 5 } });
    return store;
  };

  it("read a bucket with keys that no plan holds", async () => {
    const s3 = await fakeS3({ keys, pageSize: 100 });
    server = s3;
    for (const [key, value] of (await written()).entries) s3.objects.set(`p${key}`, Buffer.from(value));
    const storageOptions = { ...keys, endpoint: s3.endpoint };
    const ds = await openDataset(`s3://${BUCKET}/p`, { storageOptions });
    expect((await ds.get("t").values({ on: threads })).data).toEqual(data);
    await ds.toZarr(`s3://${BUCKET}/q`, { storageOptions, on: threads });
    const again = await openDataset(`s3://${BUCKET}/q`, { storageOptions });
    expect((await again.get("t").values({ on: threads })).data).toEqual(data);
    expect([...s3.objects.keys()].filter((key) => !/^[pq]\//.test(key))).toEqual([]);
  });
  it("see what was written over what they read, shards too", async () => {
    const s3 = await fakeS3({ keys, pageSize: 100 });
    server = s3;
    // a cache is for reading; what is written goes around it
    const storageOptions = { ...keys, endpoint: s3.endpoint };
    const writing = { storageOptions: { ...storageOptions, cache: 10_000 } };
    const url = `s3://${BUCKET}/shards`;
    const encoding = { t: { chunks: [2, 3], shards: [10, 30] } };
    for (const step of [0, 1, 7]) {
      const values = data.map((value) => (value * step) % 5);
      const ds = dataset({ t: { dims: ["x", "y"], data: values, shape: [20, 30] } });
      await ds.toZarr(url, { ...writing, mode: "w", encoding, on: threads });
      const part = (await openDataset(url, { storageOptions }))
        .get("t")
        .isel({ x: slice(3, 5), y: slice(4, 9) });
      const read = (await part.values({ on: threads })).data;
      expect([...(read as Float64Array)]).toEqual(
        [3, 4].flatMap((x) => [4, 5, 6, 7, 8].map((y) => values[x * 30 + y])),
      );
    }
  });
  it("read a server that wants a header, through a cache", async () => {
    const values = new Map([...(await written()).entries].map(([key, value]) => [`/p${key}`, value]));
    const seen = new Set<unknown>();
    server = await serve(values, {
      misbehave: (request) => {
        seen.add(request.headers["x-token"]);
        return false;
      },
    });
    const storageOptions = { headers: { "x-token": "t" }, cache: 2 ** 20 };
    const ds = await openDataset(`${server.url}/p`, { storageOptions });
    expect((await ds.get("t").values({ on: threads })).data).toEqual(data);
    expect([...seen]).toEqual(["t"]);
  });
});
