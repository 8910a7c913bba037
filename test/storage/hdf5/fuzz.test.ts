import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { mutate, uniformOf, readAll, seedFiles } from "./fuzz.js";

const COUNT = Number(process.env["HYPERSLAB_FUZZ"] ?? 2000);
const SEED = Number(process.env["HYPERSLAB_FUZZ_SEED"] ?? 1);

const files = ["hdf5", "netcdf4"].flatMap((folder) => [
  ...seedFiles(fileURLToPath(new URL(`../../golden/fixtures/${folder}`, import.meta.url))),
]);

const beside = new Map(files);

describe("HDF5 files whose bytes were changed", () => {
  it(
    `end in values or in errors of ours (${COUNT} mutations, seed ${SEED})`,
    async () => {
      for (let i = 0; i < COUNT; i++) {
        const random = uniformOf(SEED * 1_000_003 + i);
        const [name, bytes] = files[Math.floor(random() * files.length)];
        await readAll(mutate(bytes, random), beside).catch((cause: unknown) => {
          throw new Error(`mutation ${i} of ${name}, seed ${SEED}`, { cause });
        });
      }
    },
    60_000 + COUNT * 200,
  );
  it("are read as they are without a change", async () => {
    for (const [, bytes] of files) await readAll(bytes.slice(), beside);
  });
});
