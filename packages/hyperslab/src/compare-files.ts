/**
 * Owns the comparison of files that are to be one dataset: in what one differs from the first, in words.
 * Reads no data; values are compared where they are in memory.
 */
import { isCftime, isNumeric, isTime } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import type { Attribute, Attributes } from "@hyperslab/storage/source";
import { type Index, indexOf } from "./indexes.js";
import { dimensionCoord } from "./labelled.js";
import type { Member } from "./ops/combine.js";
import { sameAttribute } from "./ops/merge-attrs.js";
import type { Variable } from "./variable.js";

/** One difference; `grave` where joining the files would change what their numbers mean. */
export interface Difference {
  readonly text: string;
  readonly grave: boolean;
}

/** Attributes that tell of one file only: they differ between files that belong together. */
const OF_ONE_FILE = new Set(
  (
    "history actual_range valid_range valid_min valid_max creation_date date_created date_modified " +
    "tracking_id source_file comment"
  ).split(" "),
);

/** Settings of storage that each file may have its own of; every file is decoded with its own. */
const STORAGE =
  "dtype scale_factor add_offset _FillValue units calendar chunks shards codecs compressor".split(" ");

/** In what `other` differs from `first`. */
function differencesOf(first: Member, other: Member): Difference[] {
  const found: Difference[] = [];
  const [ours, theirs] = [first.labelled.variables, other.labelled.variables];
  for (const name of ours.keys())
    if (!theirs.has(name)) found.push({ text: `has no variable "${name}"`, grave: true });
  for (const [name, variable] of theirs) {
    const known = ours.get(name);
    if (!known) found.push({ text: `has a variable "${name}" that is not there`, grave: true });
    else found.push(...variableDifferences(name, known, variable));
  }
  return found;
}

function variableDifferences(name: string, a: Variable, b: Variable): Difference[] {
  const found: Difference[] = [];
  if (a.dims.join() !== b.dims.join())
    found.push({
      text: `"${name}" has dimensions (${b.dims.join(", ")}), not (${a.dims.join(", ")})`,
      grave: true,
    });
  if (!sameKind(a, b)) found.push({ text: `"${name}" is ${b.dtype}, not ${a.dtype}`, grave: true });
  const attributes = attributeDifferences(a.attrs, b.attrs, (key) => !OF_ONE_FILE.has(key));
  found.push(...attributes.map((text) => ({ text: `"${name}": ${text}`, grave: true })));
  const storage = attributeDifferences(a.encoding, b.encoding, (key) => STORAGE.includes(key));
  found.push(...storage.map((text) => ({ text: `"${name}" is stored with ${text}`, grave: false })));
  return found;
}

/** Times may differ in their unit, but not in their calendar. */
function sameKind(a: Variable, b: Variable): boolean {
  if (a.dtype === b.dtype) return true;
  const plain = (one: Variable): boolean => isTime(one.dtype) && !isCftime(one.dtype);
  return plain(a) && plain(b) && a.dtype.slice(0, 8) === b.dtype.slice(0, 8);
}

function attributeDifferences(a: Attributes, b: Attributes, counts: (key: string) => boolean): string[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(counts);
  return keys.flatMap((key) => {
    const [one, other] = [a[key], b[key]];
    if (one === other || (one !== undefined && other !== undefined && sameAttribute(one, other))) return [];
    return [`${key} ${textOf(other)}, not ${textOf(one)}`];
  });
}

function textOf(value: Attribute | undefined): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}` : one));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Files and lines an explanation has at most. */
const MOST_FILES = 4;
const MOST_LINES = 6;

/** All files that differ from the first, in words; null where none does (gravely, with `graveOnly`). */
export function explainDifferences(members: readonly Member[], graveOnly: boolean): string | null {
  const [first] = members;
  const lines: string[] = [];
  let differing = 0;
  for (const other of members.slice(1)) {
    const found = differencesOf(first, other);
    if (!found.some(({ grave }) => grave || !graveOnly)) continue;
    if (++differing > MOST_FILES) continue;
    const texts = found.map(({ text }) => text);
    const more = texts.length > MOST_LINES ? [`${texts.length - MOST_LINES} more differences`] : [];
    lines.push(`${other.name}: ${[...texts.slice(0, MOST_LINES), ...more].join("; ")}`);
  }
  if (differing === 0) return null;
  if (differing > MOST_FILES) lines.push(`and ${differing - MOST_FILES} more files`);
  return `beside ${first.name}: ${lines.join(" | ")}`;
}

/** @throws ArgumentError where files differ in what their numbers mean */
export function checkAlike(members: readonly Member[]): void {
  const text = explainDifferences(members, true);
  if (text !== null)
    throw new ArgumentError({
      asked: `${members.length} files as one dataset`,
      found: text,
      hint: "make them alike in preprocess, or take strict: false: then the attributes of the first hold and dtypes are promoted",
    });
}

/** How the labels of a dimension differ between files, where they should be the same. */
export function explainLabels(dim: string, members: readonly Member[]): string | null {
  const [first, ...others] = members.flatMap(({ labelled, name }) => {
    const labels = dimensionCoord(labelled, dim);
    return labels ? [{ name, index: indexOf(dim, labels) }] : [];
  });
  const different = others.filter(({ index }) => !index.equals(first.index));
  if (different.length === 0) return null;
  const [{ name, index }] = different;
  const span = (one: Index): string => `${one.length} from ${one.format(0)} to ${one.format(one.length - 1)}`;
  const most = largestDifference(first.index, index);
  const text =
    most === null
      ? span(index)
      : `by at most ${Number(most.toPrecision(3))} (join: "override" takes those of the first)`;
  const more = different.length > 1 ? `, and those of ${different.length - 1} more files differ too` : "";
  return `beside ${first.name} (${span(first.index)}) the labels "${dim}" of ${name} differ: ${text}${more}`;
}

function largestDifference(a: Index, b: Index): number | null {
  if (a.length !== b.length || isTime(a.dtype) || !isNumeric(a.dtype) || !isNumeric(b.dtype)) return null;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(Number(a.keys[i]) - Number(b.keys[i])));
  return most;
}
