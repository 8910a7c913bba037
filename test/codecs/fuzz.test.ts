/**
 * Damaged chunks: every decoder ends in its right answer or a CodecError, and writes nothing beyond what it was
 * given. `HYPERSLAB_FUZZ=100000` makes it that many mutations a codec.
 */
import { describe, expect, it } from "vitest";
import type { Codec, CodecSpec } from "@hyperslab/codecs/codec";
import { fromHdf5Filters } from "@hyperslab/codecs/hdf5-filters";
import { codecOf } from "@hyperslab/codecs/registry";
import { attachMemory, detachMemory, WORKSPACE_BYTES } from "@hyperslab/codecs/wasm-memory";
import { isHyperslabError } from "@hyperslab/core/errors";
import { encodedByOthers } from "./encoded.js";
import { hdf5Chunks } from "./hdf5-chunks.js";
import { type Kind, randomOf, sample } from "./samples.js";

const MUTATIONS = Number(process.env["HYPERSLAB_FUZZ"] ?? 2000);
const SIZE = 6000;
const CANARY = 0xa5;

interface Seed {
  readonly codec: Codec;
  readonly raw: Uint8Array;
  readonly encoded: Uint8Array;
}

interface Target {
  readonly title: string;
  readonly seeds: Seed[];
  /** Every change has to be noticed. */
  readonly checked?: boolean;
}

const ELEMENTS = { itemSize: 4, littleEndian: true };

async function ours(spec: CodecSpec, kinds: readonly Kind[]): Promise<Target["seeds"]> {
  const codec = codecOf(spec, ELEMENTS);
  return Promise.all(
    kinds.map(async (kind) => {
      const raw = sample(kind, SIZE, 3);
      return { codec, raw, encoded: new Uint8Array(await codec.encode(raw)) };
    }),
  );
}

const KINDS: readonly Kind[] = ["smooth", "text", "mixed"];

async function targets(): Promise<Target[]> {
  const made: Target[] = [];
  for (const cname of ["lz4", "lz4hc", "zlib", "zstd"])
    for (const shuffle of ["noshuffle", "shuffle", "bitshuffle"]) {
      const spec = { name: "blosc", configuration: { cname, shuffle, blocksize: 2048 } };
      made.push({ title: `blosc ${cname} ${shuffle}`, seeds: await ours(spec, KINDS) });
    }
  for (const [name, configuration, checked] of [
    ["lz4", {}, false],
    ["zstd", { level: 1 }, false],
    ["zstd", { level: 9, checksum: true }, false],
    ["gzip", {}, false],
    ["zlib", {}, false],
    ["crc32c", {}, true],
    ["crc32", {}, true],
    ["fletcher32", {}, false],
    ["packbits", {}, false],
    ["shuffle", { elementsize: 8 }, false],
    ["bitshuffle", { elementsize: 4, cname: "lz4" }, false],
    ["bitshuffle", { elementsize: 4, cname: "zstd" }, false],
  ] as const) {
    const spec = { name, configuration };
    made.push({
      title: `${name} ${JSON.stringify(configuration)}`,
      seeds: await ours(spec, KINDS),
      checked,
    });
  }
  const others = new Map<string, Target>();
  const add = (group: string, seed: Seed): void => {
    const target = others.get(group) ?? { title: `${group} of others`, seeds: [] };
    others.set(group, target);
    target.seeds.push(seed);
  };
  for (const { title, spec, raw, encoded } of encodedByOthers())
    add(title.split(" ", spec.name === "blosc" ? 3 : 1).join(" "), {
      codec: codecOf(spec, ELEMENTS),
      raw,
      encoded,
    });
  for (const { filters, mask, size, raw, stored } of hdf5Chunks()) {
    const [spec, ...more] = fromHdf5Filters(filters, { size }, mask);
    if (spec === undefined || more.length > 0) continue;
    add(`HDF5's ${spec.name}`, { codec: codecOf(spec, ELEMENTS), raw, encoded: stored });
  }
  return [...made, ...others.values()];
}

