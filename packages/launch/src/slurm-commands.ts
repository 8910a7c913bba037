/** Owns the calls of SLURM's commands. Knows no workers: job numbers, states, texts. */
import { ClusterError } from "@hyperslab/core/errors";

/** Milliseconds that a command may take: scancel tries an absent controller for minutes. */
const PATIENCE = 30_000;

/** One array task as `squeue` shows it. */
export interface QueuedTask {
  /** `1234_7` */
  readonly id: string;
  /** `PENDING`, `RUNNING`, … */
  readonly state: string;
  readonly reason: string;
}

/** Submits a batch script; gives the number of the job. @throws ClusterError with what sbatch said */
export async function submitJob(script: string): Promise<string> {
  const out = await run("sbatch", ["--parsable"], script);
  const id = out.trim().split(";")[0];
  if (/^\d+$/.test(id)) return id;
  throw new ClusterError({
    who: "sbatch",
    reason: `answered ${JSON.stringify(out)}, which is no job number`,
  });
}

/** Ends jobs or array tasks; those that have ended already are passed over. */
export async function cancelJobs(ids: readonly string[]): Promise<void> {
  if (ids.length) await run("scancel", ["--quiet", ...ids]);
}

/** What is left of jobs in the queue, task by task; ended ones are not listed. */
export async function queuedTasks(jobs: readonly string[]): Promise<QueuedTask[]> {
  if (jobs.length === 0) return [];
  const format = "--Format=ArrayJobID:|,ArrayTaskID:|,State:|,Reason:|";
  // a job that SLURM has forgotten is an error to squeue where it is named; so all of one's own are listed
  const out = await run("squeue", ["--noheader", "--array", "--me", format]);
  return out
    .split("\n")
    .map((line) => line.split("|"))
    .filter(([job]) => jobs.includes(job))
    .map(([job, task, state, reason]) => ({ id: `${job}_${task}`, state, reason }));
}

async function run(command: string, args: readonly string[], input?: string): Promise<string> {
  // loaded late: whoever only might start a cluster doesn't wait for it
  const { execFile } = await import("node:child_process");
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { timeout: PATIENCE }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      reject(
        new ClusterError({
          who: command,
          reason: missing ? "is not installed here" : stderr.trim() || error.message,
          ...(missing ? { hint: "run this on a login node of the SLURM cluster" } : {}),
          cause: error,
        }),
      );
    });
    // one that ends without reading says why by itself
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input ?? "");
  });
}
