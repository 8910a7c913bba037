/** Owns the batch script that starts workers under SLURM. Pure: text from a specification. */
import { ArgumentError } from "@hyperslab/core/errors";

/** What the workers of a SLURM cluster are to be. Only what a site insists on has to be given. */
export interface SlurmSpec {
  /** Number of workers: one array task each. */
  readonly workers: number;
  /** Compute threads of a worker; `--cpus-per-task`. */
  readonly threads?: number;
  /** Memory of a worker, in SLURM's words: `4G`, `500M`. A tenth of it is left to Node itself. */
  readonly memory?: string;
  /** `--time`, in SLURM's words: `00:30:00`. */
  readonly walltime?: string;
  readonly name?: string;
  readonly partition?: string;
  readonly account?: string;
  /** Further `#SBATCH` options, for example `["--constraint=avx2"]`. */
  readonly directives?: readonly string[];
  /** `#SBATCH` options that the site refuses, by name: `["--mem"]`. */
  readonly skip?: readonly string[];
  /** Shell lines before the worker starts, for example `["module load nodejs"]`. */
  readonly prologue?: readonly string[];
  /** The `node` to run on the compute nodes; found on their PATH where not given. */
  readonly node?: string;
  /** Folder for the scheduler's token and the logs of the jobs; on a file system that the nodes share. */
  readonly folder?: string;
}

/** What the launcher adds: where the scheduler is, and what a worker is. */
export interface WorkerCommand {
  /** `ws://host:port` of the scheduler, as the compute nodes see it. */
  readonly url: string;
  /** The worker's entry file. */
  readonly entry: string;
  /** File that holds the token, readable by its owner alone: a token in a script or on a command line can be read by others. */
  readonly tokenFile: string;
  /** Folder for `%A_%a.log`. */
  readonly logs: string;
}

/**
 * The text that `sbatch` is given.
 *
 * ```ts
 * renderSlurmScript({ workers: 4, threads: 8, memory: "32G", partition: "compute" }, command);
 * ```
 * @throws ArgumentError for counts, sizes and times that SLURM would not take
 */
export function renderSlurmScript(spec: SlurmSpec, command: WorkerCommand): string {
  const { workers, threads = 1, memory = "2G", walltime = "00:30:00", name = "hyperslab" } = spec;
  whole("workers", workers);
  whole("threads", threads);
  if (!/^(\d+-)?\d{1,3}(:\d{2}){0,2}$/.test(walltime))
    throw new ArgumentError({
      asked: `walltime "${walltime}"`,
      found: "not a time of SLURM",
      hint: "write 00:30:00 or 1-12:00:00",
    });
  const bytes = bytesOf(memory);
  const directives = [
    `--job-name=${name}`,
    `--array=0-${workers - 1}`,
    "--ntasks=1",
    `--cpus-per-task=${threads}`,
    `--mem=${memory}`,
    `--time=${walltime}`,
    `--output=${command.logs}/%A_%a.log`,
    ...(spec.partition ? [`--partition=${spec.partition}`] : []),
    ...(spec.account ? [`--account=${spec.account}`] : []),
    // a worker that SLURM puts back into the queue would come with a number that the scheduler has given up
    "--no-requeue",
    ...(spec.directives ?? []),
  ].filter(
    (directive) => !(spec.skip ?? []).some((name) => directive === name || directive.startsWith(`${name}=`)),
  );
  for (const line of [...directives, ...(spec.prologue ?? [])])
    if (/[\r\n]/.test(line))
      throw new ArgumentError({ asked: "one line of a batch script", found: JSON.stringify(line) });
  const worker = [
    `exec ${quote(spec.node ?? "node")} ${quote(command.entry)}`,
    quote(command.url),
    `--threads ${threads}`,
    `--memory ${Math.floor(bytes * 0.9)}`,
    '--name "$SLURM_JOB_NAME-${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"',
  ];
  return [
    "#!/usr/bin/env bash",
    ...directives.map((directive) => `#SBATCH ${directive}`),
    "set -eu",
    ...(spec.prologue ?? []),
    `HYPERSLAB_TOKEN="$(cat ${quote(command.tokenFile)})"`,
    "export HYPERSLAB_TOKEN",
    worker.join(" \\\n  "),
    "",
  ].join("\n");
}

function whole(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new ArgumentError({ asked: `${name}: ${value}`, found: "not a whole number above 0" });
}

/** Bytes of a size in SLURM's words: K, M, G, T are powers of 1024, and M where no unit is given. */
function bytesOf(memory: string): number {
  const match = /^(\d+)([KMGT]?)$/i.exec(memory);
  if (!match || Number(match[1]) === 0)
    throw new ArgumentError({
      asked: `memory "${memory}"`,
      found: "not a size of SLURM",
      hint: "write 4G or 500M",
    });
  return Number(match[1]) * 1024 ** ("KMGT".indexOf((match[2] || "M").toUpperCase()) + 1);
}

/** A word for the shell, quoted where it has to be. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
