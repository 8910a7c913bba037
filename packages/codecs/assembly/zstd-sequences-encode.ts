/** Owns the writing of a block's sequences: their codes, the tables that suit them, and the three interleaved streams. */
import { addBits, beginBits, endBits } from "./bit-writer";
import {
  buildEncoder,
  buildSingle,
  firstState,
  FSE_TABLE_BYTES,
  logFor,
  share,
  STATES,
  writeShares,
} from "./fse-encode";
import {
  counts,
  literalBase,
  matchBase,
  putFixedLiterals,
  putFixedMatches,
  putFixedOffsets,
} from "./zstd-tables";

/** Offsets in the memory that the caller lends. */
const HISTOGRAMS: usize = 0; // 3 × 64 × 4
const LITERAL_CODES: usize = 768; // 64: codes of short lengths
const MATCH_CODES: usize = 832; // 128
const SCRATCH: usize = 960; // 512
const TABLES: usize = 1472;
export const SEQUENCE_TABLE_BYTES: usize = TABLES + 3 * FSE_TABLE_BYTES;

const LITERALS: u32 = 0;
const OFFSETS: u32 = 1;
const MATCHES: u32 = 2;

let work: usize = 0;

/**
 * Writes the sequences section.
 * @param sequences of 16 bytes, see `zstd-match.ts`; the last four of each are used here
 * @returns its length; 0 where it exceeds `limit`
 */
export function encodeSequences(
  sequences: usize,
  sequencesEnd: usize,
  target: usize,
  limit: usize,
  memory: usize,
): usize {
  work = memory;
  const count = <u32>((sequencesEnd - sequences) >> 4);
  let op = target;
  // what is written before the streams' length is looked at
  if (limit < 300) return 0;
  if (count < 128) store<u8>(op++, <u8>count);
  else if (count < 0x7f00) {
    store<u8>(op, <u8>((count >> 8) + 128));
    store<u8>(op, <u8>count, 1);
    op += 2;
  } else {
    store<u8>(op, 255);
    store<u16>(op, <u16>(count - 0x7f00), 1);
    op += 3;
  }
  if (count === 0) return op - target;
  fillCodes();
  countCodes(sequences, sequencesEnd);
  const modes = op++;
  op = chooseTable(LITERALS, count, 9, 6, op);
  let mode = chosenMode << 6;
  const logL = chosenLog;
  op = chooseTable(OFFSETS, count, 8, 5, op);
  mode |= chosenMode << 4;
  const logO = chosenLog;
  op = chooseTable(MATCHES, count, 9, 6, op);
  mode |= chosenMode << 2;
  store<u8>(modes, <u8>mode);
  return writeStreams(sequences, sequencesEnd, op, target, limit, logL, logO, chosenLog);
}

function tableOf(kind: u32): usize {
  return work + TABLES + <usize>kind * FSE_TABLE_BYTES;
}

/** Code of each length that has a code of few extra bits; the bases say which. */
function fillCodes(): void {
  for (let code: usize = 0; code < 25; code++) {
    const base = load<u32>(literalBase() + (code << 3));
    memory.fill(
      work + LITERAL_CODES + base,
      <u8>code,
      (<usize>1) << load<u32>(literalBase() + (code << 3), 4),
    );
  }
  for (let code: usize = 0; code < 43; code++) {
    const base = load<u32>(matchBase() + (code << 3)) - 3;
    memory.fill(work + MATCH_CODES + base, <u8>code, (<usize>1) << load<u32>(matchBase() + (code << 3), 4));
  }
}

