/**
 * Owns the hint that only parts of what is decoded will be looked at: a codec whose blocks stand on their own
 * leaves the others as they are. Pure arithmetic.
 */

/** Ascending intervals without overlap: `[start, stop, start, stop, …]`. What they count, the name says. */
export type Spans = readonly number[];

/** The same intervals of bytes, where they were of elements of `itemSize`. */
export function scaleSpans(spans: Spans, itemSize: number): Spans {
  return spans.map((at) => at * itemSize);
}

/** Answers, for intervals that come in ascending order, whether any of them is wanted. */
export function spanCursor(spans: Spans | undefined): (start: number, stop: number) => boolean {
  if (!spans) return () => true;
  let at = 0;
  return (start, stop) => {
    while (at < spans.length && spans[at + 1] <= start) at += 2;
    return at < spans.length && spans[at] < stop;
  };
}
