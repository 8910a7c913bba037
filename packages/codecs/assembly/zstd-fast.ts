/* oxlint-disable no-loss-of-precision -- literals of AssemblyScript are exact, with 64 bits */
/** Owns the quick searches for matches: the last position of each hash, in one table or in two. */
import {
  chains,
  chainShift,
  hashes,
  hashShift,
  keepOffsets,
  keyShift,
  LAST_START,
  maxOffset,
  origin,
  PRIME,
  put,
  recent0,
  recent1,
  sameLength,
  SKIP_LOG,
  slotOf,
} from "./zstd-match";

function slot8(at: usize): usize {
  return hashes + ((<usize>((load<u64>(at) * 0xcf1bbcdcb7a56463) >> hashShift)) << 2);
}
/** The second table of the double search lies where the chains of others are. */
function shortSlot(at: usize): usize {
  return chains + ((<usize>(((load<u64>(at) << keyShift) * PRIME) >> chainShift)) << 2);
}

/** The first match of each position, with one table. @returns where the last literals begin */
export function fast(ip: usize, anchor: usize, end: usize, acceleration: usize): usize {
  const stop = end - LAST_START;
  const base = origin;
  let r0 = recent0;
  let r1 = recent1;
  while (ip < stop) {
    const slot = slotOf(ip);
    let match = base + <usize>load<u32>(slot);
    store<u32>(slot, ip - base);
    let length: usize;
    if (load<u32>(ip + 1 - r0) === load<u32>(ip + 1)) {
      ip++;
      length = 4 + sameLength(ip + 4, ip + 4 - r0, end);
      put(anchor, ip - anchor, 1, length);
    } else if (load<u32>(match) === load<u32>(ip) && match !== base && ip - match <= maxOffset) {
      const offset = ip - match;
      length = 4 + sameLength(ip + 4, match + 4, end);
      while (ip > anchor && match > base + 1 && load<u8>(ip - 1) === load<u8>(match - 1)) {
        ip--;
        match--;
        length++;
      }
      r1 = r0;
      r0 = offset;
      put(anchor, ip - anchor, offset + 3, length);
    } else {
      ip += ((ip - anchor) >> SKIP_LOG) + acceleration;
      continue;
    }
    const inside = ip + 2;
    ip += length;
    anchor = ip;
    if (ip >= stop) break;
    store<u32>(slotOf(inside), inside - base);
    store<u32>(slotOf(ip - 2), ip - 2 - base);
    while (load<u32>(ip) === load<u32>(ip - r1)) {
      length = 4 + sameLength(ip + 4, ip + 4 - r1, end);
      const swap = r1;
      r1 = r0;
      r0 = swap;
      store<u32>(slotOf(ip), ip - base);
      put(ip, 0, 1, length);
      ip += length;
      anchor = ip;
      if (ip >= stop) break;
    }
  }
  keepOffsets(r0, r1);
  return anchor;
}

/** The same with two tables: of eight bytes, and of as many as a match has at least. */
export function doubleFast(ip: usize, anchor: usize, end: usize): usize {
  const stop = end - LAST_START;
  const base = origin;
  let r0 = recent0;
  let r1 = recent1;
  while (ip < stop) {
    const long = slot8(ip);
    const short = shortSlot(ip);
    let match = base + <usize>load<u32>(long);
    const other = base + <usize>load<u32>(short);
    store<u32>(long, ip - base);
    store<u32>(short, ip - base);
    const here = ip;
    let length: usize;
    if (load<u32>(ip + 1 - r0) === load<u32>(ip + 1)) {
      ip++;
      length = 4 + sameLength(ip + 4, ip + 4 - r0, end);
      put(anchor, ip - anchor, 1, length);
    } else {
      if (load<u64>(match) === load<u64>(ip) && match !== base && ip - match <= maxOffset) {
        length = 8 + sameLength(ip + 8, match + 8, end);
      } else if (load<u32>(other) === load<u32>(ip) && other !== base && ip - other <= maxOffset) {
        // perhaps the next position has a long one
        const next = slot8(ip + 1);
        const later = base + <usize>load<u32>(next);
        store<u32>(next, ip + 1 - base);
        if (load<u64>(later) === load<u64>(ip + 1) && later !== base && ip + 1 - later <= maxOffset) {
          ip++;
          match = later;
          length = 8 + sameLength(ip + 8, match + 8, end);
        } else {
          match = other;
          length = 4 + sameLength(ip + 4, match + 4, end);
        }
      } else {
        ip += ((ip - anchor) >> SKIP_LOG) + 1;
        continue;
      }
      const offset = ip - match;
      while (ip > anchor && match > base + 1 && load<u8>(ip - 1) === load<u8>(match - 1)) {
        ip--;
        match--;
        length++;
      }
      r1 = r0;
      r0 = offset;
      put(anchor, ip - anchor, offset + 3, length);
    }
    ip += length;
    anchor = ip;
    if (ip >= stop) break;
    store<u32>(slot8(here + 2), here + 2 - base);
    store<u32>(shortSlot(here + 2), here + 2 - base);
    store<u32>(slot8(ip - 2), ip - 2 - base);
    store<u32>(shortSlot(ip - 1), ip - 1 - base);
    while (load<u32>(ip) === load<u32>(ip - r1)) {
      length = 4 + sameLength(ip + 4, ip + 4 - r1, end);
      const swap = r1;
      r1 = r0;
      r0 = swap;
      store<u32>(slot8(ip), ip - base);
      store<u32>(shortSlot(ip), ip - base);
      put(ip, 0, 1, length);
      ip += length;
      anchor = ip;
      if (ip >= stop) break;
    }
  }
  keepOffsets(r0, r1);
  return anchor;
}
