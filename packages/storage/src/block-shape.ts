/** Owns the size of the blocks in which arrays without chunks are read. Pure arithmetic. */

/** A block of a planned read is at most about so large. */
const BLOCK_BYTES = 16 * 1024 * 1024;

/** The longest blocks along the slowest axes that stay within the limit. */
export function blockShape(shape: readonly number[], itemBytes: number): number[] {
  let budget = BLOCK_BYTES / Math.max(1, itemBytes);
  const chunks = [...shape];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    chunks[axis] = Math.max(1, Math.min(shape[axis], Math.floor(budget)));
    budget = chunks[axis] < shape[axis] ? 1 : budget / chunks[axis];
  }
  return chunks;
}
