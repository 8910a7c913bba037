/** Owns inputs that only a peer's writer makes: files as people have them. Each is made once, under its name. */
import { execFileSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Place } from "../case.js";

/**
 * Lets `peers/<program>.py` make `name` in the data folder, from plain arguments.
 * @throws Error where there is no Python with the peers
 */
export function makeByPeer(
  place: Place,
  program: string,
  name: string,
  args: readonly (string | number)[],
): string {
  const path = join(place.data, name);
  if (existsSync(path)) return path;
  if (!place.python) throw new Error(`${name} is made by Python: npm run bench:peers`);
  const part = `${path}.part`;
  rmSync(part, { recursive: true, force: true });
  const file = fileURLToPath(new URL(`../../peers/${program}.py`, import.meta.url));
  execFileSync(place.python, [file, part, ...args.map(String)], { stdio: "inherit" });
  renameSync(part, path);
  return path;
}
