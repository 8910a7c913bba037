/** Owns the thorough search for matches: chains of all positions with the same hash, and a look at the next positions. */
import {
  chains,
  keepOffsets,
  LAST_START,
  maxOffset,
  origin,
  put,
  recent0,
  recent1,
  sameLength,
  SKIP_LOG,
  slotOf,
} from "./zstd-match";

let chainMask: usize = 0;
/** Candidates that are looked at for a position. */
let searches: u32 = 0;
/** The first position that isn't in the chains yet. */
let inserted: usize = 0;

export function placeChains(source: usize, chainLog: u32, searchLog: u32): void {
  chainMask = ((<usize>1) << (<usize>chainLog)) - 1;
  searches = 1 << searchLog;
  inserted = source;
}

/** Offset of what {@link search} found. */
let foundOffset: usize = 0;

/** The longest match at `ip` of those that the chain of its hash leads to; 3 or less: none. */
function search(ip: usize, end: usize): usize {
  const base = origin;
  const mask = chainMask;
  const table = chains;
  for (let at = inserted; at < ip; at++) {
    const slot = slotOf(at);
    const position = at - base;
    store<u32>(table + ((position & mask) << 2), load<u32>(slot));
    store<u32>(slot, position);
  }
  const here = ip - base;
  const slot = slotOf(ip);
  let candidate = <usize>load<u32>(slot);
  store<u32>(table + ((here & mask) << 2), candidate);
  store<u32>(slot, here);
  inserted = ip + 1;
  const reach = maxOffset < mask ? maxOffset : mask;
  const least = here > reach ? here - reach : 1;
  let best: usize = 3;
  let left = searches;
  // a longer one has these bytes too
  let wanted = load<u32>(ip);
  while (candidate >= least) {
    const match = base + candidate;
    if (load<u32>(match + best - 3) === wanted) {
      const length = sameLength(ip, match, end);
      if (length > best) {
        best = length;
        foundOffset = here - candidate;
        if (ip + length + 1 > end) break;
        wanted = load<u32>(ip + best - 3);
      }
    }
    if (--left === 0) break;
    const next = <usize>load<u32>(table + ((candidate & mask) << 2));
    if (next >= candidate) break;
    candidate = next;
  }
  return best;
}

/** What an offset costs, in bits. */
function offsetBits(code: usize): i32 {
  return 31 - clz<u32>(<u32>code);
}

/** The longest match of each position, unless one of the next `depth` positions has a better one. */
export function lazy(ip: usize, anchor: usize, end: usize, depth: u32): usize {
  const stop = end - LAST_START;
  const base = origin;
  let r0 = recent0;
  let r1 = recent1;
  while (ip < stop) {
    let code: usize = 1;
    let length: usize = 0;
    let start = ip + 1;
    if (load<u32>(ip + 1 - r0) === load<u32>(ip + 1)) length = 4 + sameLength(ip + 5, ip + 5 - r0, end);
    if (length === 0 || depth > 0) {
      const found = search(ip, end);
      if (found > 3 && found > length) {
        length = found;
        start = ip;
        code = foundOffset + 3;
      }
      if (length < 4) {
        ip += ((ip - anchor) >> SKIP_LOG) + 1;
        continue;
      }
      let tries = depth;
      while (tries > 0 && ip + 1 < stop) {
        ip++;
        // the second try has to gain more
        const patience: i32 = tries === depth ? 4 : 7;
        if (code !== 1 && load<u32>(ip) === load<u32>(ip - r0)) {
          const known = 4 + sameLength(ip + 4, ip + 4 - r0, end);
          const weight = tries === depth ? 3 : 4;
          if (<i32>known * weight > <i32>length * weight - offsetBits(code) + 1) {
            length = known;
            code = 1;
            start = ip;
          }
        }
        const better = search(ip, end);
        if (
          better > 3 &&
          <i32>better * 4 - offsetBits(foundOffset + 3) > <i32>length * 4 - offsetBits(code) + patience
        ) {
          length = better;
          code = foundOffset + 3;
          start = ip;
          tries = depth;
          continue;
        }
        tries--;
      }
    }
    if (code > 3) {
      const offset = code - 3;
      while (
        start > anchor &&
        start - offset > base + 1 &&
        load<u8>(start - 1) === load<u8>(start - 1 - offset)
      ) {
        start--;
        length++;
      }
      r1 = r0;
      r0 = offset;
    }
    put(anchor, start - anchor, code, length);
    ip = start + length;
    anchor = ip;
    while (ip < stop && load<u32>(ip) === load<u32>(ip - r1)) {
      length = 4 + sameLength(ip + 4, ip + 4 - r1, end);
      const swap = r1;
      r1 = r0;
      r0 = swap;
      put(ip, 0, 1, length);
      ip += length;
      anchor = ip;
    }
  }
  keepOffsets(r0, r1);
  return anchor;
}
