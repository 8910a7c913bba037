/** Owns the way from what names many files (a pattern, a list, lists of lists) to the list of them. */
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { ArgumentError, StorageError } from "@hyperslab/core/errors";
import type { DatasetLocation } from "./open-options.js";
import type { Nested } from "./ops/combine.js";

/** What {@link openMfdataset} opens: a pattern such as `"data/*.nc"`, a list of locations, or lists of lists. */
export type ManyLocations = string | Nested<DatasetLocation>;

/**
 * The locations, patterns resolved in the order of their text.
 * @throws StorageError where a pattern matches nothing, ArgumentError for an empty list
 */
export async function listFiles(from: ManyLocations): Promise<Nested<DatasetLocation>> {
  const list = typeof from === "string" ? await matches(from) : from;
  if (!Array.isArray(list) || list.length === 0)
    throw new ArgumentError({
      asked: "openMfdataset",
      found: Array.isArray(list) ? "an empty list of files" : "neither a pattern nor a list",
      hint: 'give a pattern ("data/*.nc") or a list of paths, URLs or stores',
    });
  return list;
}

async function matches(pattern: string): Promise<readonly string[]> {
  // a name may hold a bracket itself
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(pattern) || !isDynamicPattern(pattern) || existsSync(pattern))
    return [pattern];
  // Zarr stores are folders
  const found = await glob(pattern, {
    onlyFiles: false,
    expandDirectories: false,
    absolute: isAbsolute(pattern),
  });
  if (found.length === 0)
    throw new StorageError({
      path: pattern,
      reason: "no file matches the pattern",
      hint: `patterns are taken from the current folder, ${process.cwd()}`,
    });
  return found.map((path) => path.replace(/(?<=.)\/$/, "")).sort();
}
