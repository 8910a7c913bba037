/** Names, configurations and what is said of wrong ones. */
import { describe, expect, it } from "vitest";
import { fromV2, fromV3 } from "@hyperslab/codecs/configuration";
import { codecNames, codecOf, isFilter } from "@hyperslab/codecs/registry";

const CONFIGURATIONS: Readonly<Record<string, Record<string, unknown>>> = {
  delta: { dtype: "<i4" },
  fixedscaleoffset: { dtype: "<f4", offset: 0, scale: 10 },
  quantize: { dtype: "<f4", digits: 2 },
  bitround: { keepbits: 5 },
  "hdf5.scaleoffset": { values: [2, 0, 10, 0, 4, 1, 0, 0] },
  "hdf5.nbit": { values: [8, 0, 10, 1, 4, 0, 20, 0] },
  "hdf5.szip": { values: [141, 8, 16, 100] },
  astype: { encode_dtype: "<f4", decode_dtype: "<f8" },
};

describe("codecOf", () => {
  it("knows every name, with and without numcodecs before it", () => {
    for (const name of codecNames())
      for (const spelled of [name, `numcodecs.${name}`]) {
        const codec = codecOf({ name: spelled, configuration: CONFIGURATIONS[name] ?? {} });
        expect(codec.name).toBe(spelled);
      }
  });

  it.each(["lzma", "toString", "__proto__", "numcodecs.", "pcodec"])("names %s as unknown", (name) => {
    const make = (): unknown => codecOf({ name, configuration: {} });
    expect(make).toThrow(/no such codec here; known are blosc, zstd, lz4/);
    expect(make).toThrow(new RegExp(`codec ${name.replace(".", "\\.")}:`));
  });

  it("tells filters from codecs of bytes", () => {
    expect(isFilter("numcodecs.delta")).toBe(true);
    expect(isFilter("shuffle")).toBe(false);
  });

  it.each([
    ["blosc", { clevel: 10 }, /"clevel" is 10; it has to be an integer of 0 to 9/],
    ["blosc", { cname: "brotli" }, /"cname" is "brotli"; it has to be one of blosclz, lz4/],
    ["blosc", { shuffle: "both" }, /"shuffle" is "both"/],
    ["blosc", { shuffle: 3 }, /"shuffle" is 3/],
    ["gzip", { level: "fast" }, /"level" is "fast"/],
    ["zstd", { checksum: 1 }, /"checksum" is 1; it has to be true or false/],
    ["shuffle", { elementsize: 0 }, /"elementsize" is 0/],
    ["crc32", { location: "middle" }, /"location" is "middle"/],
    ["delta", {}, /"dtype" is undefined/],
    ["delta", { dtype: "<c8" }, /it has to be numeric/],
    ["delta", { dtype: "<U4" }, /it has to be numeric/],
    ["fixedscaleoffset", { dtype: "<f4", offset: 0, scale: 0 }, /scale is 0/],
    ["quantize", { dtype: "<i4", digits: 1 }, /floats only/],
  ])("%s with %j", (name, configuration, message) => {
    expect(() => codecOf({ name, configuration })).toThrow(message);
    expect(() => codecOf({ name, configuration })).toThrow(expect.objectContaining({ tag: "CodecError" }));
  });

  it("bitround takes floats only", () => {
    const codec = codecOf(
      { name: "bitround", configuration: { keepbits: 11 } },
      { itemSize: 2, littleEndian: true },
    );
    expect(() => codec.encode(new Uint8Array(4))).toThrow(/10, 23 and 52 bits/);
  });
});

describe("specs in metadata", () => {
  it("v2", () => {
    expect(fromV2({ id: "zlib", level: 3 })).toEqual({ name: "zlib", configuration: { level: 3 } });
    expect(() => fromV2({ name: "zlib" })).toThrow(/a Zarr v2 codec is written/);
    expect(() => fromV2(null)).toThrow(/is no codec/);
  });
  it("v3", () => {
    expect(fromV3("bytes")).toEqual({ name: "bytes", configuration: {} });
    expect(fromV3({ name: "gzip", configuration: { level: 3 } })).toEqual({
      name: "gzip",
      configuration: { level: 3 },
    });
    expect(() => fromV3({ name: "gzip", configuration: 3 })).toThrow(/a Zarr v3 codec is written/);
  });
});
