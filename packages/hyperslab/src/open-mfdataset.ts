/**
 * Owns the opening of many files as one dataset: headers are read a few at a time, differences are explained
 * file by file, and what is joined stays lazy: every file is read and decoded by its own rules.
 */
import { ArgumentError, isHyperslabError } from "@hyperslab/core/errors";
import { forEachConcurrent } from "@hyperslab/storage/concurrent";
import { checkOptions } from "./check-options.js";
import { checkAlike, explainDifferences, explainLabels } from "./compare-files.js";
import { type ManyLocations, listFiles } from "./file-list.js";
import { indexOf } from "./indexes.js";
import { type Labelled, dataOf, dimensionCoord, dimsOf } from "./labelled.js";
import { Dataset } from "./objects.js";
import { openDataset } from "./open-dataset.js";
import { type DatasetLocation, OPEN_OPTIONS, type OpenOptions } from "./open-options.js";
import {
  type CombineOptions,
  type Member,
  type Nested,
  combineByCoords,
  combineNested,
} from "./ops/combine.js";
import { computeAll } from "./ops/compute.js";
import { chunk } from "./ops/reshape.js";

/** Options of {@link openMfdataset}; the names are xarray's. */
export interface OpenMfOptions extends OpenOptions, CombineOptions {
  /** By their labels (the default), or as the list has them (the default with `concatDim`). */
  readonly combine?: "by_coords" | "nested";
  /** The dimension to join along, or one for each level of a nested list; `null` merges a level. */
  readonly concatDim?: string | null | readonly (string | null)[];
  /** Is given every dataset as it was opened, and where it came from, and gives the one to take. */
  readonly preprocess?: (dataset: Dataset, source: string) => Dataset | Promise<Dataset>;
  /** How many files are opened at once: 16 unless said otherwise; `false` for one after another. */
  readonly parallel?: boolean | number;
  /** `false` joins files also where dtypes or attributes of their variables differ. */
  readonly strict?: boolean;
  /** What to do with a file that can't be opened: `raise` unless said otherwise. */
  readonly errors?: "raise" | "warn" | "ignore";
}

/** What is not for the opening of one file. */
const OWN_OPTIONS: readonly string[] =
  "combine concatDim preprocess parallel strict errors join compat dataVars coords combineAttrs".split(" ");

/** Files opened at once. */
const AT_ONCE = 16;

/** See `open-many.ts`. */
export async function openMfdataset(files: ManyLocations, options: OpenMfOptions = {}): Promise<Dataset> {
  checkOptions("openMfdataset", options, [...OPEN_OPTIONS, ...OWN_OPTIONS]);
  const { dims, combine } = combination(options);
  const nested = await listFiles(files);
  const opened = await openAll(nested, options);
  const members = membersOf(opened);
  if (members.length === 0)
    throw new ArgumentError({ asked: "openMfdataset", found: "no file that could be opened" });
  const { compat = "loaded", strict = true } = options;
  if (strict)
    for (const group of alike(members, combine === "by_coords" || dims.includes(null))) checkAlike(group);
  const how: CombineOptions = {
    join: options.join ?? "exact",
    compat,
    dataVars: options.dataVars ?? "minimal",
    coords: options.coords ?? "minimal",
    combineAttrs: options.combineAttrs ?? "drop_conflicts",
  };
  try {
    const known = needsValues(compat) ? await withValues(members, dims, options) : null;
    const at = (member: Member): Member => known?.get(member) ?? member;
    const record =
      combine === "by_coords"
        ? combineByCoords(members.map(at), how)
        : combineNested(mapNested(opened, at), dims, how);
    if (strict) refuseDoubled(record);
    return new Dataset(options.chunks === undefined ? record : chunk(record, options.chunks));
  } catch (error) {
    throw explained(error, members);
  }
}

function combination({ combine, concatDim }: OpenMfOptions): {
  combine: "by_coords" | "nested";
  dims: readonly (string | null)[];
} {
  const asked = `openMfdataset with combine ${JSON.stringify(combine)} and concatDim ${JSON.stringify(concatDim)}`;
  if (combine !== undefined && combine !== "by_coords" && combine !== "nested")
    throw new ArgumentError({ asked, found: "no such way to combine", hint: 'use "by_coords" or "nested"' });
  if (combine === "by_coords" && concatDim !== undefined)
    throw new ArgumentError({
      asked,
      found: "coordinates alone give the dimensions",
      hint: 'leave one of the two out, or take combine: "nested"',
    });
  if (combine === "nested" && concatDim === undefined)
    throw new ArgumentError({
      asked,
      found: "no dimension to join along",
      hint: "give concatDim, or null to merge",
    });
  if (concatDim === undefined) return { combine: "by_coords", dims: [] };
  return {
    combine: "nested",
    dims: typeof concatDim === "string" || concatDim === null ? [concatDim] : concatDim,
  };
}

function mapNested<T, U>(list: Nested<T>, change: (one: T) => U): Nested<U> {
  return list.map((one) => (isList(one) ? mapNested(one, change) : change(one)));
}

function isList<T>(one: T | Nested<T>): one is Nested<T> {
  return Array.isArray(one);
}

function membersOf(nested: Nested<Member>): Member[] {
  return nested.flatMap((one) => (isList(one) ? membersOf(one) : [one]));
}

