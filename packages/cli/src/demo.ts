/**
 * Owns `hyperslab demo`: the whole way on real data. A scheduler and workers as processes, a lazy dataset,
 * four results computed on the cluster, checked against this process, written as Zarr and as a picture.
 */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError, StorageError } from "@hyperslab/core/errors";
import { makeDirectory } from "@hyperslab/storage/make-directory";
import { plotMap } from "@hyperslab/plot/plot-map";
import {
  Cluster,
  compute,
  type DataArray,
  dataset as datasetOf,
  inlineExecutor,
  openDataset,
} from "hyperslab";
import { type Command, countOption } from "./command.js";
import { progressBar } from "hyperslab/progress-bar";

export const demo: Command = {
  name: "demo",
  summary: "Runs the main job on real ocean data: cluster, lazy dataset, climatology, Zarr, a map.",
  arguments: [],
  options: {
    out: { value: "FOLDER", help: "where the results go", default: "hyperslab-demo" },
    workers: { value: "N", help: "worker processes", default: "2" },
  },
  async run(input) {
    const out = resolve(String(input.options["out"]));
    await makeFolder(out);
    const workers = countOption(input, "workers");
    const start = performance.now();
    const seconds = (): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;
    const { signal } = input;

    await using cluster = await Cluster.local({ workers });
    signal.throwIfAborted();
    console.log(
      `cluster    1 scheduler, ${workers} workers, after ${seconds()}\ndashboard  ${cluster.dashboardUrl}\n`,
    );

    const data = await openDataset(fileURLToPath(new URL("../data/coads.zarr", import.meta.url)));
    console.log(`${data}\n`);

    const results = resultsOf(data.get("sst"));
    const names = Object.keys(results);
    const lazy = Object.values(results);
    const onCluster = await compute(lazy, {
      on: cluster.executor,
      signal,
      progress: progressBar(`${names.length} results on the cluster`, process.stderr),
    });
    const here = await compute(lazy, { on: inlineExecutor(), signal });
    for (const [i, name] of names.entries()) checkEqual(name, onCluster[i], here[i]);
    console.log(
      `checked    ${names.length} results of the cluster equal those of this process, bit for bit\n`,
    );

    printMonths(onCluster[names.indexOf("monthly_mean")]);
    const written = join(out, "coads-results.zarr");
    const all = datasetOf(Object.fromEntries(names.map((name, i) => [name, onCluster[i]])));
    await all.toZarr(written, { mode: "w", on: cluster.executor, signal });
    const winter = onCluster[names.indexOf("seasonal_climatology")].sel({ season: "DJF" });
    const picture = join(out, "sst-winter.png");
    await writeFile(
      picture,
      plotMap(winter, {
        title: "Sea surface temperature, December to February, 1946-1989",
        colormap: "thermal",
      }),
    );
    console.log(`\nwritten    ${written}\n           ${picture}\ndone       after ${seconds()}`);
    return 0;
  },
};

/** Made first: a place that can't be written is better known before the work than after it. */
async function makeFolder(path: string): Promise<void> {
  await makeDirectory(path).catch((cause: Error) => {
    throw new StorageError({
      path,
      reason: `can't be made: ${cause.message}`,
      hint: "choose another folder with --out",
      cause,
    });
  });
}

/** What the demo computes: all lazy. */
function resultsOf(sst: DataArray): Record<string, DataArray> {
  const area = sst.coord("lat").radians().cos();
  const seasons = sst.groupBy("time.season");
  const climatology = seasons.mean();
  return {
    monthly_mean: sst.weighted(area).mean(["lat", "lon"]),
    zonal_mean: sst.mean("lon"),
    seasonal_climatology: climatology,
    seasonal_anomaly: seasons.sub(climatology),
  };
}

function checkEqual(name: string, a: DataArray, b: DataArray): void {
  const [one, other] = [a.data.data, b.data.data] as ArrayLike<unknown>[];
  const equal =
    one.length === other.length && Array.from(one).every((value, i) => Object.is(value, other[i]));
  if (!equal)
    throw new ArgumentError({
      asked: `${name} of the cluster`,
      found: "other values than in this process",
      hint: "please report this",
    });
}

function printMonths(monthly: DataArray): void {
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const values = monthly.data.data as ArrayLike<number>;
  const [low, high] = [Math.min(...Array.from(values)), Math.max(...Array.from(values))];
  console.log(`area-weighted mean sea surface temperature, ${String(monthly.attrs["units"] ?? "degrees C")}`);
  for (const [i, month] of months.entries()) {
    const length = Math.round(4 + (28 * (values[i] - low)) / (high - low || 1));
    console.log(`  ${month}  ${values[i].toFixed(2)}  ${"▇".repeat(length)}`);
  }
}
