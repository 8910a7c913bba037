import { inlineExecutor } from "@hyperslab/executor/inline";
import { executorContract } from "../contracts/executor.js";

executorContract("inline", async (options) => ({
  executor: inlineExecutor(options),
  close: async () => undefined,
}));
