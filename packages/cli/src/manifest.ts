/** Owns `hyperslab manifest`: where every chunk of a dataset is, as Kerchunk's references. */
import { writeFile } from "node:fs/promises";
import { StorageError } from "@hyperslab/core/errors";
import { printExactJson } from "@hyperslab/storage/exact-json";
import { toKerchunk } from "@hyperslab/storage/kerchunk";
import { openGroupTree } from "@hyperslab/storage/open-group-tree";
import type { Command } from "./command.js";

export const manifest: Command = {
  name: "manifest",
  summary: "Writes where every chunk is, as Kerchunk references: any reader of Zarr then reads the file.",
  arguments: ["PATH"],
  options: {
    output: { value: "FILE", short: "o", help: "write there, instead of to standard output" },
    group: { value: "NAME", help: "a group within the store, and what lies below it" },
  },
  details:
    "PATH is a Zarr store, or a NetCDF or HDF5 file, as a path or a URL. The file stays as it is, and where it is:\n" +
    'in Python, xarray.open_dataset("refs.json", engine="kerchunk") reads the references.',
  async run({ args, options, signal }) {
    const group = typeof options["group"] === "string" ? options["group"] : undefined;
    const tree = await openGroupTree(args[0], { ...(group === undefined ? {} : { group }), signal });
    const references = await toKerchunk(tree, { signal });
    const text = printExactJson(references);
    const path = options["output"];
    if (typeof path !== "string") {
      console.log(text);
      return 0;
    }
    await writeFile(path, `${text}\n`, { signal }).catch((cause: Error) => {
      throw new StorageError({ path, reason: `can't be written: ${cause.message}`, cause });
    });
    console.log(`${path} written: ${Object.keys(references.refs).length} references`);
    return 0;
  },
};
