/**
 * Owns the putting together of many datasets: in the order in which they are nested, or in the order
 * that their labels give. Knows no files.
 */
import { AlignmentError, ArgumentError } from "@hyperslab/core/errors";
import { isCftime, isTime } from "@hyperslab/core/dtype";
import { type Index, indexOf } from "../indexes.js";
import type { Key } from "../label.js";
import { type Labelled, dataOf, datasetRecord, dimensionCoord, dimsOf } from "../labelled.js";
import { convertCount } from "../times.js";
import { type ConcatOptions, concat, named } from "./concat.js";
import { type MergeOptions, merge } from "./merge.js";

/** Options of combining: those of joining and merging. */
export type CombineOptions = Omit<ConcatOptions, "labels"> & MergeOptions;

/** Datasets in lists of lists: one level for each dimension. */
export type Nested<T> = readonly (T | Nested<T>)[];

/** A dataset and how it is called in errors: the path of its file. */
export interface Member {
  readonly labelled: Labelled;
  readonly name: string;
}

/**
 * Datasets joined as they are nested: the outermost list along the first of `dims`; `null` merges a level.
 *
 * @throws ArgumentError where depth or lengths of the lists don't fit; AlignmentError
 */
export function combineNested(
  members: Nested<Member>,
  dims: readonly (string | null)[],
  options: CombineOptions = {},
): Labelled {
  checkNesting(members, dims);
  const build = (list: Nested<Member>, depth: number): Labelled => {
    const parts = list.map((one) => (isMember(one) ? one.labelled : build(one, depth + 1)));
    const dim = dims[depth];
    return dim === null ? merge(parts, mergeOptions(options)) : concat(parts, dim, options);
  };
  return build(members, 0);
}

function isMember(one: Member | Nested<Member>): one is Member {
  return !Array.isArray(one);
}

function checkNesting(members: Nested<Member>, dims: readonly (string | null)[]): void {
  const refuse = (found: string): never => {
    throw new ArgumentError({
      asked: `combine along ${dims.map((dim) => dim ?? "nothing (merge)").join(", ")}`,
      found,
      hint: "nest lists as deep as there are dimensions, all of one level equally long",
    });
  };
  let level: Nested<Member> = members;
  dims.forEach((_, depth) => {
    if (level.length === 0) refuse("an empty list");
    const isLast = depth === dims.length - 1;
    if (level.some((one) => isMember(one) !== isLast))
      refuse(isLast ? "lists within the innermost level" : `only ${depth + 1} level of lists`);
    if (isLast) return;
    const lists = level as readonly Nested<Member>[];
    if (lists.some((list) => list.length !== lists[0].length))
      refuse(`lists of lengths ${[...new Set(lists.map((list) => list.length))].join(" and ")}`);
    level = lists.flat();
  });
}

/**
 * Datasets joined in the order of their labels, and merged where they have different variables.
 *
 * @throws ArgumentError, AlignmentError where the labels give no order, or overlap
 */
export function combineByCoords(members: readonly Member[], options: CombineOptions = {}): Labelled {
  if (members.length === 0)
    throw new ArgumentError({ asked: "combineByCoords", found: "no datasets", hint: "give at least one" });
  const groups = new Map<string, Member[]>();
  for (const { labelled, name } of members) {
    const dataset = asDataset(labelled);
    const key = JSON.stringify([...dataOf(dataset).keys()].sort());
    const group = groups.get(key);
    if (group) group.push({ labelled: dataset, name });
    else groups.set(key, [{ labelled: dataset, name }]);
  }
  // in the order of their variables' names, so that it does not depend on that of the files
  const ordered = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  const cubes = ordered.map(([, group]) => hypercube(group, options));
  return cubes.length === 1 ? cubes[0] : merge(cubes, mergeOptions(options));
}

/** What merging takes of the options of combining. */
function mergeOptions({ dataVars: _dataVars, coords: _coords, ...own }: CombineOptions): MergeOptions {
  return own;
}

function asDataset(labelled: Labelled): Labelled {
  if (labelled.kind === "dataset") return labelled;
  const variables = new Map(
    [...labelled.variables].map(([key, variable]) => [named(labelled, key, "combineByCoords"), variable]),
  );
  return datasetRecord(variables, labelled.coordNames);
}

/** Datasets of the same variables: where each stands along every dimension whose labels differ. */
function hypercube(members: readonly Member[], options: CombineOptions): Labelled {
  if (members.length === 1) return members[0].labelled;
  const dims: string[] = [];
  const places: number[][] = members.map(() => []);
  for (const dim of dimsOf(members[0].labelled)) {
    const ranks = ranksAlong(dim, members);
    if (!ranks) continue;
    dims.push(dim);
    ranks.forEach((rank, i) => places[i].push(rank));
  }
  if (dims.length === 0)
    throw new ArgumentError({
      asked: `combine by coordinates: ${members[0].name} and ${members.length - 1} more`,
      found: "no dimension whose labels differ: there is nothing to order them by",
      hint: 'combine: "nested" with a concatDim, or give them other labels in preprocess',
    });
  const counts = dims.map((_, axis) => Math.max(...places.map((place) => place[axis])) + 1);
  const made = combineNested(asNested(members, places, counts, dims), dims, options);
  for (const dim of dims) {
    const labels = dimensionCoord(made, dim);
    const index = labels && indexOf(dim, labels);
    if (index && !index.increasing && !index.decreasing) throw overlap(dim, members);
  }
  return made;
}

