/** Owns the joining of objects along a dimension. */
import { literal } from "@hyperslab/array/build";
import { joinParts } from "@hyperslab/array/join-parts";
import type { Node } from "@hyperslab/array/node";
import { AlignmentError, ArgumentError } from "@hyperslab/core/errors";
import type { Attribute } from "@hyperslab/storage/source";
import { checkOptions } from "../check-options.js";
import { inMemoryBlock } from "../evaluate.js";
import { concatBlocks } from "../in-memory.js";
import { type Labelled, THIS, datasetRecord, dimsOf } from "../labelled.js";
import { type ArrayLike, toBlock } from "../ndarray.js";
import { type Encoding, Variable } from "../variable.js";
import { type Join, align } from "./align.js";
import { broadcastVariable } from "./broadcast.js";
import { type CombineAttrs, mergeAttrs, sameAttribute } from "./merge-attrs.js";
import { type Compat, compatible, checkCompat } from "./compat.js";

/** Which variables are joined: all, those that have the dimension, those that differ or have it, or those that are named. */
export type Joined = "all" | "minimal" | "different" | readonly string[];

/** Options of {@link concat}; the names are xarray's. */
export interface ConcatOptions {
  /** How labels of the other dimensions are matched; `outer` unless said otherwise. */
  readonly join?: Join;
  /** Which data variables get the dimension; all unless said otherwise. */
  readonly dataVars?: Joined;
  /** Which coordinates do; unless said otherwise those that differ. */
  readonly coords?: Joined;
  /** How variables that are not joined have to agree; `equals` unless said otherwise. */
  readonly compat?: Compat;
  /** `override` unless said otherwise. */
  readonly combineAttrs?: CombineAttrs;
  /** Labels of the dimension; where none are given, those of the objects. */
  readonly labels?: ArrayLike;
}

const OPTIONS: readonly string[] = ["join", "dataVars", "coords", "compat", "combineAttrs", "labels"];

/**
 * Objects of one kind behind each other along `dim`, which may be new.
 *
 * @throws ArgumentError, AlignmentError, ShapeError
 */
export function concat(objects: readonly Labelled[], dim: string, options: ConcatOptions = {}): Labelled {
  const [first] = objects;
  if (!first) throw new ArgumentError({ asked: "concat", found: "no objects", hint: "give at least one" });
  if (objects.some(({ kind }) => kind !== first.kind))
    throw new ArgumentError({
      asked: "concat",
      found: "DataArrays and Datasets",
      hint: "give objects of one kind",
    });
  checkOptions("concat", options, OPTIONS);
  const { compat = "equals", combineAttrs = "override" } = options;
  checkCompat(compat);
  const aligned = align(objects, options.join ?? "outer", "concat", [dim]);
  const lengths = aligned.map((object) => lengthOn(object, dim));
  const names = unionOfNames(aligned);
  const chosen = {
    data: choiceOf("dataVars", options.dataVars ?? "all", names),
    coords: choiceOf("coords", options.coords ?? "different", names),
  };
  const isNew = aligned.every((object) => !dimsOf(object).includes(dim));
  const variables = new Map<string, Variable>();
  const coordNames = new Set<string>();
  for (const [name, isCoord] of names) {
    const found = aligned.map((object) => object.variables.get(name));
    const present = found.filter((variable) => variable !== undefined);
    if (present.length < aligned.length) {
      // a coordinate that not all have is dropped where it would have to be joined; data must be everywhere
      if (isCoord) continue;
      throw new ArgumentError({
        asked: `concat along "${dim}"`,
        found: `variable "${name}" is missing from ${aligned.length - present.length} of ${aligned.length} objects`,
        hint: "drop or assign it first",
      });
    }
    const has = present.some((variable) => variable.dims.includes(dim));
    const choice = isCoord ? chosen.coords : chosen.data;
    const asked = choice === "all" || (Array.isArray(choice) && choice.includes(name));
    const differs = (): boolean => !present.every((one) => compatible(present[0], one, compat));
    const join = has || name === dim || asked || (!isCoord && isNew) || (choice === "different" && differs());
    if (!join && choice !== "different" && differs())
      throw new AlignmentError({
        dim,
        operation: "concat",
        found: `${isCoord ? "coordinate" : "variable"} "${name}" differs and does not have the dimension`,
        hint: `${isCoord ? "coords" : "dataVars"}: "all" joins it too, compat: "override" takes the first`,
      });
    const made = join ? joined(present, dim, lengths) : present[0];
    const label = name === THIS ? "the array" : `variable "${name}"`;
    const attrs = mergeAttrs(
      present.map((one) => one.attrs),
      combineAttrs,
      label,
    );
    variables.set(name, new Variable(made.dims, made.node, attrs, made.encoding));
    if (isCoord) coordNames.add(name);
  }
  if (options.labels !== undefined) {
    variables.set(dim, new Variable([dim], literal(toBlock(options.labels))));
    coordNames.add(dim);
  }
  const coords = new Map([...variables].filter(([name]) => coordNames.has(name)));
  const data = new Map([...variables].filter(([name]) => !coordNames.has(name)));
  const ordered = new Map([...coords, ...data]);
  if (first.kind === "dataset") {
    const attrs = mergeAttrs(
      objects.map((object) => object.attrs),
      combineAttrs,
      "the dataset",
    );
    return datasetRecord(ordered, coordNames, attrs);
  }
  const name = objects.every((object) => object.name === first.name) ? first.name : null;
  return { ...first, name, variables: ordered, coordNames };
}

