/**
 * Finds a Python that has the reference implementations, and asks it. In CI there must be one:
 * a cross-check that is skipped there would be none.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { GoldenContent, GoldenDataset } from "./golden.js";
import { PythonProcess } from "./python-process.js";

const live = new PythonProcess(fileURLToPath(new URL("./live.py", import.meta.url)));
const FILES = fileURLToPath(new URL("./mfdataset.py", import.meta.url));
const CONVENTIONS = fileURLToPath(new URL("./conventions.py", import.meta.url));
const NEEDED = "import xarray, zarr; assert int(zarr.__version__.split('.')[0]) >= 3";

/** The interpreter of HYPERSLAB_PYTHON, or `python3`; null where it lacks xarray or zarr-python 3. */
export function findPython(): string | null {
  const python = process.env["HYPERSLAB_PYTHON"] ?? "python3";
  try {
    execFileSync(python, ["-c", NEEDED], { stdio: "ignore" });
    return python;
  } catch (error) {
    if (process.env["CI"])
      throw new Error(`${python} has no xarray with zarr 3: pip install -r test/golden/requirements.txt`, {
        cause: error,
      });
    return null;
  }
}

/** What xarray sees in a store, after it has written it as `format` from `seed`. */
export function writeWithPython(
  python: string,
  store: string,
  format: 2 | 3,
  seed: number,
): Promise<GoldenDataset> {
  return live.ask(python, "write", store, format, seed);
}

/** What xarray sees in a store. */
export function readWithPython(python: string, store: string): Promise<GoldenDataset> {
  return live.ask(python, "read", store);
}

/** What xarray sees through a file of Kerchunk's references. */
export function readReferencesWithPython(python: string, file: string): Promise<GoldenDataset> {
  return live.ask(python, "references", file);
}

/** True where that Python can read references. */
export function hasKerchunk(python: string): boolean {
  try {
    execFileSync(python, ["-c", "import kerchunk, fsspec"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What zarr-python reads from the arrays of a group. */
export function storedWithPython(
  python: string,
  store: string,
): Promise<Readonly<Record<string, GoldenContent>>> {
  return live.ask(python, "stored", store);
}

/** Sets of files that xarray wrote into a folder, by name; `mfdataset.py` stands for their form. */
export function writeFilesWithPython<T>(python: string, folder: string): Readonly<Record<string, T>> {
  const options = { encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  return JSON.parse(execFileSync(python, [FILES, folder], options)) as Record<string, T>;
}

/** What xarray decodes from random variables that it wrote into a folder; `conventions.py` stands for the form. */
export function randomConventions<T>(python: string, folder: string, seed: number): T {
  const options = { encoding: "utf8", maxBuffer: 2 ** 28 } as const;
  return JSON.parse(execFileSync(python, [CONVENTIONS, folder, String(seed)], options)) as T;
}
