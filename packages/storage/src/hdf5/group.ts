/**
 * Owns the hierarchy: from paths and links to objects, through soft and external links, never in circles and never
 * out of the store. Knows no datasets.
 */
import { FormatError, StorageError } from "@hyperslab/core/errors";
import { type StoreKey, joinKey } from "../store.js";
import type { Hdf5File } from "./hdf5-file.js";
import { type Link, isGroup, readLinks } from "./link.js";
import { type ObjectHeader, readObjectHeader } from "./object-header.js";
import { versionOf } from "./known-files.js";
import { openFileOf } from "./open-files.js";

/** An object in its file. */
export interface Hdf5Object {
  readonly file: Hdf5File;
  readonly header: ObjectHeader;
}

/** Links that are followed one after the other. */
const MOST_LINKS = 32;

/** The object that a link leads to. @throws FormatError, StorageError for what isn't there or leaves the store */
export async function follow(
  group: Hdf5Object,
  root: Hdf5Object,
  link: Link,
  depth = 0,
): Promise<Hdf5Object> {
  const { file } = group;
  if (depth > MOST_LINKS)
    throw new FormatError({
      path: file.path,
      format: "HDF5",
      reason: `link "${link.name}" leads through more than ${MOST_LINKS} others`,
      hint: "the links go in a circle",
    });
  switch (link.kind) {
    case "hard":
      return { file, header: await readObjectHeader(file, link.address) };
    case "soft":
      return find(group, root, link.target, depth + 1);
    case "external": {
      const other = await openBeside(file, link.file);
      return find(other, other, link.target, depth + 1);
    }
    case "unknown":
      throw new FormatError({
        path: file.path,
        format: "HDF5",
        reason: `link "${link.name}" is of the user-defined kind ${link.number}`,
      });
  }
}

/** The object at `path` of a file; undefined where there is none. @throws FormatError for damage on the way */
export async function findIfThere(root: Hdf5Object, path: string): Promise<Hdf5Object | undefined> {
  return walk(root, root, path, 0, () => undefined);
}

/** The object at `path`, from `group`, or from the root where it begins with a slash. @throws FormatError */
export async function find(
  group: Hdf5Object,
  root: Hdf5Object,
  path: string,
  depth = 0,
): Promise<Hdf5Object> {
  return walk(group, root, path, depth, (at, links) => {
    throw new FormatError({
      path: at.file.path,
      format: "HDF5",
      reason: `it has no "${path}"`,
      hint: links.length ? `there is ${namesOf(links)}` : "nothing lies there",
    });
  });
}

async function walk<T>(
  group: Hdf5Object,
  root: Hdf5Object,
  path: string,
  depth: number,
  missing: (at: Hdf5Object, links: readonly Link[]) => T,
): Promise<Hdf5Object | T> {
  let at = path.startsWith("/") ? root : group;
  for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
    const links = isGroup(at.header) ? await readLinks(at.file, at.header) : [];
    const link = links.find((one) => one.name === name);
    if (!link) return missing(at, links);
    // where a link leads into another file, its paths are that file's
    const next = await follow(at, root, link, depth);
    if (next.file !== at.file && next.file.key !== root.file.key) root = await rootOf(next.file);
    at = next;
  }
  return at;
}

function namesOf(links: readonly Link[]): string {
  const names = links.slice(0, 8).map(({ name }) => name);
  return names.join(", ") + (links.length > names.length ? ` and ${links.length - names.length} more` : "");
}

export async function rootOf(file: Hdf5File): Promise<Hdf5Object> {
  return { file, header: await readObjectHeader(file, file.superblock.root) };
}

/**
 * The root of another file, named as links do: relative to the folder of this one.
 * @throws StorageError for a name outside of the store, and where there is no such file
 */
async function openBeside(file: Hdf5File, name: string): Promise<Hdf5Object> {
  const root = await openBesideIfThere(file, name);
  if (root) return root;
  throw new StorageError({
    path: `${file.store.label}${keyBeside(file, name)}`,
    reason: `no such file; ${file.path} points to it`,
  });
}

/** The same; undefined where there is no such file. @throws StorageError for a name outside of the store */
export async function openBesideIfThere(file: Hdf5File, name: string): Promise<Hdf5Object | undefined> {
  const key = keyBeside(file, name);
  const version = await versionOf(file.store, key);
  return version && rootOf(await openFileOf(file.store, key, version));
}

function keyBeside(file: Hdf5File, name: string): StoreKey {
  if (name === "." || name === "") return file.key;
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (name.startsWith("/") || parts.includes("..") || name.includes("\\") || name.includes("\0"))
    throw new StorageError({
      path: file.path,
      reason: `it points to the file "${name}", which is not below its own folder`,
      hint: "files are only followed there: put the other file beside this one, and link it by its name",
    });
  return joinKey(file.key.slice(0, file.key.lastIndexOf("/") + 1), ...parts);
}
