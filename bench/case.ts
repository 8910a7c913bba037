/**
 * Owns the words of a benchmark: what a case is, what is measured of it, and what comes out.
 * Knows no case and no process.
 */
import type { TypedArray } from "@hyperslab/core/dtype";

/** `tiny` for tests of the bench itself, `ci` for about 2 GB of data, `full` for about 8 GB. */
export type Scale = "tiny" | "ci" | "full";

export const SCALES: readonly Scale[] = ["tiny", "ci", "full"];

/** What both sides are told of a variant: plain data, read by the Python peer too. */
export type Parameters = Readonly<Record<string, string | number | boolean | readonly number[]>>;

/** Physical limits. `peer …` ones are measured by the peer, which has the native codecs. */
export type LimitName =
  | "memory read, 1 thread"
  | "memory read, 2 threads"
  | "memory copy, 1 thread"
  | "memory copy, 2 threads"
  | "memory triad, 1 thread"
  | "memory triad, 2 threads"
  | "WebSocket stream"
  | "WebSocket round trip"
  | "WebSocket tasks in batches of 16"
  | "cached file read"
  | "native codec, 1 thread"
  | "file read + native decode, 2 threads";

/** A limit, and how much of it one run takes: bytes, messages or tasks. */
export interface Limit {
  readonly name: LimitName;
  readonly work: number;
}

/** Values of `s` and `ms` are times; of the others, `work` divided by time. */
export type Unit = "s" | "ms" | "GB/s" | "tasks/s" | "round trips/s";

/** One line of the table: a case with its parameters fixed. */
export interface Variant {
  /** After a slash behind the case's name; empty where there is one only. */
  readonly name: string;
  readonly parameters: Parameters;
  readonly unit: Unit;
  /** What one run does: bytes or tasks. Of no meaning for times. */
  readonly work: number;
  /** Module in `peers/`; null where nobody does the same. */
  readonly peer: string | null;
  readonly limit: Limit | null;
  /** Largest relative difference of results; 0 for equal bit for bit. */
  readonly tolerance: number;
  /** Rounds that the peer takes part in, where one takes it minutes. */
  readonly peerRounds?: number;
  /** Runs too long to be warmed up or repeated within a round. */
  readonly once?: boolean;
}

/** Where a case finds its inputs. */
export interface Place {
  readonly scale: Scale;
  /** Folder of generated data. */
  readonly data: string;
  /** A Python with the peers, for data that they make; null for none. */
  readonly python: string | null;
}

/** Numbers beside the time: bytes on the wire, the ratio of a codec. */
export type Facts = Readonly<Record<string, number>>;

/** A result for comparison: elements, and facts for the table. */
export interface Outcome {
  readonly data: TypedArray;
  readonly facts?: Facts;
  /** Bytes for the peer to make the same elements of: what an encoder wrote. */
  readonly bytes?: Uint8Array;
}

/** A variant that is ready to run, in a process of its own. */
export interface Running {
  /** One run. A case that times itself gives seconds. */
  run(): unknown;
  /** The result of the last run. */
  outcome(): Outcome | Promise<Outcome>;
  close?(): void | Promise<void>;
}

export interface Case {
  readonly name: string;
  /** What is computed, for the table in the README. */
  readonly title: string;
  variants(scale: Scale): readonly Variant[];
  /** Makes inputs that are not there yet; in the conductor's process, not timed. */
  prepare?(variant: Variant, place: Place): Promise<void>;
  /** Loads inputs. In a process of its own, not timed. */
  open(variant: Variant, place: Place): Promise<Running>;
}

/** Of the same rounds: the shortest and the median time, as values in the row's unit. */
export interface Measured {
  readonly median: number;
  /** Of the shortest time: the lowest value for times, the highest for rates. */
  readonly min: number;
}

/** What is reported of a variant. */
export interface Row {
  readonly case: string;
  readonly unit: Unit;
  readonly ours: Measured;
  readonly peer:
    | (Measured & { readonly name: string; readonly version: string; readonly value: number })
    | null;
  /** Peer's time / our time: the median over rounds. Above 1 we are faster. */
  readonly ratio: number | null;
  /** In the row's unit. */
  readonly limit: { readonly name: LimitName; readonly value: number } | null;
  /** The limit's time / our time. */
  readonly share: number | null;
  /** Peak of the resident memory of the whole process tree while running, in bytes. */
  readonly memory: { readonly ours: number | null; readonly peer: number | null };
  /** Processor seconds of one run, of the whole process tree: the median. */
  readonly cpu: { readonly ours: number | null; readonly peer: number | null };
  readonly rounds: number;
  readonly facts: { readonly ours: Facts; readonly peer: Facts };
  /** Whether both results were equal; null without a peer. */
  readonly agree: boolean | null;
}

/** Full name of a variant. */
export function rowName(one: Case, variant: Variant): string {
  return variant.name ? `${one.name}/${variant.name}` : one.name;
}

/** A time as a value of the variant's unit. */
export function valueOf(variant: Variant, seconds: number): number {
  switch (variant.unit) {
    case "s":
      return seconds;
    case "ms":
      return 1000 * seconds;
    case "GB/s":
      return variant.work / seconds / 1e9;
    case "tasks/s":
    case "round trips/s":
      return variant.work / seconds;
  }
}
