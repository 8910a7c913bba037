/** Owns the start of a compute thread that may also call functions: the entry of a worker with `--allow-modules`. */
import { getEnvironmentData } from "node:worker_threads";
import { serveTasks } from "@hyperslab/executor/serve-tasks";
import { openSource } from "@hyperslab/storage/open-source";
import { ALLOWED_FOLDERS } from "./allowed-modules.js";
import { CallSource } from "./call-source.js";

const folders = getEnvironmentData(ALLOWED_FOLDERS) as readonly string[];

serveTasks({ openSource: (ref) => (ref.format === "call" ? new CallSource(ref, folders) : openSource(ref)) });
