/** Shards, read and written in parts. */
import { describe, expect, it } from "vitest";
import type { ChunkPipeline, ShardLayout } from "@hyperslab/codecs/chunk-pipeline";
import type { CodecSpec } from "@hyperslab/codecs/codec";
import { plainElement } from "@hyperslab/codecs/element";
import { pipelineV3 } from "@hyperslab/codecs/pipeline";

const codec = (name: string, configuration: Record<string, unknown> = {}): CodecSpec => ({
  name,
  configuration,
});

function sharded(configuration: Record<string, unknown> = {}, around: CodecSpec[] = []): ChunkPipeline {
  const sharding = codec("sharding_indexed", {
    chunk_shape: [2, 3],
    codecs: [codec("bytes", { endian: "big" }), codec("blosc", { cname: "lz4", shuffle: "shuffle" })],
    index_codecs: [codec("bytes", { endian: "little" }), codec("crc32c")],
    ...configuration,
  });
  const codecs = [...around.filter(({ name }) => name === "transpose"), sharding];
  codecs.push(...around.filter(({ name }) => name !== "transpose"));
  return pipelineV3({ element: plainElement("float32"), shape: [4, 6], codecs, fill: NaN });
}

const data = Float32Array.from({ length: 24 }, (_, i) => (i % 6 < 3 && i < 12 ? NaN : i));

function layoutOf({ shard }: ChunkPipeline): ShardLayout {
  if (shard === null) throw new Error("no shard");
  return shard;
}

describe.each(["start", "end"])("an index at the %s", (index_location) => {
  const pipeline = sharded({ index_location });

  it("lets one inner chunk be read with two ranges", async () => {
    const shard = await pipeline.encode(data, "c/0/0");
    const { indexBytes, indexLocation, decodeIndex, inner, counts, total } = layoutOf(pipeline);
    expect([indexLocation, indexBytes, total]).toEqual([index_location, 4 * 16 + 4, 4]);
    expect(counts).toEqual([2, 2]);
    const at = indexLocation === "start" ? 0 : shard.length - indexBytes;
    const index = await decodeIndex(shard.slice(at, at + indexBytes), "c/0/0");
    expect(index.range(0)).toBe(null);
    const range = index.range(3);
    if (range === null) throw new Error("absent");
    const bytes = shard.slice(range.offset, range.offset + range.length);
    expect(await inner.decode(bytes, "c/0/0[3]")).toEqual(Float32Array.of(15, 16, 17, 21, 22, 23));
    expect(inner.shape).toEqual([2, 3]);
  });

  it("comes back whole", async () => {
    expect(await pipeline.decode(await pipeline.encode(data, "c/0/0"), "c/0/0")).toEqual(data);
    const out = new Float32Array(24);
    expect(await pipeline.decode(await pipeline.encode(data, "c/0/0"), "c/0/0", out)).toBe(out);
    expect(out).toEqual(data);
  });

  it("is checked", async () => {
    const shard = await pipeline.encode(data, "c/0/0");
    const indexAt = index_location === "start" ? 0 : shard.length - 68;
    for (let at = indexAt; at < indexAt + 68; at++) {
      const bytes = new Uint8Array(shard);
      bytes[at] ^= 4;
      expect(() => pipeline.decode(bytes, "c/0/0"), `byte ${at}`).toThrow(
        /chunk c\/0\/0: codec crc32c: checksum/,
      );
    }
  });
});

describe("sharding", () => {
  it("says of an index without checksum where it leads", async () => {
    const pipeline = sharded({ index_codecs: [codec("bytes", { endian: "little" })] });
    const shard = new Uint8Array(await pipeline.encode(data, "c/0/0"));
    const view = new DataView(shard.buffer);
    const entry = shard.length - 64 + 16;
    view.setBigUint64(entry, 10_000n, true);
    expect(() => pipeline.decode(shard, "c/0/0")).toThrow(/inner chunk 1 ends at byte 100\d\d of \d+/);
    view.setBigUint64(entry, 2n ** 63n, true);
    expect(() => pipeline.decode(shard, "c/0/0")).toThrow(
      /the index puts inner chunk 1 at bytes 9223372036854775808\+/,
    );
  });

  it("names the inner chunk that is damaged", async () => {
    const pipeline = sharded();
    const shard = new Uint8Array(await pipeline.encode(data, "c/0/0"));
    const range = (await layoutOf(pipeline).decodeIndex(shard.slice(-68), "c")).range(2);
    shard[(range?.offset ?? 0) + 4] ^= 1;
    expect(() => pipeline.decode(shard, "c/0/0")).toThrow(/chunk c\/0\/0\[2\]: codec blosc/);
  });

  it("may stand between transpose and checksum, and is then read whole", async () => {
    const pipeline = sharded({ chunk_shape: [3, 2] }, [
      codec("transpose", { order: [1, 0] }),
      codec("crc32c"),
    ]);
    expect(pipeline.shard).toBe(null);
    expect(await pipeline.decode(await pipeline.encode(data, "x"), "x")).toEqual(data);
  });

  it.each([
    [{ chunk_shape: [2, 4] }, /inner chunks \(2, 4\) don't divide a shard of \(4, 6\)/],
    [{ chunk_shape: [2] }, /don't divide/],
    [{ codecs: 3 }, /"codecs" is 3; it has to be a list of codecs/],
    [{ index_codecs: [codec("bytes"), codec("gzip")] }, /index codecs bytes, gzip don't have a fixed size/],
    [{ index_location: "middle" }, /"index_location" is "middle"/],
  ])("refuses %j", (configuration, message) => {
    expect(() => sharded(configuration)).toThrow(message);
  });
});

describe("orders of codecs", () => {
  const element = plainElement("int16");
  it.each([
    [[], /no codec makes bytes of elements/],
    [[codec("gzip")], /gzip/],
    [[codec("what")], /codec what: no such codec here/],
    [[codec("gzip"), codec("bytes")], /gzip: stands before the codec that makes bytes/],
    [[codec("transpose", { order: [0, 0] }), codec("bytes")], /the order has to name every dimension once/],
    [[codec("vlen-utf8")], /elements are int16, not texts/],
    [[codec("bytes", { endian: "middle" })], /"endian" is "middle"/],
    [[codec("numcodecs.delta", { dtype: "<i2" }), codec("sharding_indexed")], /only transpose may/],
  ])("%j", (codecs, message) => {
    expect(() => pipelineV3({ element, shape: [4, 6], codecs, fill: 0 })).toThrow(message);
  });

  it("out and data of another length are refused", () => {
    const pipeline = pipelineV3({ element, shape: [4, 6], codecs: [codec("bytes")], fill: 0 });
    expect(() => pipeline.decode(new Uint8Array(48), "x", new Int16Array(23))).toThrow(/chunk x/);
    expect(() => pipeline.encode(new Int16Array(23), "x")).toThrow(/chunk x/);
  });
});
