/** Says whether programs of the system are there, and complains where they have to be. */
import { spawnSync } from "node:child_process";

/** True where all are installed. Elsewhere the tests are skipped with a message; in CI that is an error. */
export function areInstalled(what: string, programs: readonly string[]): boolean {
  const missing = programs.filter(
    (name) => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin command -v ${name}`]).status !== 0,
  );
  if (missing.length === 0) return true;
  console.warn(`${what}: skipped, ${missing.join(", ")} not installed here`);
  if (process.env["CI"]) throw new Error(`in CI, ${what} has to be there`);
  return false;
}
