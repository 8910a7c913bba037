import { openGroup } from "@hyperslab/storage/open-group";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
for (const v of ["earliest","latest"]) { const c=process.cpuUsage(); const t=performance.now(); const g=await openGroup(`/tmp/h5/many-${v}.h5`); const s=g.arrays.get("d"); const b=allocateBlock("uint8",[1,1]); await s.readBlock([slice(399,1),slice(499,1)],b); const u=process.cpuUsage(c); console.log(v,b.data[0],199999%251,(performance.now()-t).toFixed(0),"ms, cpu",((u.user+u.system)/1e3).toFixed(0)); }
