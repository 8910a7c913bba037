/** Stored arrays for tests of expressions: they have facts, and no data. */
import { source } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";

export function stored(name: string, shape: number[], chunks: number[], dtype: Dtype = "float32"): Node {
  const ref = { format: "zarr", store: { kind: "process", id: 0 }, path: name, detail: null } as const;
  return source(ref, name, dtype, regularGrid(shape, chunks));
}
