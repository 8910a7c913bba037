/**
 * Owns the order of a comparison: both sides are opened and warmed up, results are compared, and then
 * rounds go ours, peer, limit, ours, peer, limit, so that all three see the same machine.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Case, type Facts, type Place, type Row, type Variant, rowName, valueOf } from "./case.js";
import type { Limits } from "./limits.js";
import { PEER_PROGRAM } from "./peer-environment.js";
import { type Reply, Side, SideError } from "./side.js";
import { largestDifference, median } from "./statistics.js";

export interface ConductOptions {
  readonly place: Place;
  readonly limits: Limits;
  readonly rounds: number;
  /** False leaves the peers out. */
  readonly peers: boolean;
  /** Folder for CPU profiles of our side; null for none. */
  readonly profile: string | null;
  /** For what goes wrong on the way. */
  readonly say: (line: string) => void;
}

/** A round lasts about this many seconds a side: short runs are repeated. */
const ROUND_SECONDS: Record<Place["scale"], number> = { tiny: 0, ci: 0.25, full: 0.5 };
const MOST_REPEATS = 2_000;
const LONG_SECONDS = 4;

const OUR_PROGRAM = fileURLToPath(new URL("./our-process.js", import.meta.url));

const PROFILER = fileURLToPath(new URL("./profile.js", import.meta.url));

/** Lets all processes and threads of a side write profiles. */
function profileEnvironment(folder: string | null): Record<string, string> {
  return folder === null ? {} : { NODE_OPTIONS: `--import ${PROFILER}`, HYPERSLAB_BENCH_PROFILE: folder };
}

interface Contestant {
  readonly side: Side;
  readonly seconds: number[];
  /** Processor time of one run, by round. */
  readonly cpu: number[];
  repeat: number;
  peak: number | null;
}

