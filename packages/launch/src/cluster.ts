/** Owns the menu of clusters: one line for each way to get one. The code of a cluster is loaded when it starts. */
import type { LocalCluster, LocalClusterOptions } from "./local.js";
import { SlurmCluster, type SlurmClusterSpec } from "./slurm.js";

/** Ways to a cluster. */
export interface Clusters {
  /**
   * Processes of this machine, which end with this program.
   *
   * ```ts
   * await using cluster = await Cluster.local({ workers: 4 });
   * ```
   * @throws ArgumentError, ClusterError
   */
  local(options?: LocalClusterOptions): Promise<LocalCluster>;
  /**
   * Workers as SLURM jobs; nothing is submitted before `start()`.
   *
   * ```ts
   * const cluster = Cluster.slurm({ workers: 8, memory: "16G", host: "10.1.0.5" });
   * console.log(cluster.script());
   * ```
   * @throws ArgumentError
   */
  slurm(spec: SlurmClusterSpec): SlurmCluster;
}

export const Cluster: Clusters = {
  async local(options) {
    const local = await import("./local.js");
    return local.LocalCluster.local(options);
  },
  slurm: (spec) => new SlurmCluster(spec),
};

/** Any cluster. */
export type Cluster = LocalCluster | SlurmCluster;
