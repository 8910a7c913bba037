/** Owns the refusal of options that nobody knows: a misspelt one would otherwise change nothing, silently. */
import { ArgumentError } from "@hyperslab/core/errors";

/** @throws ArgumentError for an option that is not among `known`, with the one that is spelt most like it */
export function checkOptions(operation: string, given: object | undefined, known: readonly string[]): void {
  if (given === undefined) return;
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const near = nearestOf(key, known);
    throw new ArgumentError({
      asked: `${operation}({ ${key} })`,
      found: "no such option",
      hint: `${near ? `did you mean ${near}? ` : ""}options are ${known.join(", ")}`,
    });
  }
}

/** The word that is spelt most like another, where one is near. */
export function nearestOf(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const one of known) {
    const distance = lettersApart(word.toLowerCase(), one.toLowerCase());
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}

/** Letters to put in, take out or change to get from one word to another. */
function lettersApart(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let k = 1; k <= b.length; k++)
      next.push(Math.min(row[k] + 1, next[k - 1] + 1, row[k - 1] + (a[i - 1] === b[k - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}
