import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StorageError } from "@hyperslab/core/errors";
import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import { S3Client } from "@hyperslab/storage/stores/s3-client";
import { S3Store, type S3StoreOptions } from "@hyperslab/storage/stores/s3-store";
import { dataset, openDataset } from "hyperslab";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { storeContract } from "../../contracts/store.js";
import { BUCKET, type FakeS3, type FakeS3Options, fakeS3 } from "./fake-s3.js";
import { freePort } from "./free-port.js";
import { areInstalled } from "./installed.js";

const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const NO_ENVIRONMENT = { HOME: "/nonexistent" };

function storeAt(server: FakeS3, options: Partial<S3StoreOptions> = {}): S3Store {
  return new S3Store({
    bucket: BUCKET,
    prefix: "some/where",
    endpoint: server.endpoint,
    backoff: 1,
    environment: NO_ENVIRONMENT,
    keys,
    ...options,
  });
}

storeContract("S3Store, of a server that checks signatures and pages", async (values) => {
  const server = await fakeS3({ keys });
  const store = storeAt(server);
  for (const [key, value] of values) await store.set(key, value);
  server.objects.set("some/where/", Buffer.alloc(0));
  server.objects.set("some/whereabouts", Buffer.alloc(1));
  return { store, dispose: server.close };
});

