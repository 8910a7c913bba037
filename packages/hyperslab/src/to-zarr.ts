/**
 * Owns the writing of a labelled object to a Zarr store: what is stored of each variable, and the
 * order of steps. Workers write chunks; the store stands under its name only when all are there.
 */
import { write } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { ArgumentError, DimensionError, NameError } from "@hyperslab/core/errors";
import type { Attribute, Attributes } from "@hyperslab/storage/source";
import { type StoreOptions, storeRefOf } from "@hyperslab/storage/open-store";
import { registerStore } from "@hyperslab/storage/stores/process-store";
import { abortWrite, beginWrite, commitWrite } from "@hyperslab/storage/write-protocol";
import { type ZarrArraySpec, createZarr } from "@hyperslab/storage/zarr/zarr-create";
import { relationAttributes } from "./conventions/encode-coordinates.js";
import { type EncodedVariable, type VariableEncoding, encodeVariable } from "./encode-variable.js";
import {
  type Labelled,
  THIS,
  arrayVariable,
  coordsOf,
  datasetRecord,
  dimensionCoord,
  sizesOf,
} from "./labelled.js";
import { type ComputeOptions, runNodes } from "./run.js";
import { Variable } from "./variable.js";

/** Options of `toZarr`. */
export interface ToZarrOptions extends ComputeOptions {
  /** How a URL is opened: keys and the like, which stay in this process. */
  readonly storageOptions?: StoreOptions;
  /** `w-` (the default) refuses to replace a store, `w` replaces it when the new one is complete. */
  readonly mode?: "w" | "w-";
  /** How variables are to be stored, by name. */
  readonly encoding?: Readonly<Record<string, VariableEncoding>>;
  /** Default 3. */
  readonly zarrFormat?: 2 | 3;
  /** Chunks of all variables, by dimension; `encoding` comes first. */
  readonly chunks?: Readonly<Record<string, number>>;
}

/** Where a store is to stand: a path, or a store object of this process, such as a {@link MemoryStore}. */
export type ZarrDestination = string | Parameters<typeof registerStore>[0];

/** Name of an array that has none, as xarray names it. */
const UNNAMED = "__xarray_dataarray_variable__";

/** Writes all variables. @throws StorageError, ConventionError, TaskError, NameError */
export async function toZarr(
  labelled: Labelled,
  store: ZarrDestination,
  options: ToZarrOptions = {},
): Promise<void> {
  if ((typeof store !== "string" && typeof store !== "object") || store === null || store === "")
    throw new ArgumentError({
      asked: `toZarr(${store === "" ? '""' : String(store)})`,
      found: "neither a path nor a store",
      hint: "give a path, or a store object such as a MemoryStore",
    });
  const dataset = asDataset(labelled);
  const encoding = options.encoding ?? {};
  for (const name of Object.keys(encoding))
    if (!dataset.variables.has(name))
      throw new NameError({ name, names: [...dataset.variables.keys()], operation: "toZarr encoding" });
  const dims = sizesOf(dataset);
  for (const dim of Object.keys(options.chunks ?? {}))
    if (!dims.has(dim)) throw new DimensionError({ dim, dims: [...dims.keys()], operation: "toZarr chunks" });
  const relations = relationAttributes(dataset.variables, freeCoordinates(dataset));
  const encoded = await Promise.all(
    [...dataset.variables].map(async ([name, variable]) => {
      const asked = { ...chunksFor(variable, options.chunks), ...encoding[name] };
      // bounds are written in the units of what they bound, unless they have their own
      const own = withEncoding(variable, { ...relations.bounds.get(name), ...variable.encoding });
      const made = await encodeVariable(name, own, asked, options);
      const attributes = { ...made.spec.attributes, ...relations.byVariable.get(name) };
      return { node: made.node, spec: { ...made.spec, attributes } };
    }),
  );
  const specs = withoutRepeated(encoded, relations.repeated);
  const destination =
    typeof store === "string" ? storeRefOf(store, options.storageOptions) : registerStore(store);
  if (options.mode !== undefined && options.mode !== "w" && options.mode !== "w-")
    throw new ArgumentError({
      asked: `mode "${String(options.mode)}"`,
      found: "no such mode",
      hint: 'use "w" or "w-"',
    });
  const pending = await beginWrite(destination, { overwrite: options.mode === "w" });
  try {
    const targets = await createZarr(pending.working, {
      version: options.zarrFormat ?? 3,
      attributes: { ...dataset.attrs, ...relations.global },
      arrays: specs,
    });
    const writes = encoded.flatMap(({ node, spec }): Node[] => {
      const target = targets.get(spec.name);
      return target ? [write(node, target)] : [];
    });
    await runNodes(writes, options);
    await commitWrite(pending);
  } catch (error) {
    await abortWrite(pending);
    throw error;
  }
}

function asDataset(labelled: Labelled): Labelled {
  if (labelled.kind === "dataset") return labelled;
  const name = labelled.name === null || labelled.coordNames.has(labelled.name) ? UNNAMED : labelled.name;
  const variables = new Map([...coordsOf(labelled), [name, arrayVariable(labelled)] as const]);
  variables.delete(THIS);
  return datasetRecord(variables, labelled.coordNames);
}

function chunksFor(variable: Variable, byDim: ToZarrOptions["chunks"]): VariableEncoding {
  if (!byDim || !variable.dims.some((dim) => dim in byDim)) return {};
  return {
    chunks: variable.dims.map((dim, axis) =>
      Math.max(1, Math.min(byDim[dim] ?? Infinity, variable.shape[axis])),
    ),
  };
}

/** The coordinates that label no dimension. */
function freeCoordinates(dataset: Labelled): string[] {
  return [...coordsOf(dataset).keys()].filter((name) => !dimensionCoord(dataset, name));
}

function withEncoding(variable: Variable, encoding: Attributes): Variable {
  return new Variable(variable.dims, variable.node, variable.attrs, encoding);
}

/** Bounds don't repeat the attributes of what they bound; others, which differ, are written. */
function withoutRepeated(
  encoded: readonly EncodedVariable[],
  repeated: ReadonlyMap<string, readonly string[]>,
): ZarrArraySpec[] {
  const specs = new Map(encoded.map(({ spec }) => [spec.name, spec]));
  for (const { spec } of encoded) {
    const { attributes: said = {} } = spec;
    const { bounds } = said;
    const own = typeof bounds === "string" ? specs.get(bounds) : undefined;
    if (!own) continue;
    const drops = (key: string, value: Attribute): boolean =>
      (repeated.get(own.name) ?? []).includes(key) && key in said && value === said[key];
    const kept = Object.entries(own.attributes ?? {}).filter(([key, value]) => !drops(key, value));
    specs.set(own.name, { ...own, attributes: Object.fromEntries(kept) });
  }
  return [...specs.values()];
}
