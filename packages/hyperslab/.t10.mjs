import { openGroup } from "@hyperslab/storage/open-group";
for (const v of ["v110","latest"]) { const g=await openGroup(`/work/main/test/golden/fixtures/hdf5/layouts-${v}.h5`); console.log(JSON.stringify(g.arrays.get("raw-edges").ref.detail.layout)); for await (const c of g.arrays.get("raw-edges").storedChunks().locate()) console.log(c.coords, c.range.length, c.filterMask);}
