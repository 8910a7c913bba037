/** Reads and compares stored arrays, below any decoding, for the golden tests of the formats. */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import { type AxisSelection, positions, selectionLength, slice } from "@hyperslab/core/box";
import { stridesOf } from "@hyperslab/core/shape";
import type { ArraySource } from "@hyperslab/storage/source";
import {
  attributeWord,
  differences,
  type GoldenContent,
  type GoldenVariable,
  plainAttributes,
  toWords,
} from "./golden.js";

/** The whole array, or a selection of it. */
export async function readSource(source: ArraySource, selection?: readonly AxisSelection[]): Promise<Block> {
  const { dtype, shape } = source.describe();
  const asked = selection ?? shape.map((length) => slice(0, length));
  const block = allocateBlock(dtype, asked.map(selectionLength));
  await source.readBlock(asked, block);
  return block;
}

/** Where the array, read as a whole, and a few selections of it differ from the golden content. */
export async function sourceDifferences(source: ArraySource, golden: GoldenContent): Promise<string> {
  const whole = await readSource(source);
  const wrong = differences(whole, golden);
  if (wrong) return wrong;
  const found: string[] = [];
  for (const [name, selection] of Object.entries(selectionsOf(golden.shape))) {
    const part = await readSource(source, selection);
    const got = toWords(part);
    const want = pick(toWords(whole), golden.shape, selection);
    const at = got.findIndex((word, i) => !Object.is(word, want[i]));
    if (at !== -1 || got.length !== want.length)
      found.push(
        `${name} of the array, element ${at}: ${String(got[at])}, the whole has ${String(want[at])}`,
      );
  }
  return found.join("\n");
}

/** Selections that a reader may have ways of its own for. */
function selectionsOf(shape: readonly number[]): Record<string, AxisSelection[]> {
  if (shape.length === 0 || shape.includes(0)) return {};
  return {
    "the inside": shape.map((length) => (length > 2 ? slice(1, length - 2) : slice(0, length))),
    "every second": shape.map((length) => slice(0, Math.ceil(length / 2), 2)),
    "the reverse": shape.map((length) => slice(length - 1, length, -1)),
    "one element": shape.map((length) => slice(length - 1, 1)),
    "a list": shape.map((length) => positions([length - 1, 0, length >> 1, 0])),
    nothing: shape.map((length, axis) => slice(0, axis === 0 ? 0 : length)),
  };
}

function pick<T>(flat: readonly T[], shape: readonly number[], selection: readonly AxisSelection[]): T[] {
  const strides = stridesOf(shape);
  let offsets = [0];
  selection.forEach((one, axis) => {
    const list =
      one.kind === "slice"
        ? Array.from({ length: one.length }, (_, i) => one.start + i * one.step)
        : Array.from(one.positions);
    offsets = offsets.flatMap((offset) => list.map((position) => offset + position * strides[axis]));
  });
  return offsets.map((offset) => flat[offset]);
}

/** Our attributes beside the golden ones, in the form of a golden file. */
export function attributesOf(
  source: ArraySource,
  golden: Pick<GoldenVariable, "attributes">,
): [Record<string, unknown>, Record<string, unknown>] {
  const { attributes } = source.describe();
  return [
    Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attributeWord(value)])),
    plainAttributes(golden.attributes),
  ];
}
