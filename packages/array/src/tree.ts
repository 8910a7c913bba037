/** Owns the shape of reduction trees: how many partial states meet in one task. */

/** Partial states of one combining task together: enough to save rounds, little enough to hold. */
const BYTES_AT_ONCE = 64 * 2 ** 20;
const MOST = 32;
const LEAST = 4;

/** One round: how many neighbours on each reduced axis become one. */
export type Round = readonly number[];

/**
 * The rounds that reduce `counts` partial blocks (one count for each reduced axis) to a single one.
 * `bytes` is the size of one partial block. The last round leaves 1 on every axis.
 */
export function combineRounds(counts: readonly number[], bytes: number): Round[] {
  const most = Math.max(LEAST, Math.min(MOST, Math.floor(BYTES_AT_ONCE / Math.max(1, bytes))));
  const rounds: Round[] = [];
  let left = [...counts];
  do {
    let room = most;
    const round = left.map(() => 1);
    // the last axis first: its neighbours are numbered one after the other, and finish about together
    for (let axis = left.length - 1; axis >= 0; axis--) {
      round[axis] = Math.max(1, Math.min(left[axis], room));
      room = Math.floor(room / round[axis]);
    }
    rounds.push(round);
    left = left.map((count, axis) => Math.ceil(count / round[axis]));
  } while (left.some((count) => count > 1));
  return rounds;
}
