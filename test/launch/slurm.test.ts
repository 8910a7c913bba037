/** A real SLURM of two emulated nodes, on this machine alone; skipped with a message where SLURM is not installed. */
import { isHyperslabError } from "@hyperslab/core/errors";
import { Cluster } from "@hyperslab/launch/cluster";
import { openDataset } from "hyperslab";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("./private-slurm.sh", import.meta.url));
const data = fileURLToPath(new URL("../../packages/cli/data/coads.zarr", import.meta.url));
const installed =
  ["slurmctld", "slurmd", "munged", "sbatch"].every(
    (name) => spawnSync("sh", ["-c", `PATH=$PATH:/usr/sbin command -v ${name}`]).status === 0,
  ) && process.getuid?.() === 0;
if (!installed)
  console.warn("slurm: skipped, slurm-wlm and munge are not installed here, or this is not root");
if (!installed && process.env["CI"]) throw new Error("in CI, SLURM has to be there");

describe.skipIf(!installed)("a cluster on SLURM", () => {
  let home = "";
  let before: string | undefined;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "hyperslab-slurm-"));
    execFileSync(script, ["up", home], { stdio: "ignore", timeout: 60_000 });
    before = process.env["SLURM_CONF"];
    process.env["SLURM_CONF"] = join(home, "slurm.conf");
  }, 70_000);
  afterAll(() => {
    execFileSync(script, ["down", home], { stdio: "ignore", timeout: 60_000 });
    rmSync(home, { recursive: true, force: true });
    if (before === undefined) delete process.env["SLURM_CONF"];
    else process.env["SLURM_CONF"] = before;
  }, 70_000);

  it("submits what it shows, computes, grows, shrinks, and leaves nothing", async () => {
    const cluster = Cluster.slurm({ workers: 2, memory: "500M", folder: home, node: process.execPath });
    expect(cluster.script()).toContain("ws://127.0.0.1:PORT");
    await cluster.start();
    expect(cluster.script()).toMatch(/ws:\/\/127\.0\.0\.1:\d+/);
    await cluster.waitForWorkers();
    const sst = (await openDataset(data)).get("sst");
    const [there, here] = [
      await sst.mean("time").values({ on: cluster.executor }),
      await sst.mean("time").values(),
    ];
    expect(there.data).toEqual(here.data);
    await cluster.scale(3);
    await cluster.waitForWorkers(3);
    await cluster.scale(1);
    await expect.poll(async () => (await cluster.workers()).length, { timeout: 20_000 }).toBe(1);
    await cluster.close();
    expect(readdirSync(home).filter((name) => name.startsWith(".hyperslab"))).toEqual([]);
    const queue = (): string =>
      execFileSync("squeue", ["--noheader", "--states=PENDING,RUNNING"], { encoding: "utf8" });
    await expect.poll(queue, { timeout: 20_000 }).toBe("");
  }, 90_000);

  it("says what SLURM said", async () => {
    const cluster = Cluster.slurm({ workers: 1, partition: "nowhere", folder: home });
    const error = await cluster.start().catch((one: unknown) => one);
    expect(isHyperslabError(error, "ClusterError") && error.message).toMatch(/sbatch: .*invalid partition/i);
    await cluster.close();
  }, 60_000);

  it("says why no worker comes", async () => {
    const cluster = Cluster.slurm({
      workers: 1,
      folder: home,
      memory: "500M",
      prologue: ["echo no module of that name >&2; exit 3"],
    });
    await cluster.start();
    await expect(cluster.waitForWorkers()).rejects.toThrow("no module of that name");
    await cluster.close();
  }, 60_000);
});
