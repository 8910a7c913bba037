import { openDataset } from "hyperslab";
const ds = await openDataset(process.argv[2], { group: process.argv[3] });
console.log(String(ds));
const t = performance.now();
for (const n of Object.keys(ds.variables ?? {})) {
}
console.log(String(await ds.get("p").mean("time").compute()));
