import { openDataset } from "hyperslab";
const t=performance.now();
const ds = await openDataset(process.argv[2]);
console.log("open", performance.now()-t); const t1=performance.now();
const v=await ds.get(process.argv[3]).isel({latitude:100,longitude:100}).compute();
console.log(String(v).split("\n")[0], performance.now()-t1);
