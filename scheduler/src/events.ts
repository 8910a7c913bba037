/**
 * Owns what happens to a scheduler (events, in the past tense) and what it wants done
 * (instructions, in the imperative). Both are plain data: no sockets, no handles. Time is in
 * the events, in milliseconds.
 */
import type { WireError } from "@hyperslab/core/errors";
import type { PlanOutline } from "@hyperslab/core/plan";
import type { FetchOrder, PeerAddress } from "@hyperslab/protocol/messages";

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
  readonly tasks: ArrayLike<number>;
}
export interface TasksFinished extends OfWorker {
  readonly kind: "TasksFinished";
  readonly job: number;
  readonly tasks: ArrayLike<number>;
  /** Of the blocks that the tasks yield. */
  readonly bytes: ArrayLike<number>;
  /** Pairs: stage, microseconds that a thread was busy with it. */
  readonly spent?: ArrayLike<number>;
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
  readonly blocks: ArrayLike<number>;
  readonly bytes: ArrayLike<number>;
}
export interface TasksReturned extends OfWorker {
  readonly kind: "TasksReturned";
  readonly job: number;
  readonly tasks: ArrayLike<number>;
  readonly missing: ArrayLike<number>;
  readonly reason: string;
}
export interface ResultsArrived extends OfWorker {
  readonly kind: "ResultsArrived";
  readonly job: number;
  /** Results that are complete with this; none where it is a piece that is not the last. */
  readonly blocks: ArrayLike<number>;
  /** The data itself; only passed on. */
  readonly payload: unknown;
}
export interface ResultsMissed extends OfWorker {
  readonly kind: "ResultsMissed";
  readonly job: number;
  readonly blocks: ArrayLike<number>;
}
export interface ClientJoined extends OfClient {
  readonly kind: "ClientJoined";
  readonly name: string;
  /** It can fetch results from workers by itself. */
  readonly dials: boolean;
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
  readonly priority: number;
}
export interface JobCancelled extends OfClient {
  readonly kind: "JobCancelled";
  readonly ref: number;
}
/** Results that the client fetched from a worker. */
export interface ResultsFetched extends OfClient {
  readonly kind: "ResultsFetched";
  readonly ref: number;
  readonly blocks: ArrayLike<number>;
}
/** Results that the client was told of, and could not fetch. */
export interface FetchFailed extends OfClient {
  readonly kind: "FetchFailed";
  readonly ref: number;
  readonly blocks: ArrayLike<number>;
  readonly worker: number;
  /** The worker answered, and does not have them; otherwise it can't be reached. */
  readonly answered: boolean;
}
/** The client wants its job to wait, to go on, or to go before or after others. */
export interface JobSteered extends OfClient {
  readonly kind: "JobSteered";
  readonly ref: number;
  readonly paused: boolean;
  readonly priority: number;
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
  | ResultsArrived
  | ResultsMissed
  | ClientJoined
  | ClientLost
  | JobSubmitted
  | JobCancelled
  | JobSteered
  | ResultsFetched
  | FetchFailed
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
      /** In the order in which they should run. */
      readonly tasks: readonly number[];
      readonly fetch: readonly FetchOrder[];
      /** Their results are to be sent here as soon as they are made. */
      readonly send: boolean;
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
      /** Grows while one event is handled. */
      readonly blocks: number[];
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
  /** What the job has cost so far: finished tasks, milliseconds of threads and bytes made, by stage. */
  | {
      readonly kind: "TellSpent";
      readonly client: number;
      readonly ref: number;
      readonly tasks: readonly number[];
      readonly time: readonly number[];
      readonly bytes: readonly number[];
    }
  | {
      readonly kind: "RelayResults";
      readonly client: number;
      readonly ref: number;
      readonly payload: unknown;
    }
  /** Which worker holds results: the client may fetch them there. */
  | {
      readonly kind: "TellPlace";
      readonly client: number;
      readonly ref: number;
      readonly job: number;
      readonly holder: PeerAddress;
      /** Grows while one event is handled. */
      readonly blocks: number[];
    }
  | { readonly kind: "TellFinished"; readonly client: number; readonly ref: number }
  | { readonly kind: "TellFailed"; readonly client: number; readonly ref: number; readonly error: WireError };
