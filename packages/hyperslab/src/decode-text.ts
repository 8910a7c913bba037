/** Owns text that is stored one character an element: its last axis is joined to strings. */
import type { Block } from "@hyperslab/core/block";
import type { ArrayInfo, Attribute } from "@hyperslab/storage/source";

/** True for arrays of single bytes with an axis to join. */
export function isCharacters({ dtype, shape, encoding }: ArrayInfo): boolean {
  if (dtype !== "string" || shape.length === 0) return false;
  const stored = encoding["dtype"];
  return (
    stored === "|S1" ||
    (isRecord(stored) && stored["name"] === "null_terminated_bytes" && lengthOf(stored) === 1)
  );
}

function isRecord(value: Attribute | undefined): value is Readonly<Record<string, Attribute>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function lengthOf(stored: Readonly<Record<string, Attribute>>): Attribute | undefined {
  const { configuration } = stored;
  return isRecord(configuration) ? configuration["length_bytes"] : undefined;
}

/** Rows of characters as strings, without the zeros at their ends; bytes of UTF-8 where `encoding` says so. */
export function joinCharacters(block: Block, encoding: string | null): Block {
  const width = block.shape[block.shape.length - 1];
  const characters = block.data as string[];
  const shape = block.shape.slice(0, -1);
  const count = shape.reduce((size, length) => size * length, 1);
  const utf8 = encoding !== null && /^utf-?8$/i.test(encoding);
  const data = Array.from({ length: count }, (_, i) => {
    const text = characters
      .slice(i * width, (i + 1) * width)
      .map((character) => character || "\0")
      .join("")
      .replace(/\0+$/, "");
    return utf8 && isBytes(text) ? Buffer.from(text, "latin1").toString("utf8") : text;
  });
  return { dtype: "string", shape, data };
}

/** True where every character stands for one byte. */
function isBytes(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return false;
  return true;
}
