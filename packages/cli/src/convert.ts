/** Owns `hyperslab convert`: any dataset that can be read, written as Zarr. */
import { ArgumentError } from "@hyperslab/core/errors";
import { openDataset } from "hyperslab";
import type { Command } from "./command.js";
import { progressBar } from "hyperslab/progress-bar";

export const convert: Command = {
  name: "convert",
  summary: "Writes a dataset as Zarr, chunk by chunk.",
  arguments: ["SRC", "DST.zarr"],
  options: {
    group: { value: "NAME", help: "a group within SRC, instead of its root" },
    chunks: { value: "DIM=N,…", help: "chunk lengths, for example time=12,lat=90; as in SRC if not given" },
    variables: { value: "A,B", help: "these data variables only" },
    "zarr-format": { value: "2|3", help: "version of the format", default: "3" },
    "no-decode-times": { help: "times stay the numbers they are stored as, with their units" },
    overwrite: { help: "replace DST.zarr where it exists" },
  },
  details:
    "DST.zarr appears when it is complete: an interrupted conversion leaves nothing that looks like a store.",
  async run({ args, options, signal }) {
    const [source, target] = args;
    const group = typeof options["group"] === "string" ? { group: options["group"] } : {};
    let dataset = await openDataset(source, { ...group, signal, decodeTimes: !options["no-decode-times"] });
    if (typeof options["variables"] === "string") dataset = dataset.pick(...options["variables"].split(","));
    if (typeof options["chunks"] === "string") dataset = dataset.chunk(chunksOf(options["chunks"]));
    const format = options["zarr-format"];
    if (format !== "2" && format !== "3")
      throw new ArgumentError({
        asked: `--zarr-format ${String(format)}`,
        found: "not a version",
        hint: "use 2 or 3",
      });
    await dataset.toZarr(target, {
      mode: options["overwrite"] ? "w" : "w-",
      zarrFormat: format === "2" ? 2 : 3,
      signal,
      progress: progressBar(`writing ${target}`, process.stderr),
    });
    console.log(`${target} written`);
    return 0;
  },
};

function chunksOf(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const match = /^([^=]+)=(-?\d+)$/.exec(part.trim());
      if (!match)
        throw new ArgumentError({
          asked: `--chunks ${text}`,
          found: `"${part}"`,
          hint: "write time=12,lat=90",
        });
      return [match[1], Number(match[2])];
    }),
  );
}
