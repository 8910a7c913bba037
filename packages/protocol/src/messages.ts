/**
 * Owns the words of the wire: every message between client, scheduler, worker and peer, as data.
 * A message is one member of a tagged union; binary data never stands inside it, but travels as
 * raw parts behind it (`frames.ts`). Knows no socket and no state. README.md describes the same in prose.
 */
import type { WireError } from "@hyperslab/core/errors";
import type { FieldHead } from "./block-parts.js";
import type { ClusterStatus } from "./status.js";

/** The name that a peer of this protocol gives itself. */
export const PROTOCOL = "hyperslab";
/** Grows with every change that an older peer would misread. */
export const VERSION = 1;
/** Changes that a peer may live without; both sides use what both know. */
export const FEATURES: readonly string[] = [];

/** Who dials, and what it brings. */
export type Role =
  | { readonly kind: "client"; readonly name: string }
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
  /** A worker that fetches blocks of another. */
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

/** Sent by clients. `ref` is the client's own number of a run. */
export type ClientMessage =
  /** Parts: the outline of the plan, then the program of every stage. */
  | {
      readonly type: "submit";
      readonly ref: number;
      readonly name: string;
      /** Bytes of results that may be on their way, and not yet taken. */
      readonly window: number;
      /** Whether the client wants to hear of every finished task. */
      readonly progress: boolean;
    }
  | { readonly type: "cancel"; readonly ref: number }
  /** The client has taken results of so many bytes: as many more may come. */
  | { readonly type: "taken"; readonly ref: number; readonly bytes: number }
  | { readonly type: "ask-status"; readonly ref: number };

/** Sent to clients. */
export type ToClientMessage =
  | { readonly type: "job-started"; readonly ref: number; readonly job: number; readonly tasks: number }
  /** Tasks that finished, each told once, in the order in which they did. */
  | { readonly type: "progress"; readonly ref: number; readonly tasks: readonly number[] }
  /** Part: the bytes of the block. Block number `index` of stage `stage`. */
  | {
      readonly type: "result";
      readonly ref: number;
      readonly stage: number;
      readonly index: number;
      readonly bytes: number;
      readonly heads: readonly FieldHead[];
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

/** A task and the blocks that its worker has to fetch first: `[block, worker that holds it, ...]`. */
export interface TaskOrder {
  readonly task: number;
  readonly fetch: readonly (readonly number[])[];
}

/** Sent to workers. Tasks and blocks have one numbering: block `n` is what task `n` yields. */
export type ToWorkerMessage =
  /** Workers that came and went, the receiver left out; all that are there, the first time. */
  | { readonly type: "peers"; readonly joined: readonly PeerAddress[]; readonly left: readonly number[] }
  /** Part: the outline of the plan. Comes once, before anything else of the job. */
  | { readonly type: "job"; readonly job: number }
  /** Parts: the program of each of `stages`. Comes before the first task of those stages. */
  | { readonly type: "programs"; readonly job: number; readonly stages: readonly number[] }
  | { readonly type: "tasks"; readonly job: number; readonly tasks: readonly TaskOrder[] }
  | { readonly type: "release"; readonly job: number; readonly blocks: readonly number[] }
  | { readonly type: "send-results"; readonly job: number; readonly blocks: readonly number[] }
  /** Everything of the job can go: tasks, blocks, programs. */
  | { readonly type: "forget-job"; readonly job: number }
  /** The worker is not wanted any more, and should end. */
  | { readonly type: "retire"; readonly reason: string };

/** Sent by workers. */
export type WorkerMessage =
  | { readonly type: "started"; readonly job: number; readonly tasks: readonly number[] }
  /** `bytes` are those of the task's block. */
  | {
      readonly type: "finished";
      readonly job: number;
      readonly tasks: readonly number[];
      readonly bytes: readonly number[];
    }
  | { readonly type: "failed"; readonly job: number; readonly task: number; readonly error: WireError }
  | {
      readonly type: "fetched";
      readonly job: number;
      readonly blocks: readonly number[];
      readonly bytes: readonly number[];
    }
  /** The worker gives these tasks back, for want of these blocks. */
  | {
      readonly type: "returned";
      readonly job: number;
      readonly tasks: readonly number[];
      readonly missing: readonly number[];
      readonly reason: string;
    }
  /** Parts: one for each head. */
  | {
      readonly type: "result";
      readonly job: number;
      readonly block: number;
      readonly bytes: number;
      readonly heads: readonly FieldHead[];
    }
  /** Asked for with send-results, and not here. */
  | { readonly type: "no-result"; readonly job: number; readonly block: number }
  | {
      readonly type: "stats";
      /** Bytes of blocks, and of tasks that run. */
      readonly stored: number;
      readonly running: number;
      /** Resident set of the process. */
      readonly rss: number;
    };

/** Between workers: the fetching one asks, the other answers. */
export type PeerMessage =
  | { readonly type: "get"; readonly job: number; readonly block: number }
  /** Parts: one for each head. */
  | {
      readonly type: "block";
      readonly job: number;
      readonly block: number;
      readonly heads: readonly FieldHead[];
    }
  | { readonly type: "missing"; readonly job: number; readonly block: number };

export type Message =
  | Greeting
  | ClientMessage
  | ToClientMessage
  | ToWorkerMessage
  | WorkerMessage
  | PeerMessage;
