/** Owns how values from a file stand in messages: as JSON, large integers included, and never at length. */

/** Longer ones are cut. */
const LONGEST = 200;

/** A value as short text. */
export function shown(value: unknown): string {
  const text = String(
    JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? String(member) : member)),
  );
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
