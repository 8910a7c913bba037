/** Data to code: seeded, so that every run sees the same. */

/** A small generator of uniform 32-bit numbers (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

export type Kind = "smooth" | "noise" | "zeros" | "text" | "runs" | "mixed";
export const KINDS: readonly Kind[] = ["smooth", "noise", "zeros", "text", "runs", "mixed"];

/** `length` bytes of some kind; `smooth` are float32 that vary slowly and are rounded. */
export function sample(kind: Kind, length: number, seed = 1): Uint8Array {
  const random = randomOf(seed);
  const out = new Uint8Array(length);
  switch (kind) {
    case "zeros":
      return out;
    case "noise":
      for (let i = 0; i < length; i++) out[i] = random();
      return out;
    case "smooth": {
      const floats = Float32Array.from(
        { length: Math.ceil(length / 4) },
        (_, i) => Math.round(280 * 8 + 100 * Math.sin(i / 50) + (random() % 8)) / 8,
      );
      out.set(new Uint8Array(floats.buffer, 0, length));
      return out;
    }
    case "text": {
      const words = ["temperature", "wind", "of", "the", "pressure", "level", "at", "humidity"];
      let at = 0;
      while (at < length) {
        const word = Buffer.from(`${words[random() % words.length]} ${random() % 100} `);
        out.set(word.subarray(0, length - at), at);
        at += word.length;
      }
      return out;
    }
    case "runs":
      for (let at = 0; at < length;) {
        const stop = Math.min(length, at + 1 + (random() % 700));
        out.fill(random(), at, stop);
        at = stop;
      }
      return out;
    case "mixed": {
      const kinds: Kind[] = ["smooth", "noise", "zeros", "text", "runs"];
      for (let at = 0; at < length;) {
        const size = Math.min(length - at, 1 + (random() % 5000));
        out.set(sample(kinds[random() % kinds.length], size, random()), at);
        at += size;
      }
      return out;
    }
  }
}
