/**
 * Owns the tables and coefficients of exp, log and pow: powers of two and logarithms at points close enough for
 * short polynomials, computed with 128 bits after the point and rounded once. Knows no kernel.
 */

/** 2^(i / 2048) for every i: arguments are brought to one of so many steps. */
export const EXP_BITS = 11;
/** Mantissas are brought to one of 2^9 points. */
export const LOG_BITS = 9;

/** Bits of the least mantissa that logarithms are taken of: 1 stands in the middle of an interval of its own. */
const STEP: bigint = 1n << BigInt(52 - LOG_BITS);
export const LOG_FIRST: bigint = (1023n << 52n) - 300n * STEP - STEP / 2n;

/** What ln 2 has beyond a float64. */
const LN2_REST = 2.3190468138462996e-17;

/** Steps of exponents: x = n·ln 2 / 2048 + r, with ln 2 / 2048 in two parts, the first of 31 digits. */
export const STEPS: number = 1 << EXP_BITS;
export const STEP_HIGH: number = Math.floor((Math.LN2 / STEPS) * 2 ** 42) / 2 ** 42;
export const STEP_LOW: number = (LN2_REST + (Math.LN2 - STEP_HIGH * STEPS)) / STEPS;
/** (e^r - 1 - r) / r² on |r| ≤ ln 2 / 4096, r⁴ spread over r² and 1. */
export const EXP_SERIES: readonly number[] = [0.5 + (Math.LN2 / (2 * STEPS)) ** 2 / 24, 1 / 6];

/** ln 2 with so few digits that products with exponents are exact, and the rest. */
export const LN2_HIGH = 6.9314718036912381649e-1;
export const LN2_LOW = 1.90821492927058770002e-10;
/** (ln(1 + r) - r) / r² on |r| ≤ 2^-10, r⁴ spread over r² and 1. */
export const LOG_SERIES: readonly number[] = [-0.5 + 2 ** -40 / 48, 1 / 3, -0.25 - 2 ** -20 / 6, 0.2];

/** For pow: ln 2 with 42 digits after the point, so that sums with the table's are exact; and the rest. */
export const LN2_HEAD: number = Math.floor(Math.LN2 * 2 ** 42) / 2 ** 42;
export const LN2_TAIL: number = Math.LN2 - LN2_HEAD + LN2_REST;
/** (ln(1 + r) - r) / r² for |r| ≤ 2^-9. */
export const POWER_SERIES: readonly number[] = [-1 / 2, 1 / 3, -1 / 4, 1 / 5, -1 / 6, 1 / 7];

/** For float32: ln 2 with 10 digits, and the rest. */
export const SINGLE_LN2_HIGH = 0.693359375;
export const SINGLE_LN2_LOW: number = Math.fround(Math.LN2 - SINGLE_LN2_HIGH);
/** (e^r - 1 - r) / r² for |r| ≤ ln 2 / 2, to 0.05 units of the result; minimax, rounded to float32 as all below. */
export const SINGLE_EXP: readonly number[] = [
  0.4999999403953552, 0.1666651964187622, 0.04166839271783829, 0.008368780836462975, 0.0013814467238262296,
];
/** (ln(1 + f) - f + f²/2) / f³ for √½ ≤ 1 + f < √2, to 0.03 units of the result. */
export const SINGLE_LOG: readonly number[] = [
  0.3333331346511841, -0.24999983608722687, 0.2000218778848648, -0.16669483482837677, 0.14217117428779602,
  -0.12377487123012543, 0.1188879907131195, -0.11846735328435898, 0.06937292963266373,
];
/** Bits of √½ in float32. */
export const SINGLE_ROOT_HALF = 0x3f3504f3;

const POINT = 128n;
const ONE = 1n << POINT;

