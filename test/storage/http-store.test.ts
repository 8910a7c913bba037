import { CancelledError, StorageError } from "@hyperslab/core/errors";
import { HttpStore, type HttpStoreOptions } from "@hyperslab/storage/http-store";
import { afterEach, describe, expect, it } from "vitest";
import { type Misbehaviour, type Served, serve } from "./serve.js";

const VALUE = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
const QUICK: HttpStoreOptions = { backoff: 1 };

let served: Served | undefined;
afterEach(() => served?.close());

async function storeOf(
  misbehave?: Misbehaviour,
  options: HttpStoreOptions & { ignoreRange?: boolean } = {},
): Promise<HttpStore> {
  served = await serve(new Map([["/v", VALUE]]), { misbehave, ignoreRange: options.ignoreRange });
  return new HttpStore(served.url, { ...QUICK, ...options });
}

describe("HttpStore", () => {
  it("tries again after 503", async () => {
    const store = await storeOf((_, response, count) => {
      if (count > 2) return false;
      response.writeHead(503, { "retry-after": "0" }).end();
      return true;
    });
    expect((await store.get("/v"))?.length).toBe(VALUE.length);
    expect(served?.requests.length).toBe(3);
  });
  it("gives up in the end, and says how often it tried", async () => {
    const store = await storeOf(
      (_, response) => {
        response.writeHead(500).end();
        return true;
      },
      { attempts: 3 },
    );
    await expect(store.get("/v")).rejects.toThrow(/the server answered 500 \(tried 3 times\)/);
    expect(served?.requests.length).toBe(3);
  });
  it("tries again after a connection that broke off", async () => {
    const store = await storeOf((_, response, count) => {
      if (count > 2) return false;
      response.writeHead(200, { "content-length": VALUE.length });
      response.write(VALUE.subarray(0, 500));
      setTimeout(() => response.destroy(), 5);
      return true;
    });
    expect(Buffer.from((await store.get("/v")) ?? []).equals(VALUE)).toBe(true);
  });
  it("says that there is no server", async () => {
    const store = await storeOf();
    await served?.close();
    served = undefined;
    const error = await new HttpStore(store.label, { attempts: 2, backoff: 1 })
      .get("/v")
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toMatch(/no answer: .*ECONNREFUSED.*tried 2 times/);
  });
  it("does not try again what is refused", async () => {
    const store = await storeOf((_, response) => {
      response.writeHead(403).end();
      return true;
    });
    await expect(store.get("/v")).rejects.toThrow(/answered 403; a login or a signature is missing/);
    expect(served?.requests.length).toBe(1);
  });
  it("distrusts ranges that are not the ones asked for", async () => {
    const wrong = await storeOf((_, response) => {
      response.writeHead(206, { "content-range": "bytes 5-14/100" }).end(VALUE.subarray(5, 15));
      return true;
    });
    await expect(wrong.getRange("/v", { offset: 0, length: 10 })).rejects.toThrow(/asked for bytes=0-9/);
    await expect(wrong.getRange("/v", { suffixLength: 10 })).rejects.toThrow(/asked for bytes=-10/);
  });
  it("takes what it needs from a server that ignores ranges, and no more", async () => {
    const store = await storeOf(undefined, { ignoreRange: true });
    const start = await store.getRange("/v", { offset: 10, length: 5 });
    expect([...(start ?? [])]).toEqual([10, 11, 12, 13, 14]);
    const end = await store.getRange("/v", { suffixLength: 3 });
    expect([...(end ?? [])]).toEqual([...VALUE.subarray(-3)]);
  });
  it("finds the size where HEAD is not allowed", async () => {
    const store = await storeOf((request, response) => {
      if (request.method !== "HEAD") return false;
      response.writeHead(405).end();
      return true;
    });
    expect(await store.sizeOf("/v")).toBe(VALUE.length);
    expect(served?.requests).toEqual(["HEAD /v", "GET /v bytes=0-0"]);
  });
  it("stops in the middle of a value", async () => {
    const store = await storeOf((_, response) => {
      response.writeHead(200, { "content-length": VALUE.length });
      response.write(VALUE.subarray(0, 500));
      return true;
    });
    const stop = new AbortController();
    const reading = store.get("/v", { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(reading).rejects.toThrow(CancelledError);
  });
  it("stops while it waits to try again", async () => {
    const store = await storeOf(
      (_, response) => {
        response.writeHead(503).end();
        return true;
      },
      { backoff: 60_000 },
    );
    const stop = new AbortController();
    const reading = store.get("/v", { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await expect(reading).rejects.toThrow(CancelledError);
  });
  it("gives up on a server that says nothing", async () => {
    const store = await storeOf(() => true, { timeout: 20, attempts: 2 });
    await expect(store.get("/v")).rejects.toThrow(/it took too long \(tried 2 times\)/);
  });
  it("sends logins and headers, keeps the query, and shows neither in messages", async () => {
    const seen: string[] = [];
    served = await serve(new Map(), {
      misbehave: (request) => {
        seen.push(`${request.url} ${request.headers.authorization} ${request.headers["x-token"]}`);
        return false;
      },
    });
    const url = served.url.replace("http://", "http://me:se%20cret@");
    const store = new HttpStore(`${url}/root?signature=abc`, { headers: { "x-token": "t" } });
    expect(await store.get("/a b/c")).toBeUndefined();
    const login = Buffer.from("me:se cret").toString("base64");
    expect(seen).toEqual([`/root/a%20b/c?signature=abc Basic ${login} t`]);
    expect(store.label).toBe(`${served.url}/root`);
  });
  it("refuses what is no URL", () => {
    expect(() => new HttpStore("ftp://host/x")).toThrow("not an http or https URL");
    expect(() => new HttpStore("nonsense")).toThrow("not an http or https URL");
  });
});
