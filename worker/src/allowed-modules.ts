/**
 * Owns which functions clients may call here: exports of modules in folders that the worker's owner allows, and nothing else.
 * Runs in compute threads; knows no sockets.
 */
import { realpath } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { ArgumentError, StorageError } from "@hyperslab/core/errors";

/** Under this name the folders stand in the environment data of this process's threads: a process is one worker. */
export const ALLOWED_FOLDERS = "hyperslab: allowed modules";

/** A function that a client may call. */
export type Callable = (...args: unknown[]) => unknown;

/**
 * Finds a function.
 * @param module path of the module, relative to one of the folders; the first that has it counts
 * @throws ArgumentError for paths that lead elsewhere, and for what is no function; StorageError where there is no such module
 */
export async function allowedFunction(
  folders: readonly string[],
  module: string,
  name: string,
): Promise<Callable> {
  const file = await allowedFile(folders, module);
  const exports: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href);
  const found = Object.hasOwn(exports, name) ? exports[name] : undefined;
  if (typeof found === "function") return found as Callable;
  throw new ArgumentError({
    asked: `the function ${name} of ${module}`,
    found: found === undefined ? "no such export" : `a ${typeof found}`,
  });
}

async function allowedFile(folders: readonly string[], module: string): Promise<string> {
  if (isAbsolute(module)) throw outside(module);
  for (const folder of folders) {
    const root = await realpath(folder).catch(() => null);
    const file = root && (await realpath(join(root, module)).catch(() => null));
    if (!root || !file) continue;
    // links are followed before: what counts is where the file lies
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) throw outside(module);
    return file;
  }
  throw new StorageError({
    path: module,
    reason: "no module of this name is in a folder that this worker allows",
    hint: "start workers with --allow-modules DIR, and give the path within DIR",
  });
}

function outside(module: string): ArgumentError {
  return new ArgumentError({
    asked: `a function of ${module}`,
    found: "a path that leaves the folders that this worker allows",
    hint: "give the module's path relative to the folder",
  });
}