/** 2^(i / 2048), less i at the place of the exponent's last bits: i + 2048·k, moved there, makes it 2^(i/2048 + k). */
export function expTable(): BigUint64Array {
  const length = 1 << EXP_BITS;
  // roots[b] = 2^(2^b / 2048)
  const roots: bigint[] = [];
  let root = 2n << POINT;
  for (let b = EXP_BITS - 1; b >= 0; b--) {
    root = squareRoot(root << POINT);
    roots[b] = root;
  }
  const powers = [ONE];
  const table = new BigUint64Array(length);
  for (let i = 0; i < length; i++) {
    if (i > 0) {
      const top = 31 - Math.clz32(i);
      powers[i] = (powers[i - (1 << top)] * roots[top]) >> POINT;
    }
    table[i] = bitsOf(toDouble(powers[i])) - (BigInt(i) << BigInt(52 - EXP_BITS));
  }
  return table;
}

/**
 * For each point c: bits of 1/c (1023 at the exponent's place more: exponents are counted so), and ln c.
 */
export function logTable(): BigUint64Array {
  const table = new BigUint64Array(2 << LOG_BITS);
  points().forEach(({ point, log }, i) => {
    table[2 * i] = bitsOf(1 / point) + (1023n << 52n);
    table[2 * i + 1] = bitsOf(toDouble(log));
  });
  return table;
}

/**
 * For pow, for each point c: 1/c with at most 10 digits after the point, as bits like those of `logTable`; what c
 * times that has more than 1; and minus its logarithm in two parts, the first with 42 digits after the point.
 */
export function powerTable(): BigUint64Array {
  const table = new BigUint64Array(4 << LOG_BITS);
  points().forEach(({ point }, i) => {
    const steps = point < 1 ? 512 : 1024;
    // next to 1 it is 1, for a logarithm would nearly cancel what is added to it
    const inverse = Math.abs(point - 1) <= 2 ** -10 ? 1 : Math.round(steps / point) / steps;
    const log = -logarithm(fromDouble(inverse));
    const high = Number(roundTo(log, POINT - 42n) >> (POINT - 42n)) / 2 ** 42;
    table[4 * i] = bitsOf(inverse) + (1023n << 52n);
    table[4 * i + 1] = bitsOf(point * inverse - 1);
    table[4 * i + 2] = bitsOf(high);
    table[4 * i + 3] = bitsOf(toDouble(log - fromDouble(high)));
  });
  return table;
}

/** The middle of each interval of mantissas, and its logarithm. */
function points(): { readonly point: number; readonly log: bigint }[] {
  return Array.from({ length: 1 << LOG_BITS }, (_, i) => {
    const point = toNumber(LOG_FIRST + STEP / 2n + BigInt(i) * STEP);
    return { point, log: logarithm(fromDouble(point)) };
  });
}

/** ln x = 2·atanh((x - 1) / (x + 1)), all with 128 bits after the point. */
function logarithm(x: bigint): bigint {
  const s = ((x - ONE) << POINT) / (x + ONE);
  const square = (s * s) >> POINT;
  let power = s;
  let sum = 0n;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = (power * square) >> POINT;
  }
  return 2n * sum;
}

function squareRoot(x: bigint): bigint {
  let root = 1n << BigInt((x.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** `x` with its last `bits` bits rounded away. */
function roundTo(x: bigint, bits: bigint): bigint {
  return ((x + (1n << (bits - 1n))) >> bits) << bits;
}

/** A number between 2^-60 and 2^60 with 128 bits after the point, exactly. */
function fromDouble(x: number): bigint {
  return BigInt(x * 2 ** 112) << 16n;
}

/** The nearest float64. */
function toDouble(x: bigint): number {
  // conversion of a bigint rounds to nearest, and a power of two changes nothing
  return Number(x) / 2 ** 128;
}

const F64: Float64Array = new Float64Array(1);
const U64: BigUint64Array = new BigUint64Array(F64.buffer);

function bitsOf(x: number): bigint {
  F64[0] = x;
  return U64[0];
}

function toNumber(bits: bigint): number {
  U64[0] = bits;
  return F64[0];
}
