/**
 * Owns what happens to a worker (events, in the past tense) and what it wants done (instructions,
 * in the imperative). Blocks and programs pass through as payloads that nobody here looks into.
 */
import type { Block } from "@hyperslab/core/block";
import type { WireError } from "@hyperslab/core/errors";
import type { PlanOutline } from "@hyperslab/core/plan";
import type { Program } from "@hyperslab/core/program";
import type { PeerAddress, TaskOrder, WorkerMessage } from "@hyperslab/protocol/messages";

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
  | { readonly kind: "TasksReceived"; readonly job: number; readonly tasks: readonly TaskOrder[] }
  | { readonly kind: "BlocksReleased"; readonly job: number; readonly blocks: readonly number[] }
  | { readonly kind: "ResultsRequested"; readonly job: number; readonly blocks: readonly number[] }
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
  /** The peer does not hold the block. */
  | { readonly kind: "FetchMissed"; readonly peer: number; readonly job: number; readonly block: number }
  | {
      readonly kind: "RunFinished";
      readonly job: number;
      readonly task: number;
      readonly bytes: number;
      readonly payload: Payload;
    }
  | { readonly kind: "RunFailed"; readonly job: number; readonly task: number; readonly error: WireError }
  /** A peer wants a block; `asker` is the server's number of its connection. */
  | { readonly kind: "BlockAsked"; readonly asker: number; readonly job: number; readonly block: number };

export type WorkerInstruction =
  | {
      readonly kind: "RegisterStage";
      readonly job: number;
      readonly stage: number;
      readonly outline: PlanOutline;
      readonly program: Program;
    }
  | {
      readonly kind: "StartRun";
      readonly job: number;
      readonly task: number;
      readonly stage: number;
      /** Number of the block in its stage. */
      readonly block: number;
      /** For each input of the stage: fields of its blocks, by their number in its stage. */
      readonly inputs: readonly ReadonlyMap<number, Payload>[];
    }
  | { readonly kind: "StopRun"; readonly job: number; readonly task: number }
  | { readonly kind: "FetchBlock"; readonly peer: PeerAddress; readonly job: number; readonly block: number }
  | { readonly kind: "Report"; readonly message: WorkerMessage }
  | { readonly kind: "SendResult"; readonly job: number; readonly block: number; readonly payload: Payload }
  /** Null where the block is not here. */
  | {
      readonly kind: "AnswerPeer";
      readonly asker: number;
      readonly job: number;
      readonly block: number;
      readonly payload: Payload | null;
    }
  | { readonly kind: "UnregisterJob"; readonly job: number };
