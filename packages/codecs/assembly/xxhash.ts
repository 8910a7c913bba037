/* oxlint-disable no-loss-of-precision -- literals of AssemblyScript are exact, with 64 bits */
/** Owns XXH64, seed 0: the checksum of zstd frames. */

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

function round(state: u64, word: u64): u64 {
  return rotl<u64>(state + word * P2, 31) * P1;
}

export function xxh64(at: usize, length: usize): u64 {
  const end = at + length;
  let hash: u64;
  if (length >= 32) {
    let a: u64 = P1 + P2;
    let b: u64 = P2;
    let c: u64 = 0;
    let d: u64 = 0 - P1;
    do {
      a = round(a, load<u64>(at));
      b = round(b, load<u64>(at, 8));
      c = round(c, load<u64>(at, 16));
      d = round(d, load<u64>(at, 24));
      at += 32;
    } while (end - at >= 32);
    hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    hash = (hash ^ round(0, a)) * P1 + P4;
    hash = (hash ^ round(0, b)) * P1 + P4;
    hash = (hash ^ round(0, c)) * P1 + P4;
    hash = (hash ^ round(0, d)) * P1 + P4;
  } else hash = P5;
  hash += <u64>length;
  while (end - at >= 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(at)), 27) * P1 + P4;
    at += 8;
  }
  if (end - at >= 4) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(at) * P1), 23) * P2 + P3;
    at += 4;
  }
  while (at < end) {
    hash = rotl<u64>(hash ^ (<u64>load<u8>(at) * P5), 11) * P1;
    at++;
  }
  hash = (hash ^ (hash >> 33)) * P2;
  hash = (hash ^ (hash >> 29)) * P3;
  return hash ^ (hash >> 32);
}
