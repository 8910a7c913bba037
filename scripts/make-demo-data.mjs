// Makes the demo's data with our own writer: a Zarr v3 copy of four variables of the COADS climatology.
// Usage: node scripts/make-demo-data.mjs coads_climatology.cdf (from NOAA, public domain; also in Debian's ferret-datasets)
import { dataArray, openDataset } from "hyperslab";

const [file] = process.argv.slice(2);
if (!file) throw new Error("usage: node scripts/make-demo-data.mjs coads_climatology.cdf");
const target = new URL("../packages/cli/data/coads.zarr", import.meta.url).pathname;

// the file counts its hours from year 0, which no calendar of CF has: its months are dated within 1968, the middle of 1946-1989
const stored = await openDataset(file, { decodeTimes: false });
const names = { SST: "sst", AIRT: "airt", UWND: "uwnd", VWND: "vwnd" };
const time = dataArray(
  Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(1968, month, 16))),
  { dims: "time", attrs: { long_name: "month of the climatology 1946-1989, dated 1968", axis: "T" } },
);
const dataset = stored
  .pick(...Object.keys(names))
  .rename({ ...names, COADSX: "lon", COADSY: "lat", TIME: "time" })
  .assignCoords({ time })
  .chunk({ time: 3, lat: 45, lon: 90 });
await dataset
  .assignAttrs({
    title: "COADS monthly climatology 1946-1989",
    source: "NOAA, Comprehensive Ocean-Atmosphere Data Set (COADS), public domain",
    history: "four variables of coads_climatology.cdf, written as Zarr v3 by Hyperslab",
    Conventions: "CF-1.10",
  })
  .toZarr(target, { mode: "w" });
console.log(`${target} written`);
