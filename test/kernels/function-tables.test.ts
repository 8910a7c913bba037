import { EXP_BITS, expTable, LOG_BITS, logTable, powerTable } from "@hyperslab/kernels/function-tables";
import { expect, test } from "vitest";

const STEP = 1n << BigInt(52 - LOG_BITS);
const numbersOf = (table: BigUint64Array): Float64Array => new Float64Array(table.buffer);
const bitsOf = (x: number): bigint => new BigUint64Array(Float64Array.of(x).buffer)[0];
const fromBits = (bits: bigint): number => new Float64Array(BigUint64Array.of(bits).buffer)[0];
/** The middle of every interval of mantissas. */
const points = Array.from({ length: 1 << LOG_BITS }, (_, i) =>
  fromBits((1023n << 52n) + BigInt(i - 300) * STEP),
);

test("powers of two are the nearest float64s", () => {
  const table = expTable();
  const powers = [...table].map((bits, i) => fromBits(bits + (BigInt(i) << BigInt(52 - EXP_BITS))));
  expect(powers.length).toBe(2 ** EXP_BITS);
  // of mpmath, with 200 bits
  expect(powers[0]).toBe(1);
  expect(powers[1]).toBe(1.0003385080526823);
  expect(powers[1024]).toBe(Math.SQRT2);
  expect(powers[2047]).toBe(1.9993232129924874);
  powers.forEach((power, i) => expect(Math.abs(power / 2 ** (i / 2048) - 1)).toBeLessThan(2 ** -51));
});

test("logarithms, and inverses without the exponent that kernels take off again", () => {
  const numbers = numbersOf(logTable());
  points.forEach((point, i) => {
    expect(bitsOf(numbers[2 * i])).toBe(bitsOf(1 / point) + (1023n << 52n));
    expect(Math.abs(numbers[2 * i + 1] - Math.log(point))).toBeLessThanOrEqual(
      2 ** -53 * Math.abs(Math.log(point)) * 2,
    );
  });
  expect(numbers[2 * 300 + 1]).toBe(0);
});

test("for pow: short inverses, and logarithms in two parts", () => {
  const numbers = numbersOf(powerTable());
  points.forEach((point, i) => {
    const inverse = fromBits(bitsOf(numbers[4 * i]) - (1023n << 52n));
    const [excess, high, low] = numbers.subarray(4 * i + 1, 4 * i + 4);
    expect(Number.isInteger(inverse * 1024)).toBe(true);
    expect(excess).toBe(point * inverse - 1);
    expect(Math.abs(excess)).toBeLessThanOrEqual(2 ** -10);
    expect(Number.isInteger(high * 2 ** 42)).toBe(true);
    expect(Math.abs(low)).toBeLessThanOrEqual(2 ** -43);
    expect(Math.abs(high + low + Math.log(inverse))).toBeLessThanOrEqual(
      2 ** -52 * Math.abs(Math.log(inverse)),
    );
  });
});
