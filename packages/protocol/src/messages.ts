/**
 * Owns the words of the wire: every message between client, scheduler, worker and peer, as data.
 * A message is one member of a tagged union; binary data never stands inside it, but travels as
 * raw parts behind it (`frames.ts`). Knows no socket and no state. README.md describes the same in prose.
 */
import type { WireError } from "@hyperslab/core/errors";
import type { ClusterStatus } from "./status.js";

/** The name that a peer of this protocol gives itself. */
export const PROTOCOL = "hyperslab";
/** Grows with every change that an older peer would misread. */
export const VERSION = 3;
/** Changes that a peer may live without; both sides use what both know. */
export const FEATURES: readonly string[] = ["shared-file"];

/** Who dials, and what it brings. */
export type Role =
  | {
      readonly kind: "client";
      readonly name: string;
      /** It fetches large results from workers by itself, where it reaches them. */
      readonly dials: boolean;
    }
  | {
      readonly kind: "worker";
      readonly name: string;
      /** Where other workers dial it: `ws://host:port`. */
      readonly address: string;
      readonly threads: number;
      /** Bytes for blocks and working memory. */
      readonly memory: number;
      readonly pid: number;
    }
  /** A worker or a client that fetches blocks. */
  | { readonly kind: "peer"; readonly name: string };

/** The first message, from the side that dials. */
export interface Hello {
  readonly type: "hello";
  readonly protocol: string;
  readonly version: number;
  readonly features: readonly string[];
  readonly role: Role;
}

/** The answer to a hello. `id` is the number by which the other side knows the dialer. */
export interface Welcome {
  readonly type: "welcome";
  readonly version: number;
  readonly features: readonly string[];
  readonly id: number;
}

/** The other answer to a hello; the connection closes after it. */
export interface Refused {
  readonly type: "refused";
  readonly error: WireError;
}

export type Greeting = Hello | Welcome | Refused;

/** Task or block numbers in runs, as `packRuns` packs them. */
export type Runs = Uint8Array;
/** Sizes, as `packRepeats` packs them. */
export type Repeats = Uint8Array;

/** Thread time as pairs `stage, microseconds`, as `packPairs` packs them. */
export type Spent = Uint8Array;

/** Whole blocks, small ones: the part holds them one after another (`block-bytes.ts`). */
interface Blocks {
  readonly blocks: Runs;
}
/** A piece of a block whose bytes are cut: those from `at` on, of `total`. Parts: the piece, in one or several. */
interface Piece {
  readonly block: number;
  readonly at: number;
  readonly total: number;
}

/** A piece that travels as parts. `crc` is the CRC-32 of their bytes. */
interface SentPiece extends Piece {
  readonly crc: number;
}

/** Sent by clients. `ref` is the client's own number of a run. */
export type ClientMessage =
  /** Parts: the outline of the plan, then the program of every stage. */
  | {
      readonly type: "submit";
      readonly ref: number;
      readonly name: string;
      /** Bytes of results that may be on their way, and not yet taken. */
      readonly window: number;
      /** Whether the client wants to hear of every finished task, and of what the job costs. */
      readonly progress: boolean;
      /** Runs of a higher one go first; 0 if there is nothing to say. */
      readonly priority: number;
    }
  | { readonly type: "cancel"; readonly ref: number }
  | { readonly type: "steer"; readonly ref: number; readonly paused: boolean; readonly priority: number }
  /** The client has fetched these results from a worker: they are delivered. */
  | { readonly type: "results-fetched"; readonly ref: number; readonly blocks: Runs }
  /** It could not: the worker can't be reached, or answered that it does not hold them. */
  | {
      readonly type: "fetch-failed";
      readonly ref: number;
      readonly blocks: Runs;
      readonly worker: number;
      readonly answered: boolean;
    }
  /** The client has taken results of so many bytes: as many more may come. */
  | { readonly type: "taken"; readonly ref: number; readonly bytes: number }
  | { readonly type: "ask-status"; readonly ref: number };

/** Sent to clients. */
export type ToClientMessage =
  | { readonly type: "job-started"; readonly ref: number; readonly job: number; readonly tasks: number }
  /** Tasks that finished, each told once, in the order in which they did. */
  | { readonly type: "progress"; readonly ref: number; readonly tasks: Runs }
  /** What the job has cost so far, by stage: tasks finished, thread time in milliseconds, bytes of the blocks made. */
  | {
      readonly type: "spent";
      readonly ref: number;
      readonly tasks: readonly number[];
      readonly time: readonly number[];
      readonly bytes: readonly number[];
    }
  | ({ readonly type: "results"; readonly ref: number } & Blocks)
  | ({ readonly type: "result-piece"; readonly ref: number } & SentPiece)
  /** These results are at a worker, to be fetched there as blocks of `job`. */
  | {
      readonly type: "results-at";
      readonly ref: number;
      readonly job: number;
      readonly holder: PeerAddress;
      readonly blocks: Runs;
    }
  | { readonly type: "job-finished"; readonly ref: number }
  | { readonly type: "job-failed"; readonly ref: number; readonly error: WireError }
  | { readonly type: "status"; readonly ref: number; readonly status: ClusterStatus };

