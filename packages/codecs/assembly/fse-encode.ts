/**
 * Owns FSE encoding tables: shares of the symbols, their description, and the tables. Counts of symbols, and then
 * their shares of `1 << log` states, lie at `counts()`, 16 bits each; −1 is a share of less than one state.
 *
 * A table: for each of 64 symbols eight bytes (what to add to a state for the number of bits it gives off, and where its
 * next states are), then the states, 16 bits each.
 */
import { addBits, beginBits, endBytes, flushBits } from "./bit-writer";
import { counts } from "./zstd-tables";

/** Where the states of a table begin. */
export const STATES: usize = 64 << 3;
/** Bytes of a table of up to 512 states. */
export const FSE_TABLE_BYTES: usize = STATES + (512 << 1);

function countOf(symbol: u32): i32 {
  return load<i16>(counts() + ((<usize>symbol) << 1));
}
function setCount(symbol: u32, count: i32): void {
  store<i16>(counts() + ((<usize>symbol) << 1), <i16>count);
}

/** States for `total` symbols, at most `1 << maxLog`. */
export function logFor(total: u32, symbols: u32, maxLog: u32): u32 {
  const useful: i32 = 29 - clz<u32>(total - 1);
  let log: i32 = <i32>maxLog;
  if (useful < log) log = useful;
  const bySymbols: i32 = 33 - clz<u32>(symbols - 1);
  const byTotal: i32 = 32 - clz<u32>(total);
  const least = bySymbols < byTotal ? bySymbols : byTotal;
  if (log < least) log = least;
  if (log < 5) log = 5;
  return <u32>(log > <i32>maxLog ? <i32>maxLog : log);
}

/**
 * Turns counts into shares. At least two symbols have to occur, and `symbols` is one more than the last of them.
 * @param rare the share of what is too rare for a state: −1, or 1 where there are few symbols in all
 */
export function share(symbols: u32, total: u32, log: u32, rare: i32): void {
  const size: i32 = 1 << log;
  const threshold = total >> log;
  let left = size;
  let largest: u32 = 0;
  let most: i32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = <u32>load<u16>(counts() + ((<usize>symbol) << 1));
    if (count === 0) continue;
    let part: i32;
    if (count <= threshold) part = rare;
    else {
      const scaled = ((<u64>count) << (<u64>log + 16)) / <u64>total;
      part = <i32>(scaled >> 16);
      // small shares are worth rounding up before half
      const rest = <u32>(scaled & 0xffff);
      if (part === 0 || rest > (part < 8 ? 0x7000 : 0x8000)) part++;
    }
    left -= part < 0 ? 1 : part;
    setCount(symbol, part);
    if (part > most) {
      most = part;
      largest = symbol;
    }
  }
  if (most + left > most >> 1) {
    setCount(largest, most + left);
    return;
  }
  // too many were rounded up: the large ones give
  while (left < 0) {
    most = 1;
    for (let symbol: u32 = 0; symbol < symbols; symbol++)
      if (countOf(symbol) > most) {
        most = countOf(symbol);
        largest = symbol;
      }
    setCount(largest, most - 1);
    left++;
  }
}

/** Writes the description of the shares to `op`. @returns its end */
export function writeShares(op: usize, symbols: u32, log: u32): usize {
  beginBits(op);
  addBits(<u64>(log - 5), 4);
  let remaining: i32 = (1 << log) + 1;
  let threshold: i32 = 1 << log;
  let width: u32 = log + 1;
  let symbol: u32 = 0;
  let afterZero = false;
  while (symbol < symbols && remaining > 1) {
    if (afterZero) {
      let zeros: u32 = 0;
      while (symbol < symbols && countOf(symbol) === 0) {
        symbol++;
        zeros++;
      }
      for (; zeros >= 3; zeros -= 3) {
        addBits(3, 2);
        flushBits();
      }
      addBits(<u64>zeros, 2);
    }
    let count = countOf(symbol++);
    const max: i32 = 2 * threshold - 1 - remaining;
    remaining -= count < 0 ? -count : count;
    afterZero = count === 0;
    count++;
    if (count >= threshold) count += max;
    addBits(<u64>count, count < max ? width - 1 : width);
    flushBits();
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
  }
  return endBytes();
}

/** Builds the table of the shares. @param scratch as many bytes as there are states */
export function buildEncoder(table: usize, symbols: u32, log: u32, scratch: usize): void {
  const size: u32 = 1 << log;
  const mask = size - 1;
  const states = table + STATES;
  let high = mask;
  for (let symbol: u32 = 0; symbol < symbols; symbol++)
    if (countOf(symbol) === -1) {
      store<u8>(scratch + <usize>high, <u8>symbol);
      high--;
    }
  const step = (size >> 1) + (size >> 3) + 3;
  let position: u32 = 0;
  let total: i32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = countOf(symbol);
    for (let i: i32 = 0; i < count; i++) {
      store<u8>(scratch + <usize>position, <u8>symbol);
      do {
        position = (position + step) & mask;
      } while (position > high);
    }
    const entry = table + ((<usize>symbol) << 3);
    // while the states are filled in, the second number is where the next one goes
    store<i32>(entry, total, 4);
    const own: i32 = count < 0 ? 1 : <i32>count;
    if (own === 1) store<u32>(entry, (log << 16) - size);
    else if (own > 1) {
      const bits = log - (31 - clz<u32>(<u32>own - 1));
      store<u32>(entry, (bits << 16) - ((<u32>own) << bits));
    }
    total += own;
  }
  for (let state: u32 = 0; state < size; state++) {
    const entry = table + ((<usize>load<u8>(scratch + <usize>state)) << 3);
    const at = load<i32>(entry, 4);
    store<u16>(states + ((<usize>at) << 1), <u16>(size + state));
    store<i32>(entry, at + 1, 4);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const entry = table + ((<usize>symbol) << 3);
    const count = countOf(symbol);
    const own: i32 = count < 0 ? 1 : <i32>count;
    store<i32>(entry, load<i32>(entry, 4) - own - own, 4);
  }
}

/** A table of one symbol: it takes no bits. */
export function buildSingle(table: usize, symbol: u32): void {
  store<u64>(table + ((<usize>symbol) << 3), 0);
  store<u16>(table + STATES, 0);
}

/** The first state of a stream, which is the last that is read. */
export function firstState(table: usize, symbol: usize): u32 {
  const entry = table + (symbol << 3);
  const add = load<u32>(entry);
  const bits = (add + (1 << 15)) >> 16;
  const state = (bits << 16) - add;
  return load<u16>(table + STATES + ((<usize>((state >> bits) + load<u32>(entry, 4))) << 1));
}

/** Gives off the bits of `state`. @returns the next state */
export function nextState(table: usize, state: u32, symbol: usize): u32 {
  const entry = table + (symbol << 3);
  const bits = (state + load<u32>(entry)) >> 16;
  addBits(<u64>(state & ((1 << bits) - 1)), bits);
  return load<u16>(table + STATES + ((<usize>((state >> bits) + load<u32>(entry, 4))) << 1));
}