/** Opens all files, in the places they have in the list. Those that can't be are left out where that is asked for. */
async function openAll(files: Nested<DatasetLocation>, options: OpenMfOptions): Promise<Nested<Member>> {
  const { preprocess, errors = "raise", parallel = true } = options;
  const width = parallel === true ? AT_ONCE : parallel === false ? 1 : parallel;
  if (!Number.isInteger(width) || width < 1)
    throw new ArgumentError({ asked: `parallel ${String(parallel)}`, found: "not a whole number above 0" });
  const open = openOptions(options);
  const slots: { readonly from: DatasetLocation; readonly name: string; member: Member | null }[] = [];
  const places = mapNested(files, (from) => {
    const slot = { from, name: nameOf(from, slots.length), member: null };
    slots.push(slot);
    return slot as (typeof slots)[number];
  });
  await forEachConcurrent(slots, width, async (slot) => {
    try {
      const dataset = await openDataset(slot.from, open);
      const made = preprocess ? await preprocess(dataset, slot.name) : dataset;
      if (!(made instanceof Dataset))
        throw new ArgumentError({
          asked: `preprocess of ${slot.name}`,
          found: "it gave no Dataset",
          hint: "give back the dataset, changed or not",
        });
      slot.member = { labelled: made.labelled, name: slot.name };
    } catch (error) {
      if (errors === "raise") throw error;
      if (errors === "warn")
        process.emitWarning(`${slot.name} is left out: ${String(error)}`, "HyperslabWarning");
    }
  });
  const kept = (list: Nested<(typeof slots)[number]>): Nested<Member> =>
    list.flatMap((one): (Member | Nested<Member>)[] => {
      if (isList(one)) return [kept(one)];
      return one.member ? [one.member] : [];
    });
  return kept(places);
}

function nameOf(from: DatasetLocation, number: number): string {
  if (typeof from === "string") return from;
  return from instanceof URL ? from.href : `store ${number}`;
}

/** What concerns the opening of one file. Chunks are those of the whole. */
function openOptions(options: OpenMfOptions): OpenOptions {
  const own = new Set([...OWN_OPTIONS, "chunks"]);
  return Object.fromEntries(Object.entries(options).filter(([key]) => !own.has(key)));
}

/** The files that have to be alike: all, or where others may be merged those of the same variables. */
function alike(members: readonly Member[], merged: boolean): Member[][] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const key = merged ? JSON.stringify([...dataOf(member.labelled).keys()].sort()) : "";
    const group = groups.get(key);
    if (group) group.push(member);
    else groups.set(key, [member]);
  }
  return [...groups.values()];
}

function needsValues(compat: CombineOptions["compat"]): boolean {
  return compat !== "loaded" && compat !== "override";
}

/** The files with everything in memory that is to be compared: what has none of the joined dimensions. */
async function withValues(
  members: readonly Member[],
  dims: readonly (string | null)[],
  options: OpenMfOptions,
): Promise<Map<Member, Member>> {
  const joined = new Set(
    dims.length ? dims : dimsOf(members[0].labelled).filter((dim) => differs(dim, members)),
  );
  const parts = members.map(({ labelled }): Labelled => {
    const variables = [...labelled.variables].filter(
      ([, { dims: own }]) => !own.some((dim) => joined.has(dim)),
    );
    return { ...labelled, variables: new Map(variables) };
  });
  const loaded = await computeAll(parts, options.signal ? { signal: options.signal } : {});
  return new Map(
    members.map((member, i) => {
      const variables = new Map(
        [...member.labelled.variables].map(([name, variable]) => [
          name,
          loaded[i].variables.get(name) ?? variable,
        ]),
      );
      return [member, { ...member, labelled: { ...member.labelled, variables } }];
    }),
  );
}

function differs(dim: string, members: readonly Member[]): boolean {
  const indexes = members.map(({ labelled }) => {
    const labels = dimensionCoord(labelled, dim);
    return labels ? indexOf(dim, labels) : null;
  });
  return indexes.some((index) => !index || !indexes[0] || !index.equals(indexes[0]));
}

/** Files that overlap by a label would have it twice, and be counted twice in every mean. */
function refuseDoubled(record: Labelled): void {
  for (const dim of dimsOf(record)) {
    const labels = dimensionCoord(record, dim);
    if (!labels) continue;
    const index = indexOf(dim, labels);
    if (index.unique) continue;
    const seen = new Set<unknown>();
    let at = 0;
    while (!seen.has(index.keys[at])) seen.add(index.keys[at++]);
    throw new ArgumentError({
      asked: `files joined along "${dim}"`,
      found: `the label ${index.format(at)} stands in more than one place`,
      hint: "cut the files in preprocess so that they don't overlap, or take strict: false",
    });
  }
}

/** An error of combining, with what the files differ in: that is mostly the reason. */
function explained(error: unknown, members: readonly Member[]): unknown {
  if (!isHyperslabError(error, "AlignmentError", "ShapeError", "ArgumentError")) return error;
  const labels = isHyperslabError(error, "AlignmentError") ? explainLabels(error.fields.dim, members) : null;
  for (const text of [labels, explainDifferences(members, true)])
    if (text !== null) error.message += `; ${text}`;
  return error;
}
