/**
 * Owns the profiling of everything that our side starts: loaded ahead of each process and thread
 * (`NODE_OPTIONS=--import`), it writes a CPU profile every few seconds. Nobody waits for an end that a
 * killed process or a terminated thread doesn't have.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

/** Where the profiles go. */
const PROFILE_VARIABLE = "HYPERSLAB_BENCH_PROFILE";
const EVERY = 4_000;

const folder = process.env[PROFILE_VARIABLE];
if (folder !== undefined) start(folder);

function start(into: string): void {
  mkdirSync(into, { recursive: true });
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.start");
  const program = (process.argv[1] ?? "node").split("/").slice(-3).join("-").replace(/\.js$/, "");
  let part = 0;
  const write = (): void => {
    session.post("Profiler.stop", (error, result) => {
      if (error) return;
      const name = `${program}-${process.pid}-thread${threadId}-${part++}.cpuprofile`;
      writeFileSync(join(into, name), JSON.stringify(result.profile));
    });
  };
  setInterval(() => {
    write();
    session.post("Profiler.start");
  }, EVERY).unref();
  process.on("exit", write);
}
