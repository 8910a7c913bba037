/** Owns the options of opening a group, which all formats share. */
import type { StoreOptions } from "./open-store.js";

/** Options of `openGroup`. */
export interface OpenGroupOptions {
  /** A group within the store, as a path: `forecasts/mean`. */
  group?: string;
  /** False reads the metadata of every Zarr array itself, also where consolidated ones are there: these may be old. */
  consolidated?: boolean;
  /** How a path or URL is opened: logins, regions, a cache. For references also how their `s3:` targets are. */
  storageOptions?: StoreOptions;
  signal?: AbortSignal;
}
