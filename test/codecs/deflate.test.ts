/** Our own decoder of deflate against all that zlib writes, and against what nobody should. */
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Codec } from "@hyperslab/codecs/codec";
import { byteChain } from "@hyperslab/codecs/byte-chain";
import { adler32 } from "@hyperslab/codecs/checksum";
import { codecOf } from "@hyperslab/codecs/registry";
import { attachMemory, detachMemory, WORKSPACE_BYTES } from "@hyperslab/codecs/wasm-memory";
import { KINDS, randomOf, sample } from "./samples.js";

const ZLIB = codecOf({ name: "zlib", configuration: {} });
const GZIP = codecOf({ name: "gzip", configuration: {} });
const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = zlib.constants;
const STRATEGIES = [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE];
/** Around the borders of the fast loops, of short matches, and of blocks. */
const LENGTHS = [0, 1, 2, 3, 15, 16, 17, 257, 258, 259, 290, 291, 310, 1000, 5552, 65_535, 65_536, 200_001];

/** What is said of bytes that end too early. */
const TOO_SHORT = /ends too early|can't hold/;

function expectDecoded(codec: Codec, stored: Uint8Array, raw: Uint8Array, title: string): void {
  const out = new Uint8Array(raw.length);
  expect(codec.decode(stored, raw.length, out)).toBe(out);
  expect(Buffer.compare(out, raw), title).toBe(0);
}

/** Repeats at any distance, runs and noise; few symbols or many. */
function mixture(random: () => number, length: number): Uint8Array {
  const raw = new Uint8Array(length);
  const mask = [255, 15, 1, 127][random() & 3];
  for (let at = 0; at < length;) {
    const piece = 1 + (random() % (1 << (random() % 12)));
    const distance = 1 + (random() % (1 << (random() % 16)));
    const isNoise = random() % 3 === 0;
    for (let i = 0; i < piece && at < length; i++, at++)
      raw[at] = isNoise || distance > at ? random() & mask : raw[at - distance];
  }
  return raw;
}

/** Bytes whose counts grow like Fibonacci's numbers: codes of all lengths. */
function steep(): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let symbol = 0, a = 1, b = 1; symbol < 22; symbol++, [a, b] = [b, a + b])
    parts.push(new Uint8Array(a).fill(symbol * 11));
  const raw = new Uint8Array(Buffer.concat(parts));
  const random = randomOf(4);
  for (let i = raw.length - 1; i > 0; i--) {
    const j = random() % (i + 1);
    [raw[i], raw[j]] = [raw[j], raw[i]];
  }
  return raw;
}

/** Lengths of a random complete code of so many symbols, if as many as are told have one; of one or none, too. */
function lengthsOf(random: () => number, symbols: number, used: number): number[] {
  const leaves = used === 0 ? [] : used === 1 ? [1] : [1, 1];
  while (leaves.length < Math.min(used, symbols)) {
    const i = random() % leaves.length;
    if (leaves[i] < 15) leaves.push(++leaves[i]);
  }
  const lengths = Array.from({ length: symbols }, () => 0);
  const places = lengths.map((_, i) => i);
  for (const leaf of leaves) lengths[places.splice(random() % places.length, 1)[0]] = leaf;
  return lengths;
}

/** Bits of fields [value, width], lowest first. */
function bitsOf(fields: readonly (readonly [number, number])[]): Uint8Array {
  const bits = fields.flatMap(([value, width]) => Array.from({ length: width }, (_, i) => (value >> i) & 1));
  const out = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (out[i >> 3] |= bit << (i & 7)));
  return out;
}

/** Node's, which also tells how much it read. */
function inflateRaw(bytes: Uint8Array): { buffer: Uint8Array; engine: { bytesWritten: number } } {
  const options: zlib.ZlibOptions = { maxOutputLength: 4000, info: true };
  return zlib.inflateRawSync(bytes, options) as unknown as ReturnType<typeof inflateRaw>;
}

/** A zlib stream of raw deflate. */
function framed(deflated: Uint8Array, raw: Uint8Array): Uint8Array {
  const end = Buffer.alloc(4);
  end.writeUInt32BE(adler32(raw));
  return new Uint8Array(Buffer.concat([Uint8Array.of(0x78, 0x9c), deflated, end]));
}