/** Where a worker finds another. */
export interface PeerAddress {
  readonly worker: number;
  readonly name: string;
  readonly address: string;
}

/** Blocks that are to be fetched, and the workers that hold them. */
export interface FetchOrder {
  readonly from: readonly number[];
  readonly blocks: readonly number[];
}

/** {@link FetchOrder}, on the wire. */
export interface PackedFetch {
  readonly from: readonly number[];
  readonly blocks: Runs;
}

/** Sent to workers. Tasks and blocks have one numbering: block `n` is what task `n` yields. */
export type ToWorkerMessage =
  /** Workers that came and went, the receiver left out; all that are there, the first time. */
  | { readonly type: "peers"; readonly joined: readonly PeerAddress[]; readonly left: readonly number[] }
  /** Part: the outline of the plan. Comes once, before anything else of the job. */
  | { readonly type: "job"; readonly job: number }
  /** Parts: the program of each of `stages`. Comes before the first task of those stages. */
  | { readonly type: "programs"; readonly job: number; readonly stages: readonly number[] }
  /** Tasks, in the order in which they should run, and the blocks that are not here and that some of them read. */
  | {
      readonly type: "tasks";
      readonly job: number;
      readonly tasks: Runs;
      readonly fetch: readonly PackedFetch[];
      /** Their results are to be sent as soon as they are made. */
      readonly send: boolean;
    }
  | { readonly type: "release"; readonly job: number; readonly blocks: Runs }
  | { readonly type: "send-results"; readonly job: number; readonly blocks: Runs }
  /** Everything of the job can go: tasks, blocks, programs. */
  | { readonly type: "forget-job"; readonly job: number }
  /** The worker is not wanted any more, and should end. */
  | { readonly type: "retire"; readonly reason: string };

/** Sent by workers. */
export type WorkerMessage =
  | { readonly type: "started"; readonly job: number; readonly tasks: Runs }
  /** `bytes` are those of the tasks' blocks, in memory; `spent` is how long threads were busy with them, see {@link Spent}. */
  | {
      readonly type: "finished";
      readonly job: number;
      readonly tasks: Runs;
      readonly bytes: Repeats;
      readonly spent: Spent;
    }
  | { readonly type: "failed"; readonly job: number; readonly task: number; readonly error: WireError }
  | { readonly type: "fetched"; readonly job: number; readonly blocks: Runs; readonly bytes: Repeats }
  /** The worker gives these tasks back, for want of these blocks. */
  | {
      readonly type: "returned";
      readonly job: number;
      readonly tasks: Runs;
      readonly missing: Runs;
      readonly reason: string;
    }
  /** Results, for the client. */
  | ({ readonly type: "blocks"; readonly job: number } & Blocks)
  | ({ readonly type: "piece"; readonly job: number } & SentPiece)
  /** Asked for with send-results, and not here. */
  | { readonly type: "no-result"; readonly job: number; readonly blocks: Runs }
  | {
      readonly type: "stats";
      /** Bytes of blocks, and number of tasks that run. */
      readonly stored: number;
      readonly running: number;
      /** Resident set of the process. */
      readonly rss: number;
    };

/** Between the holder of blocks and whoever fetches them: the fetching side asks, the other answers. */
export type PeerMessage =
  | {
      readonly type: "get";
      readonly job: number;
      readonly blocks: Runs;
      /** Bytes of the (only) block that the asker has from an earlier try. */
      readonly from: number;
    }
  | ({ readonly type: "blocks"; readonly job: number } & Blocks)
  | ({ readonly type: "piece"; readonly job: number } & SentPiece)
  | { readonly type: "missing"; readonly job: number; readonly blocks: Runs }
  /** Feature `shared-file`: large blocks may pass through a file of this machine, which begins with these bytes (hex). */
  | { readonly type: "offer-file"; readonly path: string; readonly check: string }
  /** The asker has opened it. */
  | { readonly type: "accept-file" }
  /** A piece of a block that stands in the file, from `slot` on. */
  | ({
      readonly type: "file-piece";
      readonly job: number;
      readonly slot: number;
      readonly length: number;
    } & Piece)
  /** The asker has read it: the slot is free. */
  | { readonly type: "free-slot"; readonly slot: number };

export type Message =
  | Greeting
  | ClientMessage
  | ToClientMessage
  | ToWorkerMessage
  | WorkerMessage
  | PeerMessage;
