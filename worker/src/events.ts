/**
 * Owns what happens to a worker (events, in the past tense) and what it wants done (instructions,
 * in the imperative). Blocks and programs pass through as payloads that nobody here looks into.
 */
import type { Block } from "@hyperslab/core/block";
import type { WireError } from "@hyperslab/core/errors";
import type { PlanOutline } from "@hyperslab/core/plan";
import type { Program } from "@hyperslab/core/program";
import type { FetchOrder, PeerAddress } from "@hyperslab/protocol/messages";

/** The fields of one task's output. */
export type Payload = readonly Block[];

export type WorkerEvent =
  | { readonly kind: "JobReceived"; readonly job: number; readonly outline: PlanOutline }
  | {
      readonly kind: "ProgramsReceived";
      readonly job: number;
      readonly stages: readonly number[];
      readonly programs: readonly Program[];
    }
  | {
      readonly kind: "TasksReceived";
      readonly job: number;
      readonly tasks: ArrayLike<number>;
      readonly fetch: readonly FetchOrder[];
      /** Their results are to be sent as soon as they are made. */
      readonly send: boolean;
    }
  | { readonly kind: "BlocksReleased"; readonly job: number; readonly blocks: ArrayLike<number> }
  | { readonly kind: "ResultsRequested"; readonly job: number; readonly blocks: ArrayLike<number> }
  | { readonly kind: "JobForgotten"; readonly job: number }
  | {
      readonly kind: "PeersChanged";
      readonly joined: readonly PeerAddress[];
      readonly left: readonly number[];
    }
  /** The connection to a peer failed, or the peer left: nothing more comes from there. */
  | { readonly kind: "PeerLost"; readonly peer: number; readonly reason: string }
  | {
      readonly kind: "FetchFinished";
      readonly peer: number;
      readonly job: number;
      readonly block: number;
      readonly bytes: number;
      readonly payload: Payload;
    }
  /** Small blocks have come, one after another in `bytes`. */
  | {
      readonly kind: "SmallFetched";
      readonly peer: number;
      readonly job: number;
      readonly blocks: ArrayLike<number>;
      readonly bytes: Uint8Array;
    }
  /** The peer does not hold the blocks. */
  | {
      readonly kind: "FetchMissed";
      readonly peer: number;
      readonly job: number;
      readonly blocks: ArrayLike<number>;
    }
  /** A run of one task has ended well. */
  | {
      readonly kind: "RunFinished";
      readonly run: number;
      readonly bytes: number;
      readonly payload: Payload;
      /** Milliseconds that it took. */
      readonly time: number;
    }
  /** A batch of small tasks has ended: the first `done` were run, all but the failed ones well. */
  | {
      readonly kind: "BatchFinished";
      readonly run: number;
      readonly done: number;
      readonly failed: readonly { readonly task: number; readonly error: WireError }[];
      readonly time: number;
    }
  /** A run has ended with an error: of a batch, the task that ran then. */
  | { readonly kind: "RunFailed"; readonly run: number; readonly task: number; readonly error: WireError }
  /** A peer or client wants blocks; `asker` is the server's number of its connection. */
  | {
      readonly kind: "BlocksAsked";
      readonly asker: number;
      readonly job: number;
      readonly blocks: ArrayLike<number>;
      /** Bytes of the only block that it has already. */
      readonly from: number;
    };

/** Whom data goes to: the scheduler, for the client (null), or whoever asked. */
export type Receiver = number | null;

export type WorkerInstruction =
  | {
      readonly kind: "RegisterStage";
      readonly job: number;
      readonly stage: number;
      readonly outline: PlanOutline;
      readonly program: Program;
    }
  /** One task, whose block has memory of its own. */
  | {
      readonly kind: "StartRun";
      readonly run: number;
      readonly job: number;
      readonly task: number;
      readonly stage: number;
      /** Number of the block in its stage. */
      readonly block: number;
      /** For each input of the stage: fields of its blocks, by their number in its stage. */
      readonly inputs: readonly ReadonlyMap<number, BlockAt>[];
    }
  /** Several small tasks of one stage, one after another. */
  | {
      readonly kind: "StartBatch";
      readonly run: number;
      readonly job: number;
      readonly stage: number;
      /** Numbers of the blocks in their stage. */
      readonly blocks: Int32Array;
      /** Where their results go in the memory of small blocks. */
      readonly places: Int32Array;
      /** For each task, for each input: how many blocks, then number and place of each. */
      readonly inputs: Int32Array;
    }
  | { readonly kind: "StopRun"; readonly run: number }
  | {
      readonly kind: "FetchBlocks";
      readonly peer: PeerAddress;
      readonly job: number;
      /** Grows while one event is handled. */
      readonly blocks: number[];
    }
  | { readonly kind: "ReportStarted"; readonly job: number; readonly tasks: number[] }
  | {
      readonly kind: "ReportFinished";
      /** Pairs: stage, microseconds that a thread was busy with it. */
      readonly spent: number[];
      readonly job: number;
      readonly tasks: number[];
      readonly bytes: number[];
    }
  | { readonly kind: "ReportFailed"; readonly job: number; readonly task: number; readonly error: WireError }
  | {
      readonly kind: "ReportFetched";
      readonly job: number;
      readonly blocks: number[];
      readonly bytes: number[];
    }
  | {
      readonly kind: "ReportReturned";
      readonly job: number;
      readonly tasks: readonly number[];
      readonly missing: readonly number[];
      readonly reason: string;
    }
  /** Small blocks, to be sent together. */
  | {
      readonly kind: "SendSmall";
      readonly to: Receiver;
      readonly job: number;
      readonly blocks: number[];
      /** Of each: where it is, and its bytes. */
      readonly places: number[];
      readonly bytes: number[];
    }
  | {
      readonly kind: "SendBlock";
      readonly to: Receiver;
      readonly job: number;
      readonly block: number;
      readonly payload: Payload;
      readonly from: number;
    }
  | {
      readonly kind: "SendMissing";
      readonly to: Receiver;
      readonly job: number;
      readonly blocks: readonly number[];
    }
  /** Writes small blocks that came from a peer, one after another, to their places. */
  | {
      readonly kind: "StoreSmall";
      readonly places: readonly number[];
      readonly sizes: readonly number[];
      readonly bytes: Uint8Array;
    }
  /** Writes a small block that a run of its own made to its place. */
  | { readonly kind: "StoreBlock"; readonly place: number; readonly bytes: number; readonly payload: Payload }
  /** Nobody needs the memory of a block any more. */
  | { readonly kind: "FreeBlock"; readonly payload: Payload }
  | { readonly kind: "UnregisterJob"; readonly job: number };

/** A block here: its fields, or the place of a small one. */
export type BlockAt =
  | { readonly payload: Payload }
  | { readonly place: number; readonly stage: number; readonly block: number };
