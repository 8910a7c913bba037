/**
 * Owns the making of directories. Node's own recursive `mkdir` tries for ever in places such as /proc, where
 * a directory is "not found" although its parent is there, and hides why a read-only place refuses.
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it that are missing; one that is there already is left alone.
 * @param below an ancestor (or the directory itself) that has to be there already: it is not made
 * @throws what the system says (ENOENT, ENOTDIR, EACCES, EROFS, ENOSPC …)
 */
export async function makeDirectory(path: string, below?: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (await isDirectory(path)) return;
    const parent = dirname(path);
    // a parent that is there has refused the directory itself: there is nothing to be made above it
    if (code !== "ENOENT" || path === below || parent === path || (await isDirectory(parent))) throw error;
    await makeDirectory(parent, below);
    await makeDirectory(path, path);
  }
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}
