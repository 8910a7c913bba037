/**
 * Owns the sequences of a block of zstd: three interleaved FSE streams, read from their end, and the copies that they
 * ask for. Both are loops of their own, in turns of a few hundred sequences: together they need more registers than
 * there are, and the reading waits for its tables while the copying waits for nothing.
 */
import { copy, repeatExact, repeatFast } from "./copy";
import { BAD_OFFSET, MALFORMED, MARGIN, TOO_LONG, TRUNCATED, zstdTables } from "./workspace";
import { literalTable, matchTable, offsetTable, sequenceBuffer } from "./zstd-tables";

/** Sequences read at a time; each has sixteen bytes: offset, literals and match length. */
const BATCH: u32 = 512;

/** The last three offsets, latest first. */
let recent0: usize = 1;
let recent1: usize = 4;
let recent2: usize = 8;

export function forgetOffsets(): void {
  recent0 = 1;
  recent1 = 4;
  recent2 = 8;
}

/** The bits' reader: of the eight bytes at `wordAt`, the lowest `bitsLeft` bits are still to be read. */
let wordAt: usize = 0;
let bitsLeft: u32 = 0;
/** Entries of the three tables: the states of the streams. */
let literalState: usize = 0;
let offsetState: usize = 0;
let matchState: usize = 0;

/** Where the literals are that {@link runSequences} left. */
export let literalsDone: usize = 0;

/** What {@link copySequences} ended with, where it returned 0. */
let failure: i32 = 0;

function fail(code: i32): usize {
  failure = code;
  return 0;
}

/**
 * Reads sequences into `out`, up to `outEnd`; the states stay those of the last one.
 * @param first the least place of the reader: eight bytes before the stream
 * @returns false where the stream ends too early
 */
function readSequences(first: usize, out: usize, outEnd: usize): bool {
  const tables = zstdTables;
  let at = wordAt;
  let left = bitsLeft;
  let l = literalState;
  let o = offsetState;
  let m = matchState;
  while (true) {
    at -= <usize>((left ^ 63) >> 3);
    left |= 56;
    if (at < first) return false;
    let bits = load<u64>(at);
    // an offset is a 1 followed by its extra bits
    const extra: u32 = load<u8>(o, 5);
    left -= extra;
    const one: u64 = (<u64>1) << (<u64>extra);
    store<u32>(out, <u32>(((bits >> <u64>left) & (one - 1)) | one));
    store<u32>(out, load<u16>(l, 6), 4);
    store<u32>(out, load<u16>(m, 6), 8);
    const extraL: u32 = load<u8>(l, 5);
    const extraM: u32 = load<u8>(m, 5);
    if (extraL | extraM) {
      if (left < 32) {
        at -= <usize>((left ^ 63) >> 3);
        left |= 56;
        bits = load<u64>(at);
      }
      // codes with sixteen extra bits have a base beyond the sixteen bits of an entry
      left -= extraM;
      const more = <u32>(bits >> <u64>left) & ((1 << extraM) - 1);
      store<u32>(out, <u32>load<u16>(m, 6) + ((extraM & 16) << 12) + more, 8);
      left -= extraL;
      const moreL = <u32>(bits >> <u64>left) & ((1 << extraL) - 1);
      store<u32>(out, <u32>load<u16>(l, 6) + ((extraL & 16) << 12) + moreL, 4);
    }
    out += 16;
    if (out === outEnd) break;
    // the states: 26 bits at most
    if (left < 26) {
      at -= <usize>((left ^ 63) >> 3);
      left |= 56;
      bits = load<u64>(at);
    }
    left -= load<u8>(l, 4);
    l = tables + load<u16>(l) + ((<usize>(bits >> <u64>left) & load<u16>(l, 2)) << 3);
    left -= load<u8>(m, 4);
    m = tables + load<u16>(m) + ((<usize>(bits >> <u64>left) & load<u16>(m, 2)) << 3);
    left -= load<u8>(o, 4);
    o = tables + load<u16>(o) + ((<usize>(bits >> <u64>left) & load<u16>(o, 2)) << 3);
  }
  wordAt = at;
  bitsLeft = left;
  literalState = l;
  offsetState = o;
  matchState = m;
  return true;
}

/** `width` bits. The reader has them where it was refilled before. */
function takeBits(width: u32): usize {
  bitsLeft -= width;
  return <usize>(load<u64>(wordAt) >> <u64>bitsLeft) & ((1 << width) - 1);
}

function nextState(state: usize): usize {
  return zstdTables + load<u16>(state) + (takeBits(load<u8>(state, 4)) << 3);
}

/** From the last sequence of a turn to the first of the next. */
function nextStates(): void {
  wordAt -= <usize>((bitsLeft ^ 63) >> 3);
  bitsLeft |= 56;
  literalState = nextState(literalState);
  matchState = nextState(matchState);
  offsetState = nextState(offsetState);
}

/**
 * Does the copies of the sequences at `ip`.
 * @param fastOp, fastLiterals up to where sixteen literals and sixteen bytes of a match may be copied without a look
 * @returns the end of what was written, or 0, and `failure` says why
 */
