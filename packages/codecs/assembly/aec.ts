/**
 * Owns the adaptive entropy coding of CCSDS 121.0-B, which szip is: Rice codes whose parameter changes with each block,
 * over the differences of neighbours. Decoding only.
 */
import { MALFORMED, TRUNCATED } from "./workspace";

/** So many zero blocks mean: all the rest of the segment. */
const REST_OF_SEGMENT: u32 = 5;
const SEGMENT: u32 = 64;
/** Sums of the second extension are at most 12, which makes so many codes. */
const MAX_PAIR: u32 = 90;

let source: usize = 0;
let bitAt: u64 = 0;
let bitEnd: u64 = 0;

let target: usize = 0;
let sampleSize: u32 = 0;
let bigEndian = false;
let left: u32 = 0;
let preprocessed = false;
let maximum: u32 = 0;
/** The sample before; none at the start of an interval. */
let before: u32 = 0;
let isReference = false;

function take(width: u32): u32 {
  if (width === 0) return 0;
  const word = bswap<u64>(load<u64>(source + <usize>(bitAt >> 3))) << (bitAt & 7);
  bitAt += <u64>width;
  return <u32>(word >> (64 - <u64>width));
}

/** Zeros before a one. Ends at the end. */
function takeRun(): u32 {
  let run: u32 = 0;
  while (bitAt < bitEnd) {
    const word = bswap<u64>(load<u64>(source + <usize>(bitAt >> 3))) << (bitAt & 7);
    if (word !== 0) {
      const zeros = <u32>clz<u64>(word);
      bitAt += <u64>zeros + 1;
      return run + zeros;
    }
    const width = 64 - (bitAt & 7);
    run += <u32>width;
    bitAt += width;
  }
  bitAt = bitEnd + 1;
  return run;
}

/** A sample, or its difference to the one before as an unsigned number. What is beyond the output is let go. */
function put(value: u32): void {
  if (left === 0) return;
  left--;
  let sample = value;
  if (preprocessed) {
    if (isReference) isReference = false;
    else {
      // differences that can have both signs alternate between them; the others go on from there
      const near = before < maximum - before ? before : maximum - before;
      const half = (value >> 1) + (value & 1);
      if (half <= near) sample = value & 1 ? before - half : before + half;
      else sample = before === near ? value : maximum - value;
    }
    before = sample;
  }
  if (sampleSize === 1) store<u8>(target, <u8>sample);
  else if (sampleSize === 2) store<u16>(target, bigEndian ? bswap<u16>(<u16>sample) : <u16>sample);
  else store<u32>(target, bigEndian ? bswap<u32>(sample) : sample);
  target += <usize>sampleSize;
}

/**
 * Decodes `count` samples of `bits` bits (1 … 32) into 1, 2 or 4 bytes each.
 * @param interval blocks after which a sample stands for itself
 * @returns 0, or an error code
 */
export function aecDecode(
  from: usize,
  length: usize,
  to: usize,
  count: u32,
  bits: u32,
  block: u32,
  interval: u32,
  preprocess: bool,
  big: bool,
): i32 {
  source = from;
  bitAt = 0;
  bitEnd = (<u64>length) << 3;
  target = to;
  sampleSize = bits > 16 ? 4 : bits > 8 ? 2 : 1;
  bigEndian = big;
  left = count;
  preprocessed = preprocess;
  maximum = u32.MAX_VALUE >> (32 - bits);
  const idBits: u32 = bits > 16 ? 5 : bits > 8 ? 4 : 3;
  const plain: u32 = (1 << idBits) - 1;
  let done: u32 = 0;
  while (left > 0) {
    if (bitAt >= bitEnd) return TRUNCATED;
    if (done === interval) done = 0;
    const reference = preprocess && done === 0;
    if (reference) isReference = true;
    let samples = block;
    const id = take(idBits);
    if (id === plain) {
      for (let i: u32 = 0; i < block; i++) {
        if (bitAt > bitEnd) return TRUNCATED;
        put(take(bits));
      }
      done++;
    } else if (id > 0) {
      if (reference) {
        put(take(bits));
        samples--;
      }
      const code = splitBlock(samples, id - 1);
      if (code < 0) return code;
      done++;
    } else {
      const isPairs = take(1) === 1;
      if (reference) {
        put(take(bits));
        samples--;
      }
      if (isPairs) {
        const code = pairBlock(samples);
        if (code < 0) return code;
        done++;
      } else {
        const run = takeRun() + 1;
        let blocks = run > REST_OF_SEGMENT ? run - 1 : run;
        if (run === REST_OF_SEGMENT) {
          const segment = SEGMENT - (done % SEGMENT);
          blocks = interval - done < segment ? interval - done : segment;
        }
        if (bitAt > bitEnd) return TRUNCATED;
        if (blocks > interval - done) return MALFORMED;
        done += blocks;
        samples += (blocks - 1) * block;
        for (let i: u32 = 0; i < samples && left > 0; i++) put(0);
      }
    }
    if (bitAt > bitEnd) return TRUNCATED;
  }
  return 0;
}

/** The upper parts of all samples as runs, then the lower `k` bits of all. */
function splitBlock(samples: u32, k: u32): i32 {
  // the lower parts begin where the last run ends
  const start = bitAt;
  for (let i: u32 = 0; i < samples; i++) takeRun();
  if (bitAt > bitEnd) return TRUNCATED;
  let lower = bitAt;
  bitAt = start;
  for (let i: u32 = 0; i < samples; i++) {
    const run = takeRun();
    const upper = bitAt;
    bitAt = lower;
    if (bitAt + <u64>k > bitEnd) return TRUNCATED;
    put((run << k) | take(k));
    lower = bitAt;
    bitAt = upper;
  }
  bitAt = lower;
  return 0;
}

/** Pairs of samples, each a single run: the number of the pair, ordered by the sum. */
function pairBlock(samples: u32): i32 {
  while (samples > 0) {
    const code = takeRun();
    if (bitAt > bitEnd) return TRUNCATED;
    if (code > MAX_PAIR) return MALFORMED;
    let sum: u32 = 0;
    let first: u32 = 0;
    while (first + sum < code) {
      sum++;
      first += sum;
    }
    const second = code - first;
    // the first of a pair is the reference that was there already
    if ((samples & 1) === 0) {
      put(sum - second);
      samples--;
    }
    put(second);
    samples--;
  }
  return 0;
}
