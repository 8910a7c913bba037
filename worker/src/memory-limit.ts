/** Owns amounts of memory as people write them, and what this machine has to give. */
import { totalmem } from "node:os";
import { ArgumentError } from "@hyperslab/core/errors";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** Bytes of `4GiB`, `500 MB` or `1073741824`. @throws ArgumentError */
export function parseBytes(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = match && UNITS[match[2].toLowerCase()];
  if (!match || unit === undefined || unit === null)
    throw new ArgumentError({
      asked: `memory "${text}"`,
      found: "no amount of bytes",
      hint: "write 4GiB or 500MB",
    });
  return Math.floor(Number(match[1]) * unit);
}

/** Bytes that this process may use: of its container where there is a limit, else of the machine. */
export function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