function copySequences(
  ip: usize,
  end: usize,
  start: usize,
  op: usize,
  fastOp: usize,
  fastLiterals: usize,
  literalsEnd: usize,
  spare: usize,
  limit: usize,
): usize {
  let literals = literalsDone;
  let r0 = recent0;
  let r1 = recent1;
  let r2 = recent2;
  do {
    const value: usize = load<u32>(ip);
    const literalLength: usize = load<u32>(ip, 4);
    const matchLength: usize = load<u32>(ip, 8);
    ip += 16;
    // 1 … 3 are the last offsets or, after no literals, the second, the third, and one less than the last
    const which = value + (literalLength === 0 ? 1 : 0);
    let known = select<usize>(r2, r0 - 1, which === 3);
    known = select<usize>(r1, known, which === 2);
    known = select<usize>(r0, known, which === 1);
    const offset = select<usize>(value - 3, known, value > 3);
    r2 = select<usize>(r1, r2, which > 2);
    r1 = select<usize>(r0, r1, which > 1);
    r0 = offset;
    if (literalLength <= 16 && op <= fastOp && literals <= fastLiterals && offset >= 16) {
      v128.store(op, v128.load(literals));
      literals += literalLength;
      op += literalLength;
      if (offset > op - start) return fail(BAD_OFFSET);
      v128.store(op, v128.load(op - offset));
      op += matchLength;
      if (matchLength <= 16) continue;
      op = copyMatch(op - matchLength, offset, matchLength, limit);
    } else {
      op = copySequence(literals, literalLength, offset, matchLength, literalsEnd, spare, start, op, limit);
      literals += literalLength;
    }
    if (op === 0) return 0;
  } while (ip < end);
  recent0 = r0;
  recent1 = r1;
  recent2 = r2;
  literalsDone = literals;
  return op;
}

function copyMatch(op: usize, offset: usize, length: usize, limit: usize): usize {
  const room = limit - op;
  if (length > room) return fail(TOO_LONG);
  if (length + MARGIN > room) repeatExact(op, offset, length, limit);
  else repeatFast(op, offset, length);
  return op + length;
}

/** One sequence, with everything looked at. */
function copySequence(
  literals: usize,
  literalLength: usize,
  offset: usize,
  matchLength: usize,
  literalsEnd: usize,
  spare: usize,
  start: usize,
  op: usize,
  limit: usize,
): usize {
  const room = limit - op;
  if (literals > literalsEnd || literalLength > literalsEnd - literals) return fail(MALFORMED);
  if (literalLength + matchLength > room) return fail(TOO_LONG);
  const readable = literalsEnd - literals + spare;
  if (room >= literalLength + MARGIN && readable >= literalLength + 16) {
    let i: usize = 0;
    do {
      v128.store(op + i, v128.load(literals + i));
      i += 16;
    } while (i < literalLength);
  } else copy(op, literals, literalLength);
  op += literalLength;
  if (offset === 0 || offset > op - start) return fail(BAD_OFFSET);
  return copyMatch(op, offset, matchLength, limit);
}

/**
 * Runs `count` sequences, whose stream is `ip` to `end`, with the tables in place.
 * @param spare bytes that may be read after the literals
 * @param start of the frame's output, before which no offset may reach
 * @returns bytes written, or an error code
 */
export function runSequences(
  ip: usize,
  end: usize,
  count: u32,
  literalLog: u32,
  offsetLog: u32,
  matchLog: u32,
  literals: usize,
  literalsEnd: usize,
  spare: usize,
  start: usize,
  op: usize,
  limit: usize,
): i32 {
  if (ip >= end) return TRUNCATED;
  const target = op;
  const lastByte: u32 = load<u8>(end - 1);
  if (lastByte === 0) return MALFORMED;
  wordAt = end - 8;
  // the highest 1 marks where the bits begin
  bitsLeft = 87 - clz<u32>(lastByte);
  literalState = literalTable() + (takeBits(literalLog) << 3);
  offsetState = offsetTable() + (takeBits(offsetLog) << 3);
  matchState = matchTable() + (takeBits(matchLog) << 3);
  literalsDone = literals;
  const fastOp: usize = limit - op > 64 ? limit - 64 : 0;
  const readable = literalsEnd - literals + spare;
  const fastLiterals: usize = readable >= 16 ? literals + readable - 16 : 0;
  const buffer = sequenceBuffer();
  while (true) {
    const turn = count < BATCH ? count : BATCH;
    const bufferEnd = buffer + ((<usize>turn) << 4);
    if (!readSequences(ip - 8, buffer, bufferEnd)) return TRUNCATED;
    op = copySequences(buffer, bufferEnd, start, op, fastOp, fastLiterals, literalsEnd, spare, limit);
    if (op === 0) return failure;
    count -= turn;
    if (count === 0) break;
    nextStates();
  }
  if (((<i64>wordAt - <i64>ip) << 3) + <i64>bitsLeft !== 0 || literalsDone > literalsEnd) return MALFORMED;
  return <i32>(op - target);
}
