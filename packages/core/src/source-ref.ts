/**
 * Owns references to stored data: JSON-safe, so that any worker can open what the client named.
 * What stands in `detail` belongs to the format (`@hyperslab/storage`); nobody else looks inside.
 */

/**
 * Where bytes live. A `process` store is an object of this process, and can't be opened elsewhere. `zip`,
 * `references` and `cached` lie in another store, at `key`.
 *
 * No reference holds a key or a password: plans are logged, kept and sent about. Each process finds its own (its
 * environment, its profile). `secret` names what was given in so many words to the process that made the
 * reference: its threads find it there; elsewhere it is as if it weren't given.
 */
export type StoreRef =
  | { readonly kind: "file"; readonly path: string }
  | {
      readonly kind: "http";
      readonly url: string;
      readonly forbiddenIsAbsent?: boolean;
      readonly secret?: string;
    }
  | ({ readonly kind: "s3"; readonly bucket: string; readonly prefix: string } & S3Access)
  | { readonly kind: "webhdfs"; readonly url: string; readonly user?: string; readonly secret?: string }
  | { readonly kind: "zip"; readonly store: StoreRef; readonly key: string }
  | {
      readonly kind: "references";
      readonly store: StoreRef;
      readonly key: string;
      /** How `s3:` targets are opened. */
      readonly targets?: S3Access;
    }
  | { readonly kind: "cached"; readonly store: StoreRef; readonly bytes: number }
  | { readonly kind: "process"; readonly id: number };

/** How S3 is spoken to; what isn't said is found in the environment and the profile of whoever opens it. */
export interface S3Access {
  /** URL of the server; Amazon's where there is none. */
  readonly endpoint?: string;
  readonly region?: string;
  /** True: requests aren't signed. */
  readonly anonymous?: boolean;
  /** A section of `~/.aws/credentials` and `~/.aws/config`. */
  readonly profile?: string;
  /** True: the bucket's name stands in the path, not in front of the host. */
  readonly pathStyle?: boolean;
  readonly forbiddenIsAbsent?: boolean;
  readonly secret?: string;
}

/** One stored array. `path` is the array's place in the store. */
export interface SourceRef {
  readonly format: "zarr" | "netcdf3" | "hdf5" | "geotiff" | "grib" | "joined" | "call";
  readonly store: StoreRef;
  readonly path: string;
  readonly detail: unknown;
}

/**
 * The `detail` of calls of a function: element `i` of the array is what call `i` gives. The reference's `path` names the module,
 * relative to a folder that the worker's owner allows.
 */
export interface CallDetail {
  /** Of the export. */
  readonly name: string;
  /** Arguments of every call, as bytes. */
  readonly calls: readonly Uint8Array[];
}

/** The `detail` of a joined array: others behind each other, so that thousands of files are one source. */
export interface JoinedDetail {
  readonly axis: number;
  /** True where the axis is none of the parts': each is one position of it. */
  readonly stacked: boolean;
  /** The arrays in their order; `length` along the axis. */
  readonly parts: readonly { readonly ref: SourceRef; readonly length: number }[];
}

/** The reference of joined arrays. It stands for the store that is hardest to reach: where that can be read, all can. */
export function joinedRef(detail: JoinedDetail): SourceRef {
  const refs = detail.parts.map(({ ref }) => ref);
  const hardest =
    refs.find((ref) => !isPortable(ref)) ?? refs.find(({ store }) => isRemote(store)) ?? refs[0];
  return { format: "joined", store: hardest.store, path: hardest.path, detail };
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
  return groundOf(ref.store).kind !== "process";
}

/** True where answers come from a network away; of references it is taken for granted. */
export function isRemote(store: StoreRef): boolean {
  const { kind } = groundOf(store, true);
  return kind !== "file" && kind !== "process";
}

/** What a store in a store lies in at last. @param remote stop at references: what they point to is elsewhere */
function groundOf(store: StoreRef, remote = false): StoreRef {
  let ground = store;
  while ("store" in ground && !(remote && ground.kind === "references")) ground = ground.store;
  return ground;
}