describe("streams of zlib", () => {
  it.each(KINDS)("%s: all levels, strategies and windows", (kind) => {
    for (const length of LENGTHS) {
      const raw = sample(kind, length, 7);
      for (let level = 0; level <= 9; level++)
        expectDecoded(ZLIB, zlib.deflateSync(raw, { level }), raw, `${length}, level ${level}`);
      for (const strategy of STRATEGIES)
        expectDecoded(ZLIB, zlib.deflateSync(raw, { strategy }), raw, `${length}, strategy ${strategy}`);
      for (let windowBits = 9; windowBits <= 15; windowBits++)
        expectDecoded(GZIP, zlib.gzipSync(raw, { windowBits, memLevel: 1 }), raw, `window ${windowBits}`);
      // zlib writes windows of 9 bits where it is asked for 8, and says 8
      expectDecoded(ZLIB, zlib.deflateSync(raw, { windowBits: 8 }), raw, `${length}, window 8`);
    }
  });

  it("random mixtures, and codes of all lengths", () => {
    const random = randomOf(21);
    for (let run = 0; run < 300; run++) {
      const raw = mixture(random, random() % 60_000);
      const options = {
        level: random() % 10,
        strategy: STRATEGIES[random() % 5],
        memLevel: 1 + (random() % 9),
        windowBits: 9 + (random() % 7),
      };
      expectDecoded(ZLIB, zlib.deflateSync(raw, options), raw, `run ${run}: ${JSON.stringify(options)}`);
    }
    const raw = steep();
    for (const strategy of [Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY])
      expectDecoded(ZLIB, zlib.deflateSync(raw, { strategy, memLevel: 9 }), raw, "steep");
  });

  it("blocks of all kinds in one stream, and empty ones", async () => {
    const stream = zlib.createDeflate({ level: 6 });
    const stored: Buffer[] = [];
    stream.on("data", (piece: Buffer) => stored.push(piece));
    const done = new Promise((resolve) => stream.on("end", resolve));
    const raws: Uint8Array[] = [];
    for (const [i, kind] of [...KINDS, ...KINDS].entries()) {
      const raw = sample(kind, 3000 * i, i);
      raws.push(raw);
      stream.write(raw);
      const { Z_FULL_FLUSH, Z_PARTIAL_FLUSH } = zlib.constants;
      await new Promise<void>((resolve) =>
        stream.flush(i % 2 === 0 ? Z_FULL_FLUSH : Z_PARTIAL_FLUSH, resolve),
      );
      await new Promise<void>((resolve) => stream.params(i % 3 === 0 ? 0 : 9, STRATEGIES[i % 5], resolve));
    }
    stream.end();
    await done;
    expectDecoded(ZLIB, new Uint8Array(Buffer.concat(stored)), new Uint8Array(Buffer.concat(raws)), "blocks");
  });

  it("lie in attached memory, and are decoded there, to the byte", () => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    const whole = new Uint8Array(memory.buffer);
    attachMemory(memory, 4096, WORKSPACE_BYTES);
    const random = randomOf(8);
    for (let run = 0; run < 200; run++) {
      const raw = mixture(random, random() % 9000);
      const stored = zlib.gzipSync(raw, { level: 1 + (random() % 9) });
      const from = (1 << 20) + (random() % 16);
      const to = (2 << 20) + (random() % 16);
      whole.set(stored, from);
      whole.fill(0xa5, to - 64, to + raw.length + 64);
      const bytes = whole.subarray(from, from + stored.length);
      expectDecoded(GZIP, bytes, raw, `run ${run}`);
      const out = whole.subarray(to, to + raw.length);
      expect(GZIP.decode(bytes, raw.length, out)).toBe(out);
      expect(Buffer.compare(out, raw), `run ${run}`).toBe(0);
      const around = [
        ...whole.subarray(to - 64, to),
        ...whole.subarray(to + raw.length, to + raw.length + 64),
      ];
      expect(around.every((byte) => byte === 0xa5)).toBe(true);
      expect(Buffer.compare(GZIP.decode(bytes, null) as Uint8Array, raw)).toBe(0);
    }
    detachMemory(memory);
  });
});

