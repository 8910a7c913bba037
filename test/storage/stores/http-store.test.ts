import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { CancelledError, StorageError } from "@hyperslab/core/errors";
import { HttpStore, type HttpStoreOptions } from "@hyperslab/storage/stores/http-store";
import { MOST_WITHOUT_RANGES } from "@hyperslab/storage/stores/http-body";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { storeContract } from "../../contracts/store.js";
import { areInstalled } from "./installed.js";
import { type PrivateNginx, startNginx } from "./private-nginx.js";
import { type Misbehaviour, type Served, serve } from "../serve.js";

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
  it("does not try again what fetch refuses, nor certificates that nobody believes", async () => {
    let tries = 0;
    const failing = (cause: Error): HttpStore =>
      new HttpStore("https://host/", {
        fetch: () => {
          tries++;
          return Promise.reject(new TypeError("fetch failed", { cause }));
        },
      });
    const expired = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
    await expect(failing(expired).get("/v")).rejects.toThrow("certificate has expired; look at the address");
    await expect(new HttpStore("http://127.0.0.1:1/").get("/v")).rejects.toThrow(
      "bad port; look at the address",
    );
    expect(tries).toBe(1);
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
  it("finds the size where HEAD says nothing of it", async () => {
    const packed = gzipSync(VALUE);
    const store = await storeOf((request, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length });
      response.end(request.method === "HEAD" ? undefined : packed);
      return true;
    });
    expect(await store.sizeOf("/v")).toBe(VALUE.length);
  });
  it("undoes an encoding that nobody asked for, and refuses ranges of it", async () => {
    const packed = gzipSync(VALUE);
    const store = await storeOf((request, response) => {
      const status = request.headers.range && request.url === "/v" ? 206 : 200;
      response.writeHead(status, { "content-encoding": "gzip", "content-length": packed.length }).end(packed);
      return true;
    });
    expect(Buffer.from((await store.get("/v")) ?? []).equals(VALUE)).toBe(true);
    await expect(store.getRange("/v", { offset: 0, length: 9 })).rejects.toThrow(
      /range of gzip-encoded bytes/,
    );
    expect([...((await store.getRange("/w", { offset: 3, length: 2 })) ?? [])]).toEqual([3, 4]);
    expect([...((await store.getRange("/w", { suffixLength: 2 })) ?? [])]).toEqual([...VALUE.subarray(-2)]);
  });
  it("refuses an encoding that it doesn't know", async () => {
    const store = await storeOf((_, response) => {
      response.writeHead(200, { "content-encoding": "snappy" }).end(VALUE);
      return true;
    });
    await expect(store.get("/v")).rejects.toThrow(/content-encoding "snappy"/);
  });
  it("refuses a part that is longer or shorter than it says", async () => {
    const store = await storeOf((_, response) => {
      response.writeHead(206, { "content-range": "bytes 0-9/100000" }).end(VALUE.subarray(0, 5000));
      return true;
    });
    await expect(store.getRange("/v", { offset: 0, length: 10 })).rejects.toThrow("more than 10 bytes");
    await expect(store.getRange("/v", { offset: 0, length: 9 })).rejects.toThrow("asked for bytes=0-8");
  });
  it("gives up what would take forever from a server that ignores ranges", async () => {
    const size = 2 * MOST_WITHOUT_RANGES;
    const store = await storeOf((_, response) => {
      response.writeHead(200, { "content-length": size });
      response.write(VALUE);
      return true;
    });
    await expect(store.getRange("/v", { offset: size - 9, length: 9 })).rejects.toThrow(
      `the server ignores Range and sends all ${size} bytes for a part of it`,
    );
    await expect(store.getRange("/v", { suffixLength: 9 })).rejects.toThrow("ignores Range");
  });
  it("complains once of a server that ignores ranges", async () => {
    const complaints: string[] = [];
    const listen = ({ message }: Error): void => void complaints.push(message);
    process.on("warning", listen);
    const store = await storeOf(undefined, { ignoreRange: true });
    for (let i = 0; i < 3; i++) await store.getRange("/v", { offset: i, length: 5 });
    await new Promise(setImmediate);
    process.off("warning", listen);
    expect(complaints).toEqual([expect.stringContaining(`${served?.url} ignores Range`)]);
  });
  it("follows redirects with the range, and keeps what is secret at home", async () => {
    const seen: (string | undefined)[][] = [];
    const away = createServer((request, response) => {
      seen.push([
        request.url,
        request.headers.range,
        request.headers["x-token"] as string,
        request.headers.authorization,
      ]);
      response.writeHead(206, { "content-range": "bytes 1-2/9" }).end("bc");
    });
    await new Promise<void>((ready) => away.listen(0, "127.0.0.1", ready));
    const { port } = away.address() as AddressInfo;
    const store = await storeOf(
      (request, response) => {
        seen.push([request.url, request.headers.range, request.headers["x-token"] as string]);
        const location = request.url === "/v" ? "/there" : `http://localhost:${port}/away`;
        response.writeHead(request.url === "/v" ? 302 : 307, { location }).end();
        return true;
      },
      { headers: { "x-token": "t", authorization: "Bearer b" } },
    );
    expect(Buffer.from((await store.getRange("/v", { offset: 1, length: 2 })) ?? []).toString()).toBe("bc");
    expect(seen).toEqual([
      ["/v", "bytes=1-2", "t"],
      ["/there", "bytes=1-2", "t"],
      ["/away", "bytes=1-2", undefined, undefined],
    ]);
    await new Promise((done) => away.close(done));
  });
  it("remembers what has moved for good, and nothing else", async () => {
    const store = await storeOf((request, response) => {
      if (request.url === "/v") return false;
      response.writeHead(request.url === "/moved" ? 308 : 307, { location: "/v" }).end();
      return true;
    });
    for (let i = 0; i < 2; i++) {
      expect(await store.get("/moved")).toHaveLength(VALUE.length);
      expect(await store.get("/lent")).toHaveLength(VALUE.length);
    }
    expect(served?.requests.filter((one) => one === "GET /moved")).toHaveLength(1);
    expect(served?.requests.filter((one) => one === "GET /lent")).toHaveLength(2);
  });
  it("gives up on redirects that go in circles", async () => {
    const store = await storeOf((_, response) => {
      response.writeHead(302, { location: "/v" }).end();
      return true;
    });
    await expect(store.get("/v")).rejects.toThrow("redirected more than 10 times");
  });
  it("takes a folder for no value", async () => {
    const store = await storeOf((request, response) => {
      response.writeHead(301, { location: `${request.url}/` }).end();
      return true;
    });
    expect(await store.get("/folder")).toBeUndefined();
    expect(await store.sizeOf("/folder")).toBeUndefined();
  });
  it("takes 403 for absent only where it is told to", async () => {
    const misbehave: Misbehaviour = (_, response) => {
      response.writeHead(403).end();
      return true;
    };
    const store = await storeOf(misbehave, { forbiddenIsAbsent: true });
    expect(await store.get("/v")).toBeUndefined();
    expect(await store.sizeOf("/v")).toBeUndefined();
  });
  it("has so many requests under way at once, and no more", async () => {
    let now = 0;
    let most = 0;
    const store = await storeOf(
      (_, response) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          response.writeHead(200).end("x");
        }, 5);
        return true;
      },
      { concurrency: 7 },
    );
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.get(`/${i}`)));
    expect(most).toBe(7);
  });
  it("overlaps requests: the first answer may wait until 32 are under way", async () => {
    const held: (() => void)[] = [];
    let isOpen = false;
    const store = await storeOf((_, response) => {
      held.push(() => response.writeHead(200).end("x"));
      isOpen ||= held.length >= 32;
      if (isOpen) for (const release of held.splice(0)) release();
      return true;
    });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => store.get(`/${i}`)));
    expect(answers.every((answer) => answer?.length === 1)).toBe(true);
  });
  it("stops while it waits for its turn", async () => {
    const stop = new AbortController();
    const arrived: Misbehaviour = () => {
      stop.abort();
      return true;
    };
    const store = await storeOf(arrived, { concurrency: 1 });
    const both = [store.get("/a", { signal: stop.signal }), store.get("/b", { signal: stop.signal })];
    for (const one of await Promise.allSettled(both))
      expect(one).toMatchObject({ status: "rejected", reason: { tag: "CancelledError" } });
    expect(served?.requests).toEqual(["GET /a"]);
  });
  it("puts bytes where it is told to, also at the second try", async () => {
    const store = await storeOf((_, response, count) => {
      if (count > 1) return false;
      response.writeHead(206, { "content-range": "bytes 5-14/100000", "content-length": 10 });
      response.write(VALUE.subarray(0, 3));
      setTimeout(() => response.destroy(), 5);
      return true;
    });
    const place = new Uint8Array(10);
    const asked: number[] = [];
    const memory = (length: number): Uint8Array => {
      asked.push(length);
      return place;
    };
    expect(await store.getRange("/v", { offset: 5, length: 10 }, { memory })).toBe(place);
    expect([...place]).toEqual([...VALUE.subarray(5, 15)]);
    expect(asked).toEqual([10]);
  });
});

