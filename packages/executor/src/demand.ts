/**
 * Owns the demand: which boxes of which steps of a program one block needs. Walks the program
 * backwards once; boxes of one step that overlap are merged, so that a window that slides over an
 * array reads and computes every element once. Knows boxes alone: no data, no kernels.
 */
import type { Box } from "@hyperslab/core/box";
import { type Program, type Step, argumentsOf } from "@hyperslab/core/program";
import { sizeOf } from "@hyperslab/core/shape";
import { argumentBox } from "@hyperslab/core/step-box";

/** The part of another node that a node reads. */
export interface DemandEdge {
  readonly node: number;
  readonly box: Box;
}

/** One box of one step. */
export interface DemandNode {
  readonly step: number;
  readonly box: Box;
  /** One for each argument of the step; null where no element of it is needed. */
  readonly args: (DemandEdge | null)[];
  /** How many edges point here. */
  uses: number;
  /** Never stored: computed, or taken block by block, on the way by the one reduction that reads it. */
  fused: boolean;
}

interface Wanted {
  readonly box: Box;
  readonly by: DemandNode | null;
  readonly which: number;
}

/**
 * The nodes that the box `result` of the last step needs, every one after those it reads; the last one is that box.
 */
export function demandOf(program: Program, result: Box): DemandNode[] {
  const { steps } = program;
  const wanted: Wanted[][] = steps.map(() => []);
  wanted[steps.length - 1].push({ box: result, by: null, which: 0 });
  const backwards: DemandNode[] = [];
  const edges: { by: DemandNode; which: number; box: Box; to: number }[] = [];
  for (let number = steps.length - 1; number >= 0; number--) {
    const step = steps[number];
    for (const group of mergeBoxes(wanted[number], step.kind === "source")) {
      const { box } = group;
      const node: DemandNode = {
        step: number,
        box,
        args: [],
        uses: group.wanted.length,
        fused: false,
      };
      backwards.push(node);
      for (const one of group.wanted)
        if (one.by) edges.push({ by: one.by, which: one.which, box: one.box, to: backwards.length - 1 });
      if (sizeOf(box.shape) === 0) continue;
      const args = argumentsOf(step);
      const shapes = args.map((arg) => steps[arg].shape);
      args.forEach((arg, which) => {
        const needed = argumentBox(step, which, step.shape, shapes, box);
        node.args.push(null);
        if (step.kind === "concat" && sizeOf(needed.shape) === 0) return;
        wanted[arg].push({ box: needed, by: node, which });
      });
    }
  }
  const nodes = backwards.reverse();
  for (const { by, which, box: part, to: fromEnd } of edges) {
    const node = nodes.length - 1 - fromEnd;
    const to = nodes[node];
    by.args[which] = { node, box: relative(part, to.box) };
    to.fused =
      to.uses === 1 && isFusible(steps[to.step].kind, steps[by.step].kind) && sizeOf(to.box.shape) > 0;
  }
  return nodes;
}

function isFusible(kind: Step["kind"], reader: Step["kind"]): boolean {
  if (kind === "input") return reader === "combine";
  return kind === "elementwise" && (reader === "reduce" || reader === "groupReduce");
}

function relative(box: Box, outer: Box): Box {
  return { start: box.start.map((start, axis) => start - outer.start[axis]), shape: box.shape };
}

interface Group {
  box: Box;
  wanted: Wanted[];
}

const NO_GROUPS: readonly Group[] = [];

/** More different boxes of one step than this are left as they are: pairs would cost more than they save. */
const MOST_MERGED = 64;

/**
 * Boxes merged wherever one box is just what two of them cover. Boxes that only touch are merged where
 * nothing is computed from an argument: a selection of an argument may leave out what lies between.
 */
function mergeBoxes(wanted: readonly Wanted[], touching: boolean): readonly Group[] {
  // most steps are read once
  if (wanted.length === 0) return NO_GROUPS;
  if (wanted.length === 1) return [{ box: wanted[0].box, wanted: [...wanted] }];
  const byKey = new Map<string, Group>();
  for (const one of wanted) {
    const key = `${one.box.start.join()}:${one.box.shape.join()}`;
    const group = byKey.get(key);
    if (group) group.wanted.push(one);
    else byKey.set(key, { box: one.box, wanted: [one] });
  }
  const groups = [...byKey.values()];
  if (groups.length > MOST_MERGED) return groups;
  for (let i = 0; i < groups.length; i++)
    for (let j = groups.length - 1; j > i; j--) {
      const both = unionOf(groups[i].box, groups[j].box, touching);
      if (!both) continue;
      groups[i] = { box: both, wanted: [...groups[i].wanted, ...groups[j].wanted] };
      groups.splice(j, 1);
      // the larger box may now meet one that was passed over
      j = groups.length;
    }
  return groups;
}

/** The box that covers just what `a` and `b` do; null where there is none, or where they don't meet. */
function unionOf(a: Box, b: Box, touching: boolean): Box | null {
  const start = a.start.map((one, axis) => Math.min(one, b.start[axis]));
  const shape = start.map(
    (lo, axis) => Math.max(a.start[axis] + a.shape[axis], b.start[axis] + b.shape[axis]) - lo,
  );
  const both = { start, shape };
  if (sameBox(both, a) || sameBox(both, b)) return both;
  let grown = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    if (a.start[axis] === b.start[axis] && a.shape[axis] === b.shape[axis]) continue;
    const overlap = a.shape[axis] + b.shape[axis] - shape[axis];
    if (overlap < 0 || (overlap === 0 && !touching)) return null;
    grown++;
  }
  return grown === 1 ? both : null;
}

function sameBox(a: Box, b: Box): boolean {
  return a.start.every((start, axis) => start === b.start[axis] && a.shape[axis] === b.shape[axis]);
}
