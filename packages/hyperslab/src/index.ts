/**
 * The front door: labelled N-dimensional arrays over Zarr, NetCDF, HDF5, GeoTIFF and GRIB, lazily, here or on a cluster.
 * @module
 */
export { DataArray, Dataset } from "./objects.js";
export { type DataArrayOptions, type DatasetOptions, dataArray, dataset } from "./create.js";
export { openDataset, openGroups, openZarr } from "./open-dataset.js";
export type { ByVariable, DatasetLocation, OpenOptions } from "./open-options.js";
export { openMfdataset } from "./open-many.js";
export type { OpenMfOptions } from "./open-mfdataset.js";
export type { ManyLocations } from "./file-list.js";
export {
  type AlignOptions,
  align,
  combineByCoords,
  combineNested,
  compute,
  concat,
  merge,
  where,
} from "./functions.js";
export type { CombineOptions, Nested } from "./ops/combine.js";
export type { Compat } from "./ops/compat.js";
export type { ConcatOptions, Joined } from "./ops/concat.js";
export type { CombineAttrs } from "./ops/merge-attrs.js";
export type { MergeOptions } from "./ops/merge.js";
export type { Join } from "./ops/align.js";
export { type ExecutorSource, type Options, setOptions } from "./options.js";
export { type ProgressOutput, progressBar } from "./progress-bar.js";
export type { ComputeOptions } from "./run.js";
export type { ComputedBlock } from "./ops/compute.js";
export type { ToZarrOptions, ZarrDestination } from "./to-zarr.js";
export type { VariableEncoding } from "./encode-variable.js";
export { GroupBy, type GroupLabel } from "./group-by.js";
export { Weighted, type WeightedOptions } from "./weighted.js";
export { DatetimeAccessor } from "./datetime-accessor.js";
export { type Encoding, Variable } from "./variable.js";
export { type HasLabels, type Labelled } from "./labelled.js";
export { type Label, type LabelSlice, type Tolerance, slice, timedelta } from "./label.js";
export type { Method } from "./indexes.js";
export type { Labels, SelOptions } from "./ops/sel.js";
export type { Positional } from "./ops/isel.js";
export type { Dims, ReduceOptions } from "./ops/reduce.js";
export type { BinaryOptions, ScalarLike } from "./ops/elementwise.js";
export type { ChunkSpec, NewDim } from "./ops/reshape.js";
export type { DimsAndData, VariableLike } from "./ops/variable-like.js";
export type { ArrayLike, HyperslabArray, NumberArray } from "./ndarray.js";
export { countToDate as toDate, formatTime, type TimeField } from "./times.js";
export type { Attribute, Attributes } from "@hyperslab/storage/source";
export type { Dtype } from "@hyperslab/core/dtype";
export type { Executor, RunEvent } from "@hyperslab/core/executor";
export { Client, type ConnectOptions, connect } from "@hyperslab/client/client";
export type { CallOptions, FunctionRef, Future, FutureStatus } from "@hyperslab/client/calls";
export type { HasPlan, Job, JobOptions, JobProgress, JobState, StageProgress } from "@hyperslab/client/job";
export type { CostLine, JobReport, Measured } from "@hyperslab/client/job-report";
export { Cluster } from "@hyperslab/launch/cluster";
export type { ClusterEvent, LocalCluster, LocalClusterOptions } from "@hyperslab/launch/local";
export type { SlurmCluster, SlurmClusterSpec } from "@hyperslab/launch/slurm";
export type { SlurmSpec } from "@hyperslab/launch/slurm-script";
export { closeDefaultExecutor } from "@hyperslab/executor/default-executor";
export { MemoryStore } from "@hyperslab/storage/stores/memory-store";
export type { StoreOptions } from "@hyperslab/storage/open-store";
export { sharedArray } from "@hyperslab/executor/array-memory";
export { inlineExecutor } from "@hyperslab/executor/inline";
export { threadsExecutor } from "@hyperslab/executor/threads";
export {
  AlignmentError,
  ArgumentError,
  CancelledError,
  ClusterError,
  CodecError,
  ConventionError,
  DimensionError,
  DtypeError,
  FormatError,
  HyperslabError,
  LabelError,
  MemoryError,
  NameError,
  ProtocolError,
  RemoteError,
  ShapeError,
  StorageError,
  TaskError,
  isHyperslabError,
} from "@hyperslab/core/errors";
