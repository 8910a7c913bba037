/**
 * Owns what a scheduler tells of itself: to clients, to the dashboard and to monitors. Plain JSON.
 * Times are milliseconds since 1970.
 */

/** Tasks of a job, by what becomes of them. */
export interface TaskCounts {
  readonly waiting: number;
  readonly ready: number;
  readonly assigned: number;
  readonly executing: number;
  readonly memory: number;
  readonly released: number;
}

export interface WorkerStatus {
  readonly id: number;
  readonly name: string;
  readonly address: string;
  readonly pid: number;
  readonly threads: number;
  /** Tasks that run, and tasks that it was given. */
  readonly executing: number;
  readonly assigned: number;
  /** Bytes: the promised limit, blocks held, bytes reserved for tasks, resident set of the process. */
  readonly memory: number;
  readonly stored: number;
  readonly reserved: number;
  readonly rss: number;
  readonly joined: number;
  readonly finished: number;
}

export interface JobStatus {
  readonly id: number;
  readonly name: string;
  readonly client: string;
  readonly state: "running" | "finished" | "failed" | "cancelled";
  readonly tasks: number;
  /** Tasks that finished at least once. */
  readonly done: number;
  readonly counts: TaskCounts;
  /** The stages that have tasks left, with theirs. */
  readonly stages: readonly { readonly name: string; readonly tasks: number; readonly done: number }[];
  readonly submitted: number;
  readonly ended: number | null;
  /** The message of the error that ended it. */
  readonly error: string | null;
}

export interface ClusterStatus {
  readonly time: number;
  readonly started: number;
  readonly version: number;
  readonly workers: readonly WorkerStatus[];
  /** Running jobs, then those that ended lately. */
  readonly jobs: readonly JobStatus[];
  readonly clients: number;
  readonly counts: TaskCounts;
  /** Newest first. */
  readonly errors: readonly { readonly time: number; readonly message: string }[];
  /** Since the scheduler started. */
  readonly totals: ClusterTotals;
}

export interface ClusterTotals {
  readonly jobs: number;
  readonly tasksFinished: number;
  readonly tasksFailed: number;
  readonly tasksRecomputed: number;
  readonly workersJoined: number;
  readonly workersLost: number;
  readonly resultBytes: number;
}