/** The rank of every dataset along a dimension by its first label; null where all have the same labels. */
function ranksAlong(dim: string, members: readonly Member[]): number[] | null {
  const some = members.some(({ labelled }) => dimensionCoord(labelled, dim));
  if (!some) return null;
  const refuse = (found: string, hint: string): never => {
    throw new AlignmentError({ dim, operation: "combine by coordinates", found, hint });
  };
  const indexes = members.map(({ labelled, name }): Index => {
    const labels = dimensionCoord(labelled, dim);
    return labels
      ? indexOf(dim, labels)
      : refuse(`${name} has no labels for it`, "give it some in preprocess");
  });
  const [first] = indexes;
  if (indexes.every((index) => index.equals(first))) return null;
  const empty = indexes.findIndex((index) => index.length === 0);
  if (empty !== -1) refuse(`${members[empty].name} has none of its labels`, "leave it out");
  const longer = indexes.filter((index) => index.length > 1);
  const falling = longer.length > 0 && longer.every((index) => index.decreasing);
  const odd = indexes.findIndex(
    (index) => index.length > 1 && !(falling ? index.decreasing : index.increasing),
  );
  if (odd !== -1)
    refuse(
      `the labels of ${members[odd].name} ${indexes[odd].increasing || indexes[odd].decreasing ? "run the other way than those of others" : "are in no order"}`,
      'sort them in preprocess, or combine: "nested"',
    );
  const keys = firstKeys(dim, members, indexes);
  const sorted = [...new Set(keys)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (falling) sorted.reverse();
  const rankOf = new Map(sorted.map((key, rank) => [key, rank]));
  return keys.map((key) => rankOf.get(key) ?? 0);
}

/** First labels in one form. @throws AlignmentError for labels that can't be compared: other calendars, text beside numbers */
function firstKeys(dim: string, members: readonly Member[], indexes: readonly Index[]): Key[] {
  const [first] = indexes;
  return indexes.map((index, i) => {
    const key = index.keys[0];
    if (index.dtype === first.dtype) return key;
    const times = isTime(index.dtype) && isTime(first.dtype);
    if (times && !isCftime(index.dtype) && !isCftime(first.dtype))
      return convertCount(key as bigint, index.dtype, first.dtype);
    if (!isTime(index.dtype) && !isTime(first.dtype) && typeof key === typeof first.keys[0]) return key;
    throw new AlignmentError({
      dim,
      operation: "combine by coordinates",
      found: `labels of ${members[i].name} are ${index.dtype}, those of ${members[0].name} ${first.dtype}`,
      hint: "open with decodeTimes: false, or convert them in preprocess",
    });
  });
}

/** The datasets in nested lists by their places. @throws AlignmentError where a place is empty or taken twice */
function asNested(
  members: readonly Member[],
  places: readonly (readonly number[])[],
  counts: readonly number[],
  dims: readonly string[],
): Nested<Member> {
  const byPlace = new Map<string, Member>();
  members.forEach((member, i) => {
    const key = places[i].join();
    const other = byPlace.get(key);
    if (other)
      throw new AlignmentError({
        dim: dims.join(", "),
        operation: "combine by coordinates",
        found: `${other.name} and ${member.name} begin with the same labels`,
        hint: 'leave one out, or combine: "nested"',
      });
    byPlace.set(key, member);
  });
  const build = (prefix: readonly number[]): Member | Nested<Member> => {
    if (prefix.length < counts.length)
      return Array.from({ length: counts[prefix.length] }, (_, i) => build([...prefix, i]));
    const member = byPlace.get(prefix.join());
    if (member) return member;
    throw new AlignmentError({
      dim: dims.join(", "),
      operation: "combine by coordinates",
      found: `${members.length} datasets do not fill ${counts.join(" × ")} places: none stands at (${prefix.join(", ")})`,
      hint: "add what is missing, or merge the datasets one by one",
    });
  };
  return build([]) as Nested<Member>;
}

/** Which two datasets overlap. */
function overlap(dim: string, members: readonly Member[]): AlignmentError {
  const spans = members
    .flatMap(({ labelled, name }) => {
      const labels = dimensionCoord(labelled, dim);
      if (!labels) return [];
      const index = indexOf(dim, labels);
      const [from, to] = index.decreasing ? [index.length - 1, 0] : [0, index.length - 1];
      return [
        { name, low: index.keys[from], high: index.keys[to], text: [index.format(from), index.format(to)] },
      ];
    })
    .sort((a, b) => (a.low < b.low ? -1 : 1));
  const at = spans.findIndex((span, i) => i > 0 && span.low <= spans[i - 1].high);
  const [one, other] = at === -1 ? [spans[0], spans[1]] : [spans[at - 1], spans[at]];
  return new AlignmentError({
    dim,
    operation: "combine by coordinates",
    found: `${one.name} (${one.text.join(" to ")}) and ${other.name} (${other.text.join(" to ")}) overlap`,
    hint: "cut one of them in preprocess, or leave it out",
  });
}
