/** Owns the names of what is unfinished or on its way out: directories beside the dataset that they belong to. */
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";

const MARK = ".incomplete-";
const OLD = ".replaced-";

/** A new name beside `path` for a dataset that is being written. */
export function workingPathFor(path: string): string {
  return join(dirname(path), `${basename(path)}${MARK}${randomBytes(4).toString("hex")}`);
}

/** A new name beside `path` for the dataset that it held, while another takes its place. */
export function replacedPathFor(path: string): string {
  return `${path}${OLD}${randomBytes(4).toString("hex")}`;
}

/** True for a path that {@link workingPathFor} made: what lies there is unfinished. */
export function isWorkingPath(path: string): boolean {
  return /\.incomplete-[0-9a-f]{8}$/.test(path);
}

/** True for the name of an unfinished write of `name`, or of what was to be replaced by one. */
export function isLeftover(entry: string, name: string): boolean {
  return entry.startsWith(name + MARK) || entry.startsWith(name + OLD);
}