describe("S3Store", () => {
  let server: FakeS3;
  afterEach(() => server.close());
  const begin = async (options: FakeS3Options, store: Partial<S3StoreOptions> = {}): Promise<S3Store> => {
    server = await fakeS3(options);
    server.objects.set("some/where/v", Buffer.from("0123456789"));
    return storeAt(server, store);
  };

  it("signs names of every kind", async () => {
    const store = await begin({ keys });
    for (const name of ["a b", "!'()*", "ä/ö", "100%", "x+y=z&", "~-_.", "<&>", "$,;:@", "[]{}^`|"]) {
      await store.set(`/odd/${name}`, Uint8Array.of(1));
      expect(await store.get(`/odd/${name}`), name).toHaveLength(1);
    }
    expect((await store.list("/odd")).map(({ name }) => name)).toEqual(
      ["!'()*", "$,;:@", "100%", "<&>", "[]{}^`|", "a b", "x+y=z&", "~-_.", "ä"].sort(),
    );
    await store.delete("/odd");
    expect([...server.objects.keys()]).toEqual(["some/where/v"]);
  });
  it("goes to the region that the server names, and stays there", async () => {
    const store = await begin({ keys, region: "eu-north-1" });
    expect(await store.get("/v")).toHaveLength(10);
    expect(await store.get("/v")).toHaveLength(10);
    expect(server.requests).toHaveLength(3);
  });
  it("goes to the region in x-amz-bucket-region", async () => {
    let sent = 0;
    const store = await begin({
      keys,
      region: "eu-north-1",
      misbehave: (_, response) => {
        if (sent++ > 0) return false;
        response.writeHead(301, { "x-amz-bucket-region": "eu-north-1" }).end();
        return true;
      },
    });
    expect(await store.sizeOf("/v")).toBe(10);
    expect(server.requests).toHaveLength(2);
  });
  it.each([
    [
      { keys: { ...keys, secretAccessKey: "wrong" } },
      /403 \(SignatureDoesNotMatch: said so\); look at the keys/,
    ],
    [{ keys: { ...keys, accessKeyId: "wrong" } }, /403 \(InvalidAccessKeyId/],
    [{ keys: undefined, anonymous: true }, /403 \(AccessDenied.*public data want anonymous: true/],
    [{ bucket: "another" }, /404 \(NoSuchBucket.*look at the bucket's name/],
    [{ keys: undefined }, /there are no keys/],
  ] as const)("says what is wrong with %j", async (options, message) => {
    const store = await begin({ keys }, options);
    const error: unknown = await store.get("/v").catch((one: unknown) => one);
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain(keys.secretAccessKey);
  });
  it("elsewhere looks for keys of its own, and says that others' don't travel", async () => {
    const store = await begin({ keys }, { keys: undefined, secret: "a name from another process" });
    await expect(store.get("/v")).rejects.toThrow("there are no keys");
    await expect(store.get("/v")).rejects.toThrow("workers don't get the keys of who asks them");
    const environment = {
      ...NO_ENVIRONMENT,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    };
    const worker = storeAt(server, { keys: undefined, secret: "a name from another process", environment });
    expect(await worker.get("/v")).toHaveLength(10);
  });
  it("asks nobody who it is where data are public", async () => {
    const store = await begin({}, { keys: undefined, anonymous: true });
    expect(await store.getRange("/v", { suffixLength: 2 })).toEqual(Uint8Array.from(Buffer.from("89")));
  });
  it("takes 403 for absent only where it is told to", async () => {
    const misbehave: FakeS3Options["misbehave"] = (request, response) => {
      if (request.url?.endsWith("/v")) return false;
      response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>");
      return true;
    };
    const store = await begin({ keys, misbehave }, { forbiddenIsAbsent: true });
    expect(await store.get("/w")).toBeUndefined();
    expect(await store.sizeOf("/w")).toBeUndefined();
    await expect(storeAt(server).get("/w")).rejects.toThrow("forbiddenIsAbsent");
  });
  it("tries again where the server wants it slower, and signs anew", async () => {
    const dates: string[] = [];
    const store = await begin({
      keys,
      misbehave: (request, response, count) => {
        dates.push(String(request.headers.authorization));
        if (count > 2) return false;
        response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
        return true;
      },
    });
    expect(await store.get("/v")).toHaveLength(10);
    expect(dates).toHaveLength(3);
  });
  it("asks for the size with a range where HEAD is refused", async () => {
    const store = await begin({
      keys,
      misbehave: (request, response) => {
        if (request.method !== "HEAD") return false;
        response.writeHead(403).end();
        return true;
      },
    });
    expect(await store.sizeOf("/v")).toBe(10);
    server.objects.set("some/where/empty", Buffer.alloc(0));
    expect(await store.sizeOf("/empty")).toBe(0);
    expect(await store.sizeOf("/none")).toBeUndefined();
  });
  it("removes and lists more than a page holds", async () => {
    const store = await begin({ keys, pageSize: 700 });
    for (let i = 0; i < 2500; i++) server.objects.set(`some/where/many/${i}`, Buffer.alloc(0));
    expect(await store.list("/many")).toHaveLength(2500);
    await store.delete("/many");
    expect([...server.objects.keys()]).toEqual(["some/where/v"]);
  });
  it("finds a failed copy in an answer of success", async () => {
    const store = await begin({
      keys,
      misbehave: (request, response) => {
        if (!request.headers["x-amz-copy-source"]) return false;
        response.writeHead(200).end("<Error><Code>InternalError</Code></Error>");
        return true;
      },
    });
    await expect(store.copyFrom(storeAt(server, { prefix: "other" }), "/v")).rejects.toThrow("InternalError");
  });
  it("keeps keys out of references", async () => {
    server = await fakeS3({ keys });
    server.objects.set("p/v", Buffer.from("abc"));
    const ref = storeRefOf(`s3://${BUCKET}/p/`, { ...keys, endpoint: server.endpoint });
    expect(JSON.stringify(ref)).not.toContain(keys.secretAccessKey);
    expect(JSON.stringify(ref)).not.toContain(keys.accessKeyId);
    expect(ref).toMatchObject({ kind: "s3", bucket: BUCKET, prefix: "p", endpoint: server.endpoint });
    expect(await openStore(JSON.parse(JSON.stringify(ref)) as typeof ref).get("/v")).toHaveLength(3);
    expect(storeRefOf(`s3://${BUCKET}/p`, { ...keys, endpoint: server.endpoint })).toEqual(ref);
    expect(() => storeRefOf("s3:///x")).toThrow("no bucket is named");
    expect(() => storeRefOf("s3://bucket/x", { accessKeyId: "one" })).toThrow("one is missing");
  });
});

const isThere = areInstalled("S3 (Ceph radosgw)", [
  "radosgw",
  "radosgw-admin",
  "ceph",
  "ceph-mon",
  "ceph-osd",
  "monmaptool",
  "ceph-authtool",
]);
const script = fileURLToPath(new URL("private-rgw.sh", import.meta.url));

describe.skipIf(!isThere)("Ceph's gateway", () => {
  let home = "";
  let access: Omit<S3StoreOptions, "prefix">;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "hyperslab-rgw-"));
    const port = await freePort();
    const env = { ...process.env, ACCESS_KEY: keys.accessKeyId, SECRET_KEY: keys.secretAccessKey };
    execFileSync(script, ["up", home, String(port)], { stdio: "ignore", timeout: 90_000, env });
    const endpoint = `http://127.0.0.1:${port}`;
    access = { bucket: "test", endpoint, keys, environment: NO_ENVIRONMENT };
    expect((await new S3Client(access).request({ method: "PUT" })).status).toBe(200);
  }, 100_000);
  afterAll(() => {
    execFileSync(script, ["down", home], { stdio: "ignore" });
    rmSync(home, { recursive: true, force: true });
  });

  storeContract("S3Store, of Ceph", async (values) => {
    const store = new S3Store({ ...access, prefix: "contract" });
    for (const [key, value] of values) await store.set(key, value);
    return { store };
  });
  it("lists and removes thousands", async () => {
    const store = new S3Store({ ...access, prefix: "many" });
    const names = Array.from({ length: 1100 }, (_, i) => `/x/${i}`) as `/${string}`[];
    await Promise.all(names.map((name) => store.set(name, new Uint8Array(0))));
    expect(await store.list("/x")).toHaveLength(1100);
    await store.delete("/");
    expect(await store.list("/")).toEqual([]);
  }, 60_000);
  it("refuses who has the wrong keys, and who has none", async () => {
    const wrong = new S3Store({ ...access, prefix: "", keys: { ...keys, secretAccessKey: "no" } });
    await expect(wrong.get("/x")).rejects.toThrow("SignatureDoesNotMatch");
    const nobody = new S3Store({ ...access, prefix: "", keys: undefined, anonymous: true });
    await expect(nobody.get("/x")).rejects.toThrow("AccessDenied");
  });
  it("holds a dataset: written whole or not at all, and read on threads", async () => {
    const data = Float64Array.from({ length: 4000 }, (_, i) => i);
    const ds = dataset({ t: { dims: ["x", "y"], data, shape: [40, 100] } });
    const storageOptions = { ...keys, endpoint: access.endpoint };
    const url = "s3://test/sets/one.zarr";
    await ds.toZarr(url, { chunks: { x: 10 }, storageOptions });
    const names = async (): Promise<string[]> =>
      (await new S3Store({ ...access, prefix: "sets" }).list("/")).map(({ name }) => name);
    expect(await names()).toEqual(["one.zarr"]);
    const read = await openDataset(url, { storageOptions });
    expect((await read.get("t").values()).data).toEqual(data);
    await expect(ds.toZarr(url, { storageOptions })).rejects.toThrow("it exists already");
    await ds.toZarr(url, { mode: "w", storageOptions });
    expect(await names()).toEqual(["one.zarr"]);
  }, 60_000);
});