/** One to four changes: bits, bytes, lengths, pieces moved, cut off or added. */
function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  let out = new Uint8Array(bytes);
  for (let n = 1 + (random() % 4); n > 0; n--) {
    // headers matter most
    const at = out.length === 0 ? 0 : random() % (random() % 3 === 0 ? Math.min(out.length, 32) : out.length);
    switch (random() % 8) {
      case 0:
      case 1:
        out[at] ^= 1 << (random() & 7);
        break;
      case 2:
        out[at] = random();
        break;
      case 3:
        out[at] = [0, 255, 127, 128][random() & 3];
        break;
      case 4:
        out = out.slice(0, at);
        break;
      case 5:
        out.fill([0, 255][random() & 1], at, at + (random() % 9));
        break;
      case 6:
        out.copyWithin(random() % (out.length + 1), at, at + (random() % 64));
        break;
      case 7: {
        const longer = new Uint8Array(out.length + (random() % 20));
        longer.set(out);
        out = longer;
        break;
      }
    }
  }
  return out;
}

describe("damaged chunks", async () => {
  const all = await targets();
  it.each(all)("$title", { timeout: 10_000 + MUTATIONS * 20 }, async ({ seeds, checked }) => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    attachMemory(memory, 65536, WORKSPACE_BYTES * 2);
    const whole = new Uint8Array(memory.buffer);
    // `out` in private memory, and between two canaries in an attached one
    const place = 65536 + WORKSPACE_BYTES * 2 + 256;
    const random = randomOf(99);
    for (let i = 0; i < MUTATIONS; i++) {
      const { codec, raw, encoded } = seeds[i % seeds.length];
      const bytes = mutate(encoded, random);
      const inside = i % 2 === 1;
      const out = inside ? new Uint8Array(memory.buffer, place, raw.length) : new Uint8Array(raw.length);
      whole.fill(CANARY, place - 128, place);
      whole.fill(CANARY, place + raw.length, place + raw.length + 128);
      try {
        const told = i % 5 === 0 ? null : raw.length;
        const decoded = await codec.decode(bytes, told, told === null ? undefined : out);
        if (told !== null) expect(decoded.length).toBe(raw.length);
        if (checked && told !== null) expect(Buffer.compare(decoded, raw), `mutation ${i}`).toBe(0);
      } catch (error) {
        if (!isHyperslabError(error, "CodecError"))
          throw new Error(`mutation ${i}: ${String(error)}`, { cause: error });
      }
      if (!inside) continue;
      const before = whole.subarray(place - 128, place);
      const after = whole.subarray(place + raw.length, place + raw.length + 128);
      expect(
        before.every((byte) => byte === CANARY) && after.every((byte) => byte === CANARY),
        `mutation ${i}`,
      ).toBe(true);
    }
    detachMemory(memory);
  });
});

describe("damaged filter messages of HDF5", () => {
  it("are refused, or decode to as much as they should", { timeout: 10_000 + MUTATIONS * 20 }, async () => {
    const random = randomOf(5);
    const chunks = hdf5Chunks().filter(({ filters }) => filters.length === 1 && filters[0].values.length > 0);
    for (let i = 0; i < MUTATIONS; i++) {
      const { title, filters, mask, size, raw, stored } = chunks[i % chunks.length];
      const values = [...filters[0].values];
      for (let n = 1 + (random() % 2); n > 0; n--) {
        const at = random() % values.length;
        const change = [
          0,
          1,
          2,
          3,
          8,
          32,
          64,
          255,
          2 ** 31,
          2 ** 32 - 1,
          random(),
          values[at] ^ (1 << (random() % 5)),
        ];
        values[at] = change[random() % change.length] >>> 0;
      }
      if (random() % 20 === 0) values.length = random() % values.length;
      try {
        const specs = fromHdf5Filters([{ ...filters[0], values }], { size }, mask);
        if (specs.length === 0) continue;
        const decoded = await codecOf(specs[0], ELEMENTS).decode(stored, raw.length);
        expect(decoded.length).toBe(raw.length);
      } catch (error) {
        if (!isHyperslabError(error, "CodecError"))
          throw new Error(`mutation ${i}, ${title}, ${values.join(" ")}: ${String(error)}`, { cause: error });
      }
    }
  });
});
