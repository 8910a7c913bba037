import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import { WebHdfsStore, type WebHdfsOptions } from "@hyperslab/storage/stores/webhdfs-store";
import { afterEach, describe, expect, it } from "vitest";
import { storeContract } from "../../contracts/store.js";
import { type FakeHdfs, type FakeHdfsOptions, fakeHdfs } from "./fake-webhdfs.js";

storeContract("WebHdfsStore", async (values) => {
  const hdfs = await fakeHdfs(values);
  return { store: new WebHdfsStore(`http://${hdfs.namenode}/user/data/`), dispose: hdfs.close };
});

describe("WebHdfsStore", () => {
  let hdfs: FakeHdfs;
  afterEach(() => hdfs.close());
  const VALUES = new Map([["/v", Uint8Array.from({ length: 100 }, (_, i) => i)]]);
  const begin = async (fake: FakeHdfsOptions, options: WebHdfsOptions = {}): Promise<WebHdfsStore> => {
    hdfs = await fakeHdfs(VALUES, fake);
    return new WebHdfsStore(`http://${hdfs.namenode}/user/data`, { backoff: 1, ...options });
  };

  it("asks the namenode, and gets bytes from the datanode", async () => {
    const store = await begin({});
    expect(await store.getRange("/v", { offset: 5, length: 3 })).toEqual(Uint8Array.of(5, 6, 7));
    expect(hdfs.requests).toEqual(["namenode OPEN /user/data/v", "datanode OPEN /user/data/v"]);
    expect(await store.getRange("/v", { suffixLength: 2 })).toEqual(Uint8Array.of(98, 99));
    expect(store.label).toBe(`webhdfs://${hdfs.namenode}/user/data`);
  });
  it("says who asks", async () => {
    const store = await begin({ user: "somebody" }, { user: "somebody" });
    expect(await store.get("/v")).toHaveLength(100);
    await expect(new WebHdfsStore(`http://${hdfs.namenode}/user/data`).get("/v")).rejects.toThrow(
      /OPEN was answered with 403 \(AccessControlException: Permission denied: user=dr.who[^\n]*\); who asks may not/,
    );
  });
  it("brings a token, and nobody else sees it", async () => {
    const store = await begin({ token: "abc+/=" }, { user: "x", delegationToken: async () => "abc+/=" });
    expect(await store.get("/v")).toHaveLength(100);
    const error = await new WebHdfsStore(`http://${hdfs.namenode}/user/data`).get("/v").catch(String);
    expect(error).toContain("401 (SecurityException");
    expect(error).toContain("give a delegationToken");
    const ref = storeRefOf(`webhdfs://${hdfs.namenode}/user/data`, { delegationToken: "abc+/=" });
    expect(JSON.stringify(ref)).not.toContain("abc");
    expect(await openStore(ref).get("/v")).toHaveLength(100);
  });
  it.each([
    [
      [403, "StandbyException", "Operation category READ is not supported in state standby"],
      "name the active one",
    ],
    [[403, "IOException", "Offset=9 out of the range [0, 1); OPEN"], "truncated"],
    [[500, "RuntimeException", "disk on fire"], "answered 500"],
    [[400, "IllegalArgumentException", "Invalid value"], "IllegalArgumentException: Invalid value"],
  ] as const)("says what the namenode throws: %j", async (thrown, message) => {
    const store = await begin({ exception: () => thrown }, { attempts: 2 });
    await expect(store.getRange("/v", { offset: 1, length: 1 })).rejects.toThrow(message);
  });
  it("comes back when it is told to", async () => {
    const exception = (count: number) =>
      count < 3 ? ([403, "RetriableException", "starting up"] as const) : undefined;
    expect(await (await begin({ exception })).sizeOf("/v")).toBe(100);
  });
  it("notices a datanode that sends too little", async () => {
    const store = await begin({ short: 1 });
    await expect(store.getRange("/v", { offset: 0, length: 9 })).rejects.toThrow(
      "asked for 9 bytes, the datanode sent 8",
    );
  });
  it("is what webhdfs:// and swebhdfs:// open", async () => {
    hdfs = await fakeHdfs(VALUES);
    expect(storeRefOf("webhdfs://me@nn:9870/a")).toEqual({
      kind: "webhdfs",
      url: "http://nn:9870/a",
      user: "me",
    });
    expect(storeRefOf("swebhdfs://nn:9871/a")).toEqual({ kind: "webhdfs", url: "https://nn:9871/a" });
    expect(() => storeRefOf("webhdfs:///a")).toThrow("no such address");
    const store = openStore(storeRefOf(`webhdfs://${hdfs.namenode}/user`));
    expect(await store.getRange("/data/v", { offset: 1, length: 1 })).toEqual(Uint8Array.of(1));
    const gateway = new WebHdfsStore(`http://${hdfs.namenode}/webhdfs/v1/user/data`);
    expect(await gateway.sizeOf("/v")).toBe(100);
  });
});
