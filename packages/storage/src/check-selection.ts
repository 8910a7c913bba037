/** Owns the refusal of reads that can't be: a selection beyond the array, a block that is not of its dtype and shape. */
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, boundsOfSelection, selectionLength } from "@hyperslab/core/box";
import { ShapeError } from "@hyperslab/core/errors";
import { type Shape, sameShape, sizeOf } from "@hyperslab/core/shape";

/**
 * @param array what is read
 * @param path of the array, for the error
 * @throws ShapeError where `selection` doesn't lie in the array, or `into` can't take what it selects
 */
export function checkSelection(
  { dtype, shape }: { readonly dtype: string; readonly shape: Shape },
  selection: readonly AxisSelection[],
  into: Block,
  path: string,
): void {
  const lengths = selection.map(selectionLength);
  const asked = `reading ${dtype} (${lengths.join(", ")}) of ${path}`;
  if (selection.length !== shape.length)
    throw new ShapeError({ asked, found: `an array of ${shape.length} axes` });
  if (into.dtype !== dtype || !sameShape(lengths, into.shape) || into.data.length !== sizeOf(lengths))
    throw new ShapeError({
      asked,
      found: `a block of ${into.dtype} (${into.shape.join(", ")}) with ${into.data.length} elements`,
    });
  selection.forEach((one, axis) => {
    const [lo, hi] = boundsOfSelection(one);
    if (lo < 0 || hi > shape[axis])
      throw new ShapeError({
        asked,
        found: `positions ${lo} to ${hi - 1} of an axis of length ${shape[axis]}`,
      });
  });
}
