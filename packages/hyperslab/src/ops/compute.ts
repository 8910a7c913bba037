/** Owns the computing of labelled objects: which of their arrays are lazy, and where the results go. */
import { literal } from "@hyperslab/array/build";
import { explain as explainNodes } from "@hyperslab/array/explain";
import type { Node } from "@hyperslab/array/node";
import type { Block } from "@hyperslab/core/block";
import { isBig } from "@hyperslab/core/dtype";
import { ShapeError } from "@hyperslab/core/errors";
import type { Plan } from "@hyperslab/core/plan";
import { type Labelled, THIS, arrayVariable, dataOf, mapVariables } from "../labelled.js";
import { type HyperslabArray, toNdarray } from "../ndarray.js";
import { type ComputeOptions, planOf, runBlocks, runNodes } from "../run.js";
import { Variable } from "../variable.js";

/** The objects with all their arrays in memory, computed in one plan. */
export async function computeAll(
  objects: readonly Labelled[],
  options: ComputeOptions = {},
): Promise<Labelled[]> {
  const nodes = [...new Set(objects.flatMap(lazyNodes))];
  const blocks = await runNodes(nodes, options);
  const made = new Map<Node, Block>(nodes.map((node, i) => [node, blocks[i]]));
  return objects.map((object) =>
    mapVariables(object, (variable) => {
      const block = made.get(variable.node);
      return block
        ? new Variable(variable.dims, literal(block), variable.attrs, variable.encoding)
        : variable;
    }),
  );
}

function lazyNodes(labelled: Labelled): Node[] {
  return [...labelled.variables.values()].flatMap(({ node }) => (node.kind === "literal" ? [] : [node]));
}

/** A finished block of a variable. */
export interface ComputedBlock {
  /** The variable: null for the data of an array. */
  readonly name: string | null;
  readonly dims: readonly string[];
  /** Position of the block's first element. */
  readonly start: readonly number[];
  readonly shape: readonly number[];
  readonly data: HyperslabArray;
}

/** Yields the blocks of all data variables as they are finished, in any order. */
export async function* blocksOf(
  labelled: Labelled,
  options: ComputeOptions,
): AsyncGenerator<ComputedBlock, void, undefined> {
  const data = [...dataOf(labelled)];
  const nodes = data.map(([, variable]) => variable.node);
  for await (const { node, box, block } of runBlocks(nodes, options)) {
    const [name, { dims }] = data[node];
    yield {
      name: name === THIS ? null : name,
      dims,
      start: box.start,
      shape: box.shape,
      data: toNdarray(block),
    };
  }
}

/** The plan of all data variables that are lazy: output `k` is the `k`-th of them. */
export function planOfData(labelled: Labelled): Plan {
  const nodes = [...dataOf(labelled).values()].map(({ node }) => node);
  return planOf(nodes.filter(({ kind }) => kind !== "literal"));
}

/** The data of an array. */
export async function valuesOf(labelled: Labelled, options: ComputeOptions): Promise<HyperslabArray> {
  const [block] = await runNodes([arrayVariable(labelled).node], options);
  return toNdarray(block);
}

/** The one element of an array. @throws ShapeError where there are more, or none */
export async function itemOf(
  labelled: Labelled,
  options: ComputeOptions,
): Promise<number | bigint | boolean | string> {
  const variable = arrayVariable(labelled);
  if (variable.size !== 1)
    throw new ShapeError({
      asked: "item()",
      found: `${variable.size} elements`,
      hint: "reduce or select to one element first",
    });
  const { data } = await valuesOf(labelled, options);
  const [element] = data as ArrayLike<number | bigint | string> & Iterable<number | bigint | string>;
  if (variable.dtype === "bool") return Boolean(element);
  return isBig(variable.dtype) ? BigInt(element) : element;
}

/** What the plan of the lazy arrays is, and how each rule changed it. */
export function explain(labelled: Labelled): string {
  const nodes = lazyNodes(labelled);
  return nodes.length ? explainNodes(nodes) : "everything is in memory: nothing to compute";
}
