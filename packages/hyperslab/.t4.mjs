import { openGroup } from "@hyperslab/storage/open-group";
import { readdirSync } from "node:fs";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
const dir=process.argv[2]; const files=readdirSync(dir).map(f=>dir+"/"+f);
for (let round=0;round<60;round++){ const t=performance.now(); const gs=[]; for (const f of files) gs.push(await openGroup(f)); const t1=performance.now();
 console.log("open", ((t1-t)/files.length).toFixed(2),"ms/file");
}