describe.skipIf(!areInstalled("HTTP (nginx)", ["nginx"]))("nginx", () => {
  storeContract("HttpStore, of nginx", async (values) => {
    const nginx = await startNginx(values);
    return { store: new HttpStore(nginx.url), dispose: nginx.close };
  });

  let nginx: PrivateNginx;
  const value = Buffer.from(JSON.stringify({ text: "all work and no play ".repeat(5000) }));
  const secret = `Basic ${Buffer.from("me:secret").toString("base64")}`;
  beforeAll(async () => {
    const protect = `if ($http_authorization != "${secret}") { return 401; }`;
    nginx = await startNginx(
      new Map([
        ["/packed/v.json", value],
        ["/whole/v", value],
        ["/closed/v", value],
      ]),
      `location /packed/ { gzip on; gzip_types application/json; }
       location /whole/ { max_ranges 0; }
       location /closed/ { ${protect} }
       location /moved/ { return 301 /whole/v; }`,
    );
  });
  afterAll(() => nginx.close());

  it("isn't asked to pack, so ranges are of the value", async () => {
    const store = new HttpStore(nginx.url);
    expect(await store.sizeOf("/packed/v.json")).toBe(value.length);
    const range = await store.getRange("/packed/v.json", { offset: 10, length: 7 });
    expect(Buffer.from(range ?? [])).toEqual(value.subarray(10, 17));
  });
  it("may ignore ranges", async () => {
    const range = await new HttpStore(nginx.url).getRange("/whole/v", { offset: 100, length: 7 });
    expect(Buffer.from(range ?? [])).toEqual(value.subarray(100, 107));
    const end = await new HttpStore(nginx.url).getRange("/whole/v", { suffixLength: 7 });
    expect(Buffer.from(end ?? [])).toEqual(value.subarray(-7));
  });
  it("may want a login", async () => {
    await expect(new HttpStore(nginx.url).get("/closed/v")).rejects.toThrow("401; a login is missing");
    const login = new HttpStore(nginx.url.replace("//", "//me:secret@"));
    expect(await login.get("/closed/v")).toHaveLength(value.length);
  });
  it("may redirect", async () => {
    expect(await new HttpStore(nginx.url).sizeOf("/moved/x")).toBe(value.length);
  });
});