/** Puts the codes into the last bytes of each sequence, and counts them. */
function countCodes(sequences: usize, sequencesEnd: usize): void {
  const histograms = work + HISTOGRAMS;
  memory.fill(histograms, 0, 768);
  const shortL = work + LITERAL_CODES;
  const shortM = work + MATCH_CODES;
  for (let at = sequences; at < sequencesEnd; at += 16) {
    const literals = load<u32>(at, 4);
    const match = load<u32>(at, 8) - 3;
    const codeL: u32 = literals < 64 ? <u32>load<u8>(shortL + <usize>literals) : 50 - clz<u32>(literals);
    const codeM: u32 = match < 128 ? <u32>load<u8>(shortM + <usize>match) : 67 - clz<u32>(match);
    const codeO: u32 = 31 - clz<u32>(load<u32>(at));
    store<u32>(at, codeL | (codeO << 8) | (codeM << 16), 12);
    let count = histograms + ((<usize>codeL) << 2);
    store<u32>(count, load<u32>(count) + 1);
    count = histograms + 256 + ((<usize>codeO) << 2);
    store<u32>(count, load<u32>(count) + 1);
    count = histograms + 512 + ((<usize>codeM) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
}

/** What {@link chooseTable} chose. */
let chosenMode: u32 = 0;
let chosenLog: u32 = 0;

/** Makes the table of one kind of code: the cheapest of one symbol, the fixed one, and one of its own. @returns the end of its description */
function chooseTable(kind: u32, total: u32, maxLog: u32, fixedLog: u32, op: usize): usize {
  const histogram = work + HISTOGRAMS + ((<usize>kind) << 8);
  const table = tableOf(kind);
  let symbols: u32 = 0;
  let most: u32 = 0;
  for (let symbol: u32 = 0; symbol < 64; symbol++) {
    const count = load<u32>(histogram + ((<usize>symbol) << 2));
    if (count === 0) continue;
    symbols = symbol + 1;
    if (count > most) most = count;
  }
  if (most === total) {
    chosenMode = 1;
    chosenLog = 0;
    store<u8>(op, <u8>(symbols - 1));
    buildSingle(table, symbols - 1);
    return op + 1;
  }
  const fixed =
    kind === LITERALS ? putFixedLiterals() : kind === OFFSETS ? putFixedOffsets() : putFixedMatches();
  const fixedCost = symbols > fixed ? u32.MAX_VALUE : costOf(histogram, symbols, fixedLog);
  for (let symbol: usize = 0; symbol < <usize>symbols; symbol++)
    store<u16>(counts() + (symbol << 1), <u16>load<u32>(histogram + (symbol << 2)));
  const log = logFor(total, symbols, maxLog);
  share(symbols, total, log, total < 2048 ? 1 : -1);
  const end = writeShares(op, symbols, log);
  if (costOf(histogram, symbols, log) + ((<u32>(end - op)) << 11) < fixedCost) {
    chosenMode = 2;
    chosenLog = log;
    buildEncoder(table, symbols, log, work + SCRATCH);
    return end;
  }
  chosenMode = 0;
  chosenLog = fixedLog;
  if (kind === LITERALS) putFixedLiterals();
  else if (kind === OFFSETS) putFixedOffsets();
  else putFixedMatches();
  buildEncoder(table, fixed, fixedLog, work + SCRATCH);
  return op;
}

/** What the symbols take with the shares at `counts()`, in 256ths of a bit. */
function costOf(histogram: usize, symbols: u32, log: u32): u32 {
  let sum: u32 = 0;
  for (let symbol: usize = 0; symbol < <usize>symbols; symbol++) {
    const part = load<i16>(counts() + (symbol << 1));
    const own: u32 = part < 1 ? 1 : <u32>part;
    const whole = 31 - clz<u32>(own);
    // the logarithm, straight between powers of two
    const cost = (log << 8) - (whole << 8) - (((own << 8) >> whole) - 256);
    sum += load<u32>(histogram + (symbol << 2)) * cost;
  }
  return sum;
}

function writeStreams(
  sequences: usize,
  sequencesEnd: usize,
  op: usize,
  target: usize,
  limit: usize,
  logL: u32,
  logO: u32,
  logM: u32,
): usize {
  const literals = tableOf(LITERALS);
  const offsets = tableOf(OFFSETS);
  const matches = tableOf(MATCHES);
  const basesL = literalBase();
  const basesM = matchBase();
  const room = target + limit - 40;
  let at = sequencesEnd - 16;
  let stateM = firstState(matches, <usize>load<u8>(at, 14));
  let stateO = firstState(offsets, <usize>load<u8>(at, 13));
  let stateL = firstState(literals, <usize>load<u8>(at, 12));
  let word: u64 = 0;
  let used: u64 = 0;
  while (true) {
    // what the codes leave open
    const codeO: u64 = load<u8>(at, 13);
    let base = basesL + ((<usize>load<u8>(at, 12)) << 3);
    word |= (<u64>(load<u32>(at, 4) - load<u32>(base))) << used;
    used += <u64>load<u32>(base, 4);
    base = basesM + ((<usize>load<u8>(at, 14)) << 3);
    word |= (<u64>(load<u32>(at, 8) - load<u32>(base))) << used;
    used += <u64>load<u32>(base, 4);
    if (used + codeO > 60) {
      store<u64>(op, word);
      op += <usize>(used >> 3);
      word >>= used & 56;
      used &= 7;
    }
    word |= (<u64>load<u32>(at) & (((<u64>1) << codeO) - 1)) << used;
    used += codeO;
    // three states take 26 bits at most
    if (used > 34) {
      store<u64>(op, word);
      op += <usize>(used >> 3);
      word >>= used & 56;
      used &= 7;
    }
    if (at === sequences) break;
    at -= 16;
    let entry = offsets + ((<usize>load<u8>(at, 13)) << 3);
    let bits = (stateO + load<u32>(entry)) >> 16;
    word |= (<u64>(stateO & ((1 << bits) - 1))) << used;
    used += <u64>bits;
    stateO = load<u16>(offsets + STATES + ((<usize>((stateO >> bits) + load<u32>(entry, 4))) << 1));
    entry = matches + ((<usize>load<u8>(at, 14)) << 3);
    bits = (stateM + load<u32>(entry)) >> 16;
    word |= (<u64>(stateM & ((1 << bits) - 1))) << used;
    used += <u64>bits;
    stateM = load<u16>(matches + STATES + ((<usize>((stateM >> bits) + load<u32>(entry, 4))) << 1));
    entry = literals + ((<usize>load<u8>(at, 12)) << 3);
    bits = (stateL + load<u32>(entry)) >> 16;
    word |= (<u64>(stateL & ((1 << bits) - 1))) << used;
    used += <u64>bits;
    stateL = load<u16>(literals + STATES + ((<usize>((stateL >> bits) + load<u32>(entry, 4))) << 1));
    store<u64>(op, word);
    op += <usize>(used >> 3);
    if (op > room) return 0;
    word >>= used & 56;
    used &= 7;
  }
  store<u64>(op, word);
  op += <usize>(used >> 3);
  beginBits(op);
  addBits(word >> (used & 56), <u32>used & 7);
  addBits(<u64>(stateM & ((1 << logM) - 1)), logM);
  addBits(<u64>(stateO & ((1 << logO) - 1)), logO);
  addBits(<u64>(stateL & ((1 << logL) - 1)), logL);
  const length = endBits() - target;
  return length > limit ? 0 : length;
}