describe("gzip's frame", () => {
  const raw = sample("text", 700);
  const plain = new Uint8Array(zlib.gzipSync(raw));

  it("may have extra bytes, a name, a comment and a checksum", () => {
    for (let flags = 0; flags < 32; flags++) {
      const parts: Uint8Array[] = [Uint8Array.of(0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3)];
      if (flags & 4) parts.push(Uint8Array.of(3, 0, 9, 0, 9));
      if (flags & 8) parts.push(Buffer.from("name\0"));
      if (flags & 16) parts.push(Buffer.from("a comment\0"));
      const head = Buffer.concat(parts);
      const check = Buffer.alloc(2);
      check.writeUInt16LE(crcOf(head) & 0xffff);
      const stored = Buffer.concat(
        flags & 2 ? [head, check, plain.subarray(10)] : [head, plain.subarray(10)],
      );
      expectDecoded(GZIP, stored, raw, `flags ${flags}`);
      for (let length = 0; length < head.length + 2; length++)
        expect(() => GZIP.decode(stored.subarray(0, length), raw.length)).toThrow(TOO_SHORT);
      if (!(flags & 2)) continue;
      stored[head.length] ^= 1;
      expect(() => GZIP.decode(stored, raw.length)).toThrow("checksum");
    }
    const reserved = plain.slice();
    reserved[3] = 32;
    expect(() => GZIP.decode(reserved, raw.length)).toThrow("well-formed");
  });

  it("may come several times, then padding", () => {
    const twice = new Uint8Array([...raw, ...raw]);
    const empty = zlib.gzipSync("");
    expectDecoded(GZIP, Buffer.concat([plain, empty, plain]), twice, "members");
    expectDecoded(GZIP, Buffer.concat([plain, plain, new Uint8Array(9)]), twice, "padding");
    expect(() => GZIP.decode(Buffer.concat([plain, Buffer.from("garbage, not a member")]), 700)).toThrow(
      "well-formed",
    );
    // a match may not reach into the member before
    const reaching = bitsOf([
      [1, 1],
      [1, 2],
      [0b1000000, 7],
      [0, 5],
      [0, 7],
    ]);
    const second = Buffer.concat([plain.subarray(0, 10), reaching, Buffer.alloc(8)]);
    expect(() => GZIP.decode(Buffer.concat([plain, second]), 703)).toThrow("before its start");
  });

  it("has its checksum and length verified", () => {
    for (let i = 1; i <= 8; i++) {
      const bad = plain.slice();
      bad[bad.length - i] ^= 4;
      expect(() => GZIP.decode(bad, raw.length)).toThrow("doesn't match its checksum");
    }
  });
});

function crcOf(bytes: Uint8Array): number {
  // the last eight bytes of a member tell it
  return zlib.gzipSync(bytes).readUInt32LE(zlib.gzipSync(bytes).length - 8);
}

