import { openGroup } from "@hyperslab/storage/open-group";
import { allocateBlock } from "@hyperslab/core/block";
import { slice, positions } from "@hyperslab/core/box";
const g=await openGroup("/tmp/h5/raw.h5");
const b=allocateBlock("float32",[3,2,3]); await g.arrays.get("d").readBlock([slice(2,3,-1),positions([299,0]),slice(399,3,-100)],b); console.log([...b.data].join());
const want=[]; for (const i of [2,1,0]) for (const j of [299,0]) for (const k of [399,299,199]) want.push(i*120000+j*400+k); console.log(want.join()===[...b.data].join());
const c=allocateBlock("float64",[2,2]); await g.arrays.get("c.b").readBlock([slice(10,2,100),slice(5,2)],c); console.log([...c.data], [4005/2,4006/2,44005/2,44006/2]);
