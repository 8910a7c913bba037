/**
 * Owns references to stored data: JSON-safe, so that any worker can open what the client named.
 * What stands in `detail` belongs to the format (`@hyperslab/storage`); nobody else looks inside.
 */

/** Where bytes live. A `process` store is an object of this process, and can't be opened elsewhere. */
export type StoreRef =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "process"; readonly id: number };

/** One stored array. `path` is the array's place in the store. */
export interface SourceRef {
  readonly format: "zarr" | "netcdf3";
  readonly store: StoreRef;
  readonly path: string;
  readonly detail: unknown;
}

/** An array that blocks are written to. Its metadata is written by whoever made the plan. */
export interface TargetRef {
  readonly format: "zarr";
  readonly store: StoreRef;
  readonly path: string;
  readonly detail: unknown;
}

/** False where the reference only means something in this very process and thread. */
export function isPortable(ref: { readonly store: StoreRef }): boolean {
  return ref.store.kind !== "process";
}