/** Measures one variant. @throws SideError where our side fails; a peer that fails is left out, and said */
export async function conduct(one: Case, variant: Variant, options: ConductOptions): Promise<Row> {
  const { place, peers, say } = options;
  const name = rowName(one, variant);
  await one.prepare?.(variant, place);
  const scratch = await mkdtemp(join(tmpdir(), "hyperslab-bench-"));
  const open: Side[] = [];
  const opened = async (side: Side, request: object): Promise<{ entry: Contestant; reply: Reply }> => {
    open.push(side);
    const reply = await side.ask({ do: "open", variant, place, ...request });
    const entry: Contestant = { side, seconds: [], cpu: [], repeat: 1, peak: null };
    await warmUp(entry, variant, place);
    return { entry, reply };
  };
  try {
    const ourSide = new Side(
      "our side",
      process.execPath,
      [OUR_PROGRAM],
      profileEnvironment(options.profile),
    );
    const ours = await opened(ourSide, { case: one.name });
    const ourOutcome = await outcomeOf(ours.entry.side, join(scratch, "ours"));
    let peer: Awaited<ReturnType<typeof opened>> | null = null;
    let agree: boolean | null = null;
    let peerFacts: Facts = {};
    if (peers && place.python && variant.peer)
      try {
        const side = new Side("the peer", place.python, [PEER_PROGRAM]);
        peer = await opened(side, { module: variant.peer });
        const outcome = await outcomeOf(side, join(scratch, "peer"), join(scratch, "ours.bytes"));
        peerFacts = outcome.facts;
        const worst = largestDifference(await elementsOf(ourOutcome), await elementsOf(outcome));
        agree = worst <= variant.tolerance;
        if (!agree)
          say(`${name}: results differ by ${worst.toExponential(1)}, allowed is ${variant.tolerance}`);
      } catch (error) {
        say(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        peer = null;
      }
    const limits: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      const order = [ours.entry, ...(peer && round < (variant.peerRounds ?? Infinity) ? [peer.entry] : [])];
      // who goes first changes, so that neither always finds the caches as the other left them
      for (const entry of round % 2 ? order.reverse() : order) await measure(entry);
      const limit = await limitOf(variant, options, peer?.entry.side ?? null);
      if (limit !== null) limits.push(limit);
    }
    return rowOf(name, variant, ours.entry, peer, limits, agree, { ours: ourOutcome.facts, peer: peerFacts });
  } finally {
    await Promise.all(open.map((side) => side.close()));
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A run or three that don't count; they tell how often a run is repeated in a round. */
async function warmUp(entry: Contestant, variant: Variant, place: Place): Promise<void> {
  if (variant.once) return;
  const cold = await entry.side.run(1);
  // files are in the page cache now; what takes so long is not made faster by a second time
  if (cold.whole > LONG_SECONDS) return;
  const { whole } = await entry.side.run(1);
  const wanted = ROUND_SECONDS[place.scale] / Math.max(whole, 1e-6);
  entry.repeat = Math.max(1, Math.min(MOST_REPEATS, Math.round(wanted)));
  // a just-in-time compiler needs more than one call
  if (entry.repeat > 1) await entry.side.run(entry.repeat);
}

async function measure(entry: Contestant): Promise<void> {
  const { seconds, use } = await entry.side.run(entry.repeat);
  entry.seconds.push(seconds);
  if (use.cpu !== null) entry.cpu.push(use.cpu);
  if (use.memory !== null) entry.peak = Math.max(entry.peak ?? 0, use.memory);
}

/** What a side wrote for comparison. */
interface Written {
  readonly path: string;
  readonly elements: string;
  readonly facts: Facts;
}

async function outcomeOf(side: Side, path: string, bytes?: string): Promise<Written> {
  const { facts = {}, elements = "Float64" } = await side.ask({ do: "outcome", path, bytes });
  return { path, elements, facts };
}

async function elementsOf({ path, elements }: Written): Promise<ArrayLike<number>> {
  const { buffer } = new Uint8Array(await readFile(path));
  switch (elements) {
    case "Float32":
      return new Float32Array(buffer);
    case "Float64":
      return new Float64Array(buffer);
    case "BigInt64":
      return Float64Array.from(new BigInt64Array(buffer), Number);
    default:
      throw new SideError(`results of ${elements} are not compared`);
  }
}

async function limitOf(
  variant: Variant,
  { limits }: ConductOptions,
  peer: Side | null,
): Promise<number | null> {
  if (!variant.limit) return null;
  const own = await limits.measure(variant.limit);
  if (own !== null) return own;
  return peer ? ((await peer.ask({ do: "limit" })).seconds ?? null) : null;
}

function rowOf(
  name: string,
  variant: Variant,
  ours: Contestant,
  peer: { entry: Contestant; reply: Reply } | null,
  limits: readonly number[],
  agree: boolean | null,
  facts: Row["facts"],
): Row {
  const measured = (seconds: readonly number[]): { median: number; min: number } => ({
    median: valueOf(variant, median(seconds)),
    min: valueOf(variant, Math.min(...seconds)),
  });
  const theirs = peer && peer.entry.seconds.length ? measured(peer.entry.seconds) : null;
  const ratios = peer?.entry.seconds.map((seconds, round) => seconds / ours.seconds[round]) ?? [];
  const limit = limits.length ? median(limits) : null;
  return {
    case: name,
    unit: variant.unit,
    ours: measured(ours.seconds),
    peer: theirs && {
      name: peer?.reply.name ?? "",
      version: peer?.reply.version ?? "",
      value: theirs.median,
      ...theirs,
    },
    ratio: ratios.length ? median(ratios) : null,
    limit:
      limit !== null && variant.limit ? { name: variant.limit.name, value: valueOf(variant, limit) } : null,
    share: limit !== null ? limit / median(ours.seconds) : null,
    memory: { ours: ours.peak, peer: theirs ? (peer?.entry.peak ?? null) : null },
    cpu: { ours: medianOrNull(ours.cpu), peer: medianOrNull(peer?.entry.cpu ?? []) },
    rounds: ours.seconds.length,
    facts,
    agree,
  };
}

function medianOrNull(values: readonly number[]): number | null {
  return values.length ? median(values) : null;
}
