/** Owns the start of a compute thread: the module that `thread-pool.ts` runs in each of them. */
import { serveTasks } from "./serve-tasks.js";

serveTasks();
