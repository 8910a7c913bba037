/** Owns the list of cases, in the order in which they are run. */
import type { Case } from "../case.js";
import { calibration } from "./calibration.js";
import { latency, streaming } from "./cluster.js";
import { decode } from "./decode.js";
import { encode } from "./encode.js";
import { fusedChain } from "./fused-chain.js";
import { granularity } from "./granularity.js";
import { graph } from "./graph.js";
import { groupMean } from "./groupmean.js";
import { math } from "./math.js";
import { nanmeans } from "./nanmean.js";
import { schedulerSim } from "./scheduler-sim.js";
import { remoteRange } from "./remote-range.js";
import { rolling } from "./rolling.js";
import { hdf5Slab, netcdf4 } from "./netcdf4.js";
import { openSlice } from "./open-slice.js";
import { overproduction } from "./overproduction.js";
import { readPlain } from "./read-plain.js";
import { rechunkCase } from "./rechunk.js";
import { shardRead } from "./shard-read.js";
import { readCeiling, squareMean, storedGroupMean, timeMean, zonalMean } from "./stored.js";
import { tinyTasks } from "./tiny-tasks.js";
import { windSpeed } from "./wind-speed.js";

export const CASES: readonly Case[] = [
  calibration,
  windSpeed,
  fusedChain,
  ...nanmeans,
  math,
  groupMean,
  rolling,
  decode,
  encode,
  zonalMean,
  timeMean,
  squareMean,
  storedGroupMean,
  readCeiling,
  readPlain,
  rechunkCase,
  overproduction,
  openSlice,
  netcdf4,
  hdf5Slab,
  shardRead,
  remoteRange,
  graph,
  granularity,
  schedulerSim,
  tinyTasks,
  latency,
  streaming,
];

/** @throws RangeError for a name that no case has */
export function caseNamed(name: string): Case {
  const found = CASES.find((one) => one.name === name);
  if (!found) throw new RangeError(`no case "${name}"`);
  return found;
}
