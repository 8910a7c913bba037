/** Owns round numbers on axes. */

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** At most `most` multiples of 1, 2, 3 (of 10, 30, 90 for degrees) or 5 times a power of ten between two numbers. */
export function ticks(from: number, to: number, most: number): Tick[] {
  const span = to - from;
  if (!(span > 0) || !Number.isFinite(span))
    return Number.isFinite(from) ? [{ value: from, text: String(from) }] : [];
  const power = 10 ** Math.floor(Math.log10(span / most));
  const degrees = span >= 60 && span <= 360;
  const steps = degrees ? [10, 15, 20, 30, 45, 60, 90] : [1, 2, 2.5, 5, 10].map((factor) => factor * power);
  const step = steps.find((one) => span / one <= most) ?? steps[steps.length - 1];
  const digits = Math.max(
    0,
    -Math.floor(Math.log10(step) + 1e-9) + (step / 10 ** Math.floor(Math.log10(step)) === 2.5 ? 1 : 0),
  );
  const out: Tick[] = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++)
    out.push({ value: k * step, text: (k * step).toFixed(digits).replace(/^-(0(\.0*)?)$/, "$1") });
  return out;
}
