/** Seeded damage: bytes flipped, cut, moved; members of JSON documents replaced by what nobody expects there. */

export interface Random {
  /** An integer below `end`. */
  below(end: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

/** The same numbers for the same seed. */
export function randomFrom(seed: number): Random {
  let state = (seed * 0x9e3779b9) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  return { below, chance: (probability) => next() < probability, pick: (list) => list[below(list.length)] };
}

const WORDS = [0, 1, 2, 3, 10, 11, 12, 255, 2 ** 16, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 4];

/** One to four changes. @param words also writes words of this order that lengths and offsets could be */
export function mutateBytes(
  bytes: Uint8Array,
  random: Random,
  words: "big" | "little" | null = null,
): Uint8Array<ArrayBuffer> {
  let out = new Uint8Array(bytes);
  for (let changes = 1 + random.below(4); changes > 0 && out.length > 8; changes--) {
    // damage to the beginning is damage to the header
    const at = random.below(random.chance(0.8) ? Math.min(out.length, 600) : out.length);
    const kind = random.below(words ? 8 : 5);
    if (kind === 0) out[at] ^= 1 << random.below(8);
    else if (kind === 1) out[at] = random.below(256);
    else if (kind === 2) out = out.slice(0, random.chance(0.5) ? at : out.length - random.below(20));
    else if (kind === 3) {
      const length = 1 + random.below(8);
      out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at + length)]);
    } else if (kind === 4) {
      const copied = out.slice(at, at + 1 + random.below(16));
      out = Uint8Array.from([...out.subarray(0, at), ...copied, ...out.subarray(at)]);
    } else if (at + 8 <= out.length)
      new DataView(out.buffer).setUint32(
        at - (at % (random.chance(0.5) ? 4 : 2)),
        random.pick(WORDS),
        words === "little",
      );
  }
  return out;
}

const STRANGE: readonly string[] = [
  "null", "true", "-1", "0", "1", "2", "3", "7", "1e9", "9007199254740991", "9007199254740993", "1e308", "-0.0", "0.5",
  "NaN", "Infinity", "123456789012345678901234567890", '""', '"NaN"', '"0x7fc00000"', '"__proto__"', '"../.."', '"C"', '"<f8"',
  '"|O"', '"|S0"', '"<U3"', '"<M8[Y]"', '"|V1048577"', '"complex64"', '"r8"', '"string"', "[]", "[0]", "[1, 1]", "[-1]", "[1e15, 1e15]",
  "[4294967296, 4294967296]", "[[[[[[[[1]]]]]]]]", "{}", '{"__proto__": {"polluted": 1}}', '{"constructor": {"prototype": {"polluted": 1}}}',
  '{"name": "gzip"}', '{"id": "zlib"}', '{"name": "bytes"}', '{"name": "sharding_indexed", "configuration": {"chunk_shape": [1], "codecs": ["bytes"]}}',
  '{"name": "rectilinear", "configuration": {"kind": "inline", "chunk_shapes": [[[1, 1000000000]], [1, [2, 900000000]]]}}',
  '{"name": "regular", "configuration": {"chunk_shape": [1000000000, 1000000000]}}',
  '{"name": "struct", "configuration": {"fields": [{"name": "a", "data_type": "int8"}, {"name": "__proto__", "data_type": "r80"}]}}',
  '[["a", "<i2", [1000, 1000, 1000]], ["__proto__", "<i4"]]', `${"[".repeat(600)}${"]".repeat(600)}`, `[${"1, ".repeat(5000)}1]`, `"${"x".repeat(5000)}"`,
]; // prettier-ignore

/** Replaces, removes or doubles one or two values of a JSON text, wherever they stand. */
export function mutateJson(text: string, random: Random): string {
  let out = text;
  for (let changes = 1 + random.below(2); changes > 0; changes--) {
    const places = valuesIn(out);
    const [start, stop] = random.pick(places);
    const [other, end] = random.pick(places);
    const value = random.chance(0.85) ? random.pick(STRANGE) : out.slice(other, end);
    out = out.slice(0, start) + value + out.slice(stop);
  }
  return out;
}

/** Where the values of a JSON text stand, nested ones as well. */
function valuesIn(text: string): [number, number][] {
  const found: [number, number][] = [];
  const open: number[] = [];
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]|[^\s,:[\]{}"]+/g)) {
    if (token === "[" || token === "{") open.push(index);
    else if (token === "]" || token === "}") found.push([open.pop() ?? 0, index + 1]);
    else found.push([index, index + token.length]);
  }
  return found.length ? found : [[0, text.length]];
}
