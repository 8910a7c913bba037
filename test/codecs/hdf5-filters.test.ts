/** HDF5's filters: chunks of files that h5py and hdf5plugin wrote, masks, and what is said of unknown ones. */
import { describe, expect, it } from "vitest";
import { byteChain } from "@hyperslab/codecs/byte-chain";
import { fromHdf5Filters, type Hdf5Filter } from "@hyperslab/codecs/hdf5-filters";
import { codecOf } from "@hyperslab/codecs/registry";
import { attachMemory, detachMemory, WORKSPACE_BYTES } from "@hyperslab/codecs/wasm-memory";
import { hdf5Chunks } from "./hdf5-chunks.js";

const CHUNKS = hdf5Chunks();

const filter = (id: number, values: number[] = [], name?: string): Hdf5Filter => ({
  id,
  flags: 0,
  values,
  ...(name === undefined ? {} : { name }),
});

describe("chunks that HDF5 wrote", () => {
  it.each(CHUNKS)("$title", async ({ filters, mask, size, stored, raw }) => {
    const chain = byteChain(fromHdf5Filters(filters, { size }, mask).map((spec) => codecOf(spec)));
    const out = new Uint8Array(raw.length);
    expect(await chain.decode(stored, raw.length, out)).toBe(out);
    expect(Buffer.compare(out, raw)).toBe(0);
    expect(Buffer.compare(await chain.decode(stored, raw.length), raw)).toBe(0);
    expect(Buffer.compare(await chain.decode(stored, null), raw)).toBe(0);
  });

  it("decode within an attached memory, from bytes that lie there and from bytes that don't", async () => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    const whole = new Uint8Array(memory.buffer);
    attachMemory(memory, 4096, WORKSPACE_BYTES);
    for (const { title, filters, mask, size, stored, raw } of CHUNKS) {
      const chain = byteChain(fromHdf5Filters(filters, { size }, mask).map((spec) => codecOf(spec)));
      whole.set(stored, (1 << 20) + 3);
      const out = whole.subarray(2 << 20, (2 << 20) + raw.length);
      for (const bytes of [stored, whole.subarray((1 << 20) + 3, (1 << 20) + 3 + stored.length)]) {
        out.fill(1);
        expect(await chain.decode(bytes, raw.length, out)).toBe(out);
        expect(Buffer.compare(out, raw), title).toBe(0);
      }
    }
    detachMemory(memory);
  });

  it("another length than promised is an error", async () => {
    for (const { title, filters, mask, size, stored, raw } of CHUNKS) {
      const chain = byteChain(fromHdf5Filters(filters, { size }, mask).map((spec) => codecOf(spec)));
      for (const length of [raw.length - size, raw.length + size]) {
        const decode = async (): Promise<Uint8Array> => chain.decode(stored, length);
        await expect(decode(), title).rejects.toMatchObject({ tag: "CodecError" });
      }
    }
  });
});

describe("fromHdf5Filters", () => {
  const pipeline = [filter(2, [4]), filter(1, [6]), filter(3)];

  it("names codecs in the order of encoding", () => {
    expect(fromHdf5Filters(pipeline, { size: 4 })).toEqual([
      { name: "shuffle", configuration: { elementsize: 4 } },
      { name: "zlib", configuration: { level: 6 } },
      { name: "fletcher32", configuration: {} },
    ]);
  });

  it("leaves out what the chunk's mask says", () => {
    const names = (mask: number): string[] =>
      fromHdf5Filters(pipeline, { size: 4 }, mask).map(({ name }) => name);
    expect(names(0b001)).toEqual(["zlib", "fletcher32"]);
    expect(names(0b010)).toEqual(["shuffle", "fletcher32"]);
    expect(names(0b111)).toEqual([]);
    expect(names(0xfffffff8)).toEqual(["shuffle", "zlib", "fletcher32"]);
  });

  it("takes an element's size where the filter doesn't say it", () => {
    expect(fromHdf5Filters([filter(2)], { size: 12 })[0].configuration).toEqual({ elementsize: 12 });
  });

  it("names an unknown filter, unless the chunk was written without it", () => {
    const filters = [filter(32013, [1], "zfp"), filter(1)];
    expect(() => fromHdf5Filters(filters, { size: 4 })).toThrow(
      /codec HDF5 filter 32013 \(zfp\): no such filter here; known are deflate \(1\), shuffle \(2\)/,
    );
    expect(fromHdf5Filters(filters, { size: 4 }, 1)).toHaveLength(1);
  });

  it.each([
    ["hdf5.szip", [4, 3, 16, 100], /blocks of 3 samples of 16 bits/],
    ["hdf5.szip", [4, 8, 48, 100], /blocks of 8 samples of 48 bits/],
    ["hdf5.szip", [4, 8], /"values" is \[4,8\]; it has to be 4 or more numbers/],
    ["hdf5.scaleoffset", [1, 2, 10, 1, 4, 1, 0, 0], /scaling 1 of elements of class 1 with 4 bytes/],
    ["hdf5.scaleoffset", [2, 2, 10, 0, 3, 1, 0, 0], /scaling 2 of elements of class 0 with 3 bytes/],
    ["hdf5.nbit", [8, 0, 10, 1, 4, 0, 33, 0], /33 bits from bit 0 on in 4 bytes/],
    ["hdf5.nbit", [8, 0, 10, 9, 4, 0, 3, 0], /a type of class 9/],
    ["hdf5.nbit", [8, 0, 10, 2, 40, 1, 4, 0], /the description of the type ends too early/],
  ])("%s of %j is refused", (name, values, message) => {
    expect(() => codecOf({ name, configuration: { values } })).toThrow(message);
  });

  it("takes a fletcher32 of HDF5 1.6.2, whose halves are swapped", () => {
    const codec = codecOf({ name: "fletcher32", configuration: {} });
    const encoded = new Uint8Array(codec.encode(Uint8Array.of(1, 2, 3, 4, 5, 6)) as Uint8Array);
    Buffer.from(encoded.buffer, 6, 4).swap16();
    expect(codec.decode(encoded, 6)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
    encoded[6] ^= 1;
    expect(() => codec.decode(encoded, 6)).toThrow(/checksum/);
  });

  it.each(["hdf5.lzf", "hdf5.lz4"])("%s is read, but not written", (name) => {
    expect(() => codecOf({ name, configuration: {} }).encode(new Uint8Array(9))).toThrow(
      /read, but not written/,
    );
  });
});
