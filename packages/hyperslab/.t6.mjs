import { openGroup } from "@hyperslab/storage/open-group";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
const g=await openGroup("/tmp/h5/big.h5"); const s=g.arrays.get("d"); const b=allocateBlock("float32",[1,2600,2500]);
for (let r=0;r<3;r++){ const c=process.cpuUsage(), t=performance.now(); for(let i=0;i<10;i++) await s.readBlock([slice(i,1),slice(0,2600),slice(0,2500)],b); const u=process.cpuUsage(c); console.log("wall MB/s",(260/(performance.now()-t)*1000).toFixed(0),"cpu MB/s",(260/((u.user+u.system)/1e6)).toFixed(0)); }
