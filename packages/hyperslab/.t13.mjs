import { openDataset } from "hyperslab";
const F="/work/main/test/golden/fixtures/";
let ds = await openDataset(F+"hdf5/virtual-odd.h5");
console.log(String(await ds.get("union").add(1).compute()));
ds = await openDataset(F+"hdf5/types-latest.h5"); console.log(String(await ds.get("text-chunked").isel({[ds.get("text-chunked").dims[0]]: 2}).compute()));
console.log(String(await ds.get("complex-chunked").sum().compute()));
ds = await openDataset(F+"netcdf4/groups.nc",{group:"forecasts"}); console.log(String(await ds.compute()));
process.exit(0)
