import { openMfdataset } from "hyperslab";
import { readdirSync } from "node:fs";
const files=readdirSync("/tmp/h5/b8").sort().map(f=>"/tmp/h5/b8/"+f);
const ds=await openMfdataset(files);
for (let r=0;r<6;r++){ const t=performance.now(); const c2=process.cpuUsage(); const m=await ds.get("t2m").mean("time").compute(); const u2=process.cpuUsage(c2); const n=12*12*361*720*4/1e6; console.log("cpu MB/s", (n/((u2.user+u2.system)/1e6)).toFixed(0), (performance.now()-t).toFixed(0)); }
