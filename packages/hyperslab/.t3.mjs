import { openGroup } from "@hyperslab/storage/open-group";
import { readdirSync } from "node:fs";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
const dir=process.argv[2]; const files=readdirSync(dir).map(f=>dir+"/"+f);
for (let round=0;round<4;round++){ const t=performance.now(); const gs=[]; for (const f of files) gs.push(await openGroup(f)); const t1=performance.now();
 console.log("open", ((t1-t)/files.length).toFixed(2),"ms/file");
 let n=0; const b=allocateBlock("float32",[12,361,720]); const t2=performance.now();
 for (const g of gs){ await g.arrays.get("t2m").readBlock([slice(0,12),slice(0,361),slice(0,720)], b); n+=b.data.byteLength;}
 const t3=performance.now(); console.log("read",(n/1e6/(t3-t2)*1000).toFixed(0),"MB/s"); }
