/** Owns where the peers live: a virtual environment of Python outside the repository. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Everything that the bench keeps: peers and generated data. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "hyperslab");
}

export function peersFolder(): string {
  return join(cacheFolder(), "peers");
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The program that answers for the peers. */
export const PEER_PROGRAM: string = here("../peers/main.py");
const REQUIREMENTS = here("../peers/requirements.txt");
const SHOWN = { stdio: "inherit" } as const;

/** The Python with the peers; null where `npm run bench:peers` has not made it. */
export function peerPython(): string | null {
  const python = join(peersFolder(), "bin", "python");
  return existsSync(python) ? python : null;
}

/**
 * Makes the environment, with pinned versions from PyPI; where PyPI is out of reach, with what the
 * system's Python has. Says what it does.
 */
export function makePeers(say: (line: string) => void): void {
  const folder = peersFolder();
  const python = join(folder, "bin", "python");
  const venv = (...options: string[]): void => {
    execFileSync("python3", ["-m", "venv", "--clear", ...options, folder], SHOWN);
  };
  say(`making ${folder}`);
  venv();
  try {
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS];
    execFileSync(python, pip, SHOWN);
  } catch {
    say("PyPI did not give them: taking the system's packages (other versions: the table says which)");
    say("on Debian: apt-get install python3-xarray python3-zarr python3-numcodecs python3-distributed");
    venv("--system-site-packages");
  }
  const versions = [
    "from importlib.metadata import version, PackageNotFoundError",
    "for name in 'numpy numcodecs zarr xarray dask distributed flox numbagg h5py netCDF4'.split():",
    "    try: print(name, version(name))",
    "    except PackageNotFoundError: print(name, 'is missing: its cases run without a peer')",
  ].join("\n");
  say(execFileSync(python, ["-c", versions], { encoding: "utf8" }).trimEnd());
}