/** @throws ArgumentError for a word or a name that is not known */
function choiceOf(option: string, choice: Joined, names: ReadonlyMap<string, boolean>): Joined {
  const list = Array.isArray(choice) ? (choice as readonly string[]) : [];
  const unknown = list.find((name) => !names.has(name));
  const known = Array.isArray(choice) || choice === "all" || choice === "minimal" || choice === "different";
  if (known && unknown === undefined) return choice;
  throw new ArgumentError({
    asked: `${option}: ${JSON.stringify(choice)}`,
    found: unknown === undefined ? "no such choice" : `no variable "${unknown}"`,
    hint: 'use "all", "minimal", "different", or a list of names',
  });
}

function lengthOn(object: Labelled, dim: string): number {
  for (const variable of object.variables.values()) {
    const axis = variable.dims.indexOf(dim);
    if (axis !== -1) return variable.shape[axis];
  }
  return 1;
}

function unionOfNames(objects: readonly Labelled[]): Map<string, boolean> {
  const names = new Map<string, boolean>();
  for (const object of objects)
    for (const name of object.variables.keys())
      names.set(name, (names.get(name) ?? false) || object.coordNames.has(name));
  return names;
}

function joined(variables: readonly Variable[], dim: string, lengths: readonly number[]): Variable {
  const sizes = new Map(
    variables.flatMap((variable) =>
      variable.dims.flatMap((own, axis): [string, number][] =>
        own === dim ? [] : [[own, variable.shape[axis]]],
      ),
    ),
  );
  const withDim = variables.find((variable) => variable.dims.includes(dim));
  const order = withDim ? [...new Set([...withDim.dims, ...sizes.keys()])] : [dim, ...sizes.keys()];
  const nodes = variables.map((variable, i) => {
    const target = new Map(order.map((own) => [own, own === dim ? lengths[i] : (sizes.get(own) ?? 1)]));
    return broadcastVariable(variable, target).node;
  });
  const encoding = commonEncoding(variables.map((one) => one.encoding));
  return new Variable(order, joinedNode(nodes, order.indexOf(dim)), variables[0].attrs, encoding);
}

/** At once for data in memory: labels have to be there without a plan. */
function joinedNode(nodes: readonly Node[], axis: number): Node {
  if (nodes.length === 1) return nodes[0];
  if (nodes.every(({ kind, shape }) => kind === "literal" || shape.length === 1)) {
    const blocks = nodes.every((node) => node.dtype === nodes[0].dtype) ? nodes.map(inMemoryBlock) : [null];
    const known = blocks.filter((block) => block !== null);
    if (known.length === nodes.length) return literal(concatBlocks(known, axis));
  }
  const node = joinParts(nodes, axis);
  const block =
    node.shape.length === 1 || nodes.every(({ kind }) => kind === "literal") ? inMemoryBlock(node) : null;
  return block ? literal(block) : node;
}

/** Settings that mean something only together: where one differs, data of several files can't be stored by either's. */
const TOGETHER: readonly (readonly string[])[] = [
  ["dtype", "scale_factor", "add_offset", "_FillValue", "missing_value", "_Unsigned"],
  ["dtype", "units", "calendar"],
];

/** The encoding of the first, without what differs elsewhere. */
function commonEncoding(all: readonly Encoding[]): Encoding {
  const [first] = all;
  const keys = Object.keys(first).filter((key) => all.every((one) => same(first[key], one[key])));
  const differing = (key: string): boolean => !all.every((one) => same(first[key], one[key]));
  const broken = new Set(TOGETHER.filter((group) => group.some(differing)).flat());
  return Object.fromEntries(keys.filter((key) => !broken.has(key)).map((key) => [key, first[key]]));
}

function same(a: Attribute | undefined, b: Attribute | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && sameAttribute(a, b));
}

/** The name and variable of an array in a dataset. @throws ArgumentError for an array without a name */
export function named(object: Labelled, key: string, operation: string): string {
  const name = key === THIS ? object.name : key;
  if (name !== null) return name;
  throw new ArgumentError({
    asked: operation,
    found: "an array without a name",
    hint: 'rename("…") it first',
  });
}
