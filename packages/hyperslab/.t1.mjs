import { openHdf5 } from "@hyperslab/storage/hdf5/open-hdf5";
import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import path from "node:path";
const p = process.argv[2];
const group = process.argv[3];
const ref = storeRefOf(path.dirname(path.resolve(p)));
const g = await openHdf5(openStore(ref), "/" + path.basename(p), ref, { group });
console.log(
  g.format,
  g.attributes,
  g.dims,
  g.unlimited,
  g.groups,
  [...g.skipped].map(([k, v]) => [k, v.message]),
);
for (const [n, s] of g.arrays) {
  const i = s.describe();
  console.log(
    n,
    i.dtype,
    i.shape,
    i.dims,
    JSON.stringify(i.attributes),
    JSON.stringify(i.grid.map((a) => a.chunk ?? a.bounds)),
  );
  try {
    const b = allocateBlock(i.dtype, i.shape);
    await s.readBlock(
      i.shape.map((l) => slice(0, l)),
      b,
    );
    console.log("   ", b.data.slice(0, 12));
  } catch (e) {
    console.log("   ", e.message, process.env.STACK ? e.stack : "");
  }
}
