import { openMfdataset } from "hyperslab";
import { readdirSync } from "node:fs";
for (let r=0;r<3;r++){
const t=performance.now(), c=process.cpuUsage(); const files=readdirSync("/tmp/h5/b8").sort().map(f=>"/tmp/h5/b8/"+f);
const ds=await openMfdataset(files); const t1=performance.now(), u=process.cpuUsage(c);
console.log("open", ((t1-t)/files.length).toFixed(1), "ms/file, cpu", ((u.user+u.system)/1e3/files.length).toFixed(2));
const c2=process.cpuUsage(); const m=await ds.get("t2m").mean("time").compute(); const u2=process.cpuUsage(c2); const n=12*12*361*720*4/1e6;
console.log("mean", (n/(performance.now()-t1)*1000).toFixed(0),"MB/s wall, cpu MB/s", (n/((u2.user+u2.system)/1e6)).toFixed(0), String(m).split("\n")[0]);}
