import { renderSlurmScript, type SlurmSpec } from "@hyperslab/launch/slurm-script";
import { describe, expect, it } from "vitest";

const command = {
  url: "ws://login1:8786",
  entry: "/home/me/node_modules/@hyperslab/worker/dist/main.js",
  tokenFile: "/scratch/it's mine/token",
  logs: "/scratch/logs",
};

describe("the batch script", () => {
  it("asks for what the specification says, and keeps the token out of the script", () => {
    const spec: SlurmSpec = {
      workers: 4,
      threads: 8,
      memory: "32G",
      walltime: "02:00:00",
      partition: "compute",
      account: "ocean",
      directives: ["--constraint=avx2"],
      prologue: ["module load nodejs"],
    };
    expect(renderSlurmScript(spec, command)).toMatchInlineSnapshot(`
      "#!/usr/bin/env bash
      #SBATCH --job-name=hyperslab
      #SBATCH --array=0-3
      #SBATCH --ntasks=1
      #SBATCH --cpus-per-task=8
      #SBATCH --mem=32G
      #SBATCH --time=02:00:00
      #SBATCH --output=/scratch/logs/%A_%a.log
      #SBATCH --partition=compute
      #SBATCH --account=ocean
      #SBATCH --no-requeue
      #SBATCH --constraint=avx2
      set -eu
      module load nodejs
      HYPERSLAB_TOKEN="$(cat '/scratch/it'\\''s mine/token')"
      export HYPERSLAB_TOKEN
      exec node /home/me/node_modules/@hyperslab/worker/dist/main.js \\
        ws://login1:8786 \\
        --threads 8 \\
        --memory 30923764531 \\
        --name "$SLURM_JOB_NAME-\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
      "
    `);
  });
  it("leaves out what the site refuses", () => {
    const script = renderSlurmScript({ workers: 1, skip: ["--mem"] }, command);
    expect(script).not.toContain("--mem=");
    expect(script).toContain("--memory");
  });
  it.each([
    [{ workers: 0 }, "workers: 0"],
    [{ workers: 1, threads: 1.5 }, "threads: 1.5"],
    [{ workers: 1, memory: "lots" }, "write 4G or 500M"],
    [{ workers: 1, walltime: "soon" }, "write 00:30:00"],
    [{ workers: 1, prologue: ["a\nb"] }, "one line of a batch script"],
  ])("refuses %j", (spec, message) => {
    expect(() => renderSlurmScript(spec, command)).toThrow(message);
  });
});
