import { openDataset } from "hyperslab";
console.log(String(await openDataset("/tmp/h5/sq.nc")));
