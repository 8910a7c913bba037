/**
 * Owns the making of directories. Node's own recursive `mkdir` tries for ever in places such as /proc, where
 * a directory is "not found" although its parent is there, and hides why a read-only place refuses.
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Others may make the parent between two looks at it, so one that is there now has not yet refused; one that
 * is there and still "not found" below has.
 */
const MOST_TRIES = 3;

/**
 * Makes a directory and those above it that are missing; one that is there already is left alone.
 * @param below an ancestor (or the directory itself) that has to be there already: it is not made
 * @throws what the system says (ENOENT, ENOTDIR, EACCES, EROFS, ENOSPC …)
 */
export async function makeDirectory(path: string, below?: string): Promise<void> {
  if (path === below) {
    await stat(path);
    return;
  }
  for (let tries = 1; ; tries++) {
    try {
      await mkdir(path);
      return;
    } catch (error) {
      if (await isDirectory(path)) return;
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!isMissing || tries === MOST_TRIES) throw error;
      await makeDirectory(dirname(path), below);
    }
  }
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}
