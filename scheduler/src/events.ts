/**
 * Owns what happens to a scheduler (events, in the past tense) and what it wants done
 * (instructions, in the imperative). Both are plain data: no sockets, no handles. Time is in
 * the events, in milliseconds.
 */
import type { WireError } from "@hyperslab/core/errors";
import type { PlanOutline } from "@hyperslab/core/plan";
import type { PeerAddress, TaskOrder } from "@hyperslab/protocol/messages";

interface At {
  readonly time: number;
}
interface OfWorker extends At {
  readonly worker: number;
}
interface OfClient extends At {
  readonly client: number;
}

export interface WorkerJoined extends OfWorker {
  readonly kind: "WorkerJoined";
  readonly name: string;
  readonly address: string;
  readonly pid: number;
  readonly threads: number;
  readonly memory: number;
}
export interface WorkerLost extends OfWorker {
  readonly kind: "WorkerLost";
  readonly reason: string;
  /** It left because it was told to: its tasks did not fail it. */
  readonly retired: boolean;
}
export interface WorkerMeasured extends OfWorker {
  readonly kind: "WorkerMeasured";
  readonly rss: number;
}
export interface TasksStarted extends OfWorker {
  readonly kind: "TasksStarted";
  readonly job: number;
  readonly tasks: readonly number[];
}
export interface TasksFinished extends OfWorker {
  readonly kind: "TasksFinished";
  readonly job: number;
  readonly tasks: readonly number[];
  /** Of the blocks that the tasks yield. */
  readonly bytes: readonly number[];
}
export interface TaskFailed extends OfWorker {
  readonly kind: "TaskFailed";
  readonly job: number;
  readonly task: number;
  readonly error: WireError;
}
export interface BlocksFetched extends OfWorker {
  readonly kind: "BlocksFetched";
  readonly job: number;
  readonly blocks: readonly number[];
  readonly bytes: readonly number[];
}
export interface TasksReturned extends OfWorker {
  readonly kind: "TasksReturned";
  readonly job: number;
  readonly tasks: readonly number[];
  readonly missing: readonly number[];
  readonly reason: string;
}
export interface ResultArrived extends OfWorker {
  readonly kind: "ResultArrived";
  readonly job: number;
  readonly block: number;
  readonly bytes: number;
  /** The block itself; only passed on. */
  readonly payload: unknown;
}
export interface ResultMissed extends OfWorker {
  readonly kind: "ResultMissed";
  readonly job: number;
  readonly block: number;
}
export interface ClientJoined extends OfClient {
  readonly kind: "ClientJoined";
  readonly name: string;
}
export interface ClientLost extends OfClient {
  readonly kind: "ClientLost";
  readonly reason: string;
}
export interface JobSubmitted extends OfClient {
  readonly kind: "JobSubmitted";
  /** The client's number of the run. */
  readonly ref: number;
  readonly name: string;
  readonly outline: PlanOutline;
  readonly window: number;
  readonly progress: boolean;
}
export interface JobCancelled extends OfClient {
  readonly kind: "JobCancelled";
  readonly ref: number;
}
export interface ResultsTaken extends OfClient {
  readonly kind: "ResultsTaken";
  readonly ref: number;
  readonly bytes: number;
}

export type SchedulerEvent =
  | WorkerJoined
  | WorkerLost
  | WorkerMeasured
  | TasksStarted
  | TasksFinished
  | TaskFailed
  | BlocksFetched
  | TasksReturned
  | ResultArrived
  | ResultMissed
  | ClientJoined
  | ClientLost
  | JobSubmitted
  | JobCancelled
  | ResultsTaken;

export type SchedulerInstruction =
  /** The outline of the job; its bytes are with the server. */
  | { readonly kind: "SendJob"; readonly worker: number; readonly job: number }
  | {
      readonly kind: "SendPrograms";
      readonly worker: number;
      readonly job: number;
      readonly stages: readonly number[];
    }
  | {
      readonly kind: "SendTasks";
      readonly worker: number;
      readonly job: number;
      readonly tasks: readonly TaskOrder[];
    }
  | {
      readonly kind: "ReleaseBlocks";
      readonly worker: number;
      readonly job: number;
      /** Grows while one event is handled. */
      readonly blocks: number[];
    }
  | {
      readonly kind: "RequestResults";
      readonly worker: number;
      readonly job: number;
      readonly blocks: readonly number[];
    }
  | { readonly kind: "ForgetJob"; readonly worker: number; readonly job: number }
  | {
      readonly kind: "SendPeers";
      readonly worker: number;
      readonly joined: readonly PeerAddress[];
      readonly left: readonly number[];
    }
  /** The job is over: what the server keeps of it can go. */
  | { readonly kind: "DropJob"; readonly job: number }
  /** The server keeps the programs that came with this submission under this number. */
  | { readonly kind: "KeepJob"; readonly client: number; readonly ref: number; readonly job: number }
  | {
      readonly kind: "TellStarted";
      readonly client: number;
      readonly ref: number;
      readonly job: number;
      readonly tasks: number;
    }
  | {
      readonly kind: "TellProgress";
      readonly client: number;
      readonly ref: number;
      /** Grows while one event is handled. */
      readonly tasks: number[];
    }
  | {
      readonly kind: "RelayResult";
      readonly client: number;
      readonly ref: number;
      readonly stage: number;
      readonly index: number;
      readonly bytes: number;
      readonly payload: unknown;
    }
  | { readonly kind: "TellFinished"; readonly client: number; readonly ref: number }
  | { readonly kind: "TellFailed"; readonly client: number; readonly ref: number; readonly error: WireError };