describe("what isn't right", () => {
  const raw = sample("mixed", 3000);
  const stored = new Uint8Array(zlib.deflateSync(raw));

  it("is refused with the reason", () => {
    expect(() => ZLIB.decode(stored, raw.length + 1)).toThrow("holds 3000 bytes where the chunk has 3001");
    expect(() => ZLIB.decode(stored, raw.length - 1)).toThrow("holds 3000 bytes where the chunk has 2999");
    expect(() => ZLIB.decode(stored, 2 ** 40)).toThrow("can't hold");
    const dictionary = zlib.deflateSync(raw, { dictionary: Buffer.from("temperature") });
    expect(() => ZLIB.decode(dictionary, raw.length)).toThrow("dictionary");
    for (const i of [0, 1]) {
      const bad = stored.slice();
      bad[i] ^= 1;
      expect(() => ZLIB.decode(bad, raw.length)).toThrow("well-formed");
    }
    const bad = stored.slice();
    bad[bad.length - 1] ^= 1;
    expect(() => ZLIB.decode(bad, raw.length)).toThrow("checksum");
    for (let length = 0; length < stored.length; length++)
      expect(() => ZLIB.decode(stored.subarray(0, length), raw.length)).toThrow(TOO_SHORT);
  });

  it("of codes, as zlib has it", () => {
    // lengths of codes are told as they are, in four bits each, first bit highest: no symbol for repeats
    const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    const random = randomOf(31);
    let decoded = 0;
    for (let run = 0; run < 1000; run++) {
      const literals = lengthsOf(random, 257 + (random() % 30), 2 + (random() % 200));
      // an end that comes soon
      const short = literals.findIndex((length) => length > 0 && length < 5);
      if (short >= 0) [literals[short], literals[256]] = [literals[256], literals[short]];
      const offsets = lengthsOf(random, 1 + (random() % 30), random() % 40);
      const all = [...literals, ...offsets];
      if (run % 4 === 0) all[random() % all.length] = random() & 15;
      const fields: [number, number][] = [
        [1, 1],
        [2, 2],
        [literals.length - 257, 5],
        [offsets.length - 1, 5],
        [15, 4],
        ...order.map((symbol): [number, number] => [symbol < 16 ? 4 : 0, 3]),
        ...all.flatMap((length) => [3, 2, 1, 0].map((bit): [number, number] => [(length >> bit) & 1, 1])),
      ];
      for (let n = 0; n < 60; n++) fields.push([random() & 0xffff, 16]);
      const deflated = bitsOf(fields);
      let expected: Uint8Array | null = null;
      let length = deflated.length;
      try {
        const { buffer, engine } = inflateRaw(deflated);
        expected = buffer;
        length = engine.bytesWritten;
      } catch {
        // ours has to say no too
      }
      const bytes = framed(deflated.subarray(0, length), expected ?? Uint8Array.of());
      const decode = (): unknown => ZLIB.decode(bytes, expected?.length ?? 0);
      if (expected === null) expect(decode, `run ${run}`).toThrow();
      else {
        expect(Buffer.compare(decode() as Uint8Array, expected), `run ${run}`).toBe(0);
        decoded++;
      }
    }
    expect(decoded).toBeGreaterThan(80);
  });

  it("is found by zlib and by us alike, wherever bits change", () => {
    const random = randomOf(12);
    const seeds = KINDS.map((kind) => sample(kind, 1500, 2)).flatMap((one) =>
      STRATEGIES.map((strategy) => ({ one, stored: zlib.deflateSync(one, { strategy, level: 4 }) })),
    );
    for (let run = 0; run < 4000; run++) {
      const seed = seeds[run % seeds.length];
      const bytes = new Uint8Array(seed.stored);
      bytes[2 + (random() % (bytes.length - 2))] ^= 1 << (random() & 7);
      let expected: Uint8Array | null = null;
      try {
        expected = zlib.inflateSync(bytes, { maxOutputLength: 1500 });
      } catch {
        // ours has to say no too
      }
      const decode = (): unknown => ZLIB.decode(bytes, 1500);
      if (expected?.length === 1500) expect(Buffer.compare(decode() as Uint8Array, expected)).toBe(0);
      else expect(decode, `run ${run}`).toThrow();
    }
  });
});

describe("a chain with deflate", () => {
  it("passes bytes on in scratch, and hands out none of it", () => {
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    attachMemory(memory, 4096, WORKSPACE_BYTES * 3);
    const data = sample("smooth", 20_000, 1);
    const other = sample("smooth", 20_000, 2);
    for (const elementsize of [1, 4])
      for (const inner of [[], [codecOf({ name: "crc32c", configuration: {} })]]) {
        const chain = byteChain([
          codecOf({ name: "shuffle", configuration: { elementsize } }),
          ...inner,
          ZLIB,
          codecOf({ name: "fletcher32", configuration: {} }),
        ]);
        const stored = chain.encode(data) as Uint8Array;
        const bad = stored.slice();
        bad[9] ^= 64;
        const storedOther = chain.encode(other) as Uint8Array;
        for (const out of [
          undefined,
          new Uint8Array(20_000),
          new Uint8Array(memory.buffer, 2 << 20, 20_000),
        ]) {
          const found = chain.decode(stored, 20_000, out) as Uint8Array;
          if (out) expect(found).toBe(out);
          chain.decode(storedOther, 20_000);
          expect(Buffer.compare(found, data)).toBe(0);
          expect(() => chain.decode(bad, 20_000, out)).toThrow("checksum");
          expect(Buffer.compare(chain.decode(stored, 20_000, out) as Uint8Array, data)).toBe(0);
        }
      }
    detachMemory(memory);
  });
});
