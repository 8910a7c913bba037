/** The cluster does what every executor does. */
import { Cluster } from "@hyperslab/launch/cluster";
import { executorContract } from "../contracts/executor.js";

executorContract("a local cluster", async ({ memory }) => {
  const cluster = await Cluster.local({ workers: 2, memory: memory ?? "256MiB" });
  return { executor: cluster.executor, close: () => cluster.close() };
});
