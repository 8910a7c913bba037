/** Owns `hyperslab scheduler` and `hyperslab worker`: each runs the server's own process, with its flags. */
import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command, Input } from "./command.js";

export const scheduler: Command = {
  name: "scheduler",
  summary: "Starts a scheduler: one port for clients, workers, dashboard, /metrics and /health.",
  arguments: [],
  options: {
    host: { value: "ADDRESS", help: "address to listen on", default: "127.0.0.1" },
    port: { value: "PORT", help: "port; 0 for any that is free", default: "8786" },
  },
  details:
    "The token that every connection must bring is taken from HYPERSLAB_TOKEN; without it a new one is made and printed.",
  run: (input) => serve("@hyperslab/scheduler/main", [], input),
};

export const worker: Command = {
  name: "worker",
  summary: "Starts a worker that dials the scheduler at URL (ws://host:port).",
  arguments: ["URL"],
  options: {
    threads: { value: "N", help: "compute threads; as many as the machine runs at once if not given" },
    memory: {
      value: "SIZE",
      help: "for blocks and running tasks, such as 4GiB; 60 % of the machine's if not given",
    },
    name: { value: "NAME", help: "for people; host name and process number if not given" },
    reconnect: {
      value: "SECONDS",
      help: "how long to look for a scheduler that is not there",
      default: "30",
    },
    "allow-modules": {
      value: "DIRS",
      help: `folders, separated by "${delimiter}", with modules whose exported functions clients may call; none if not given`,
    },
  },
  details: "The token is taken from HYPERSLAB_TOKEN.",
  run: (input) => serve("@hyperslab/worker/main", input.args, input),
};

/** Runs a server until it ends; gives its exit code. Ctrl-C and SIGTERM end it in order. */
function serve(module: string, args: readonly string[], { options }: Input): Promise<number> {
  const flags = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve(module)), ...args, ...flags], {
    stdio: "inherit",
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  // a terminal's Ctrl-C reaches the child by itself; a second one from here would cut its farewell short
  process.on("SIGTERM", forward);
  const kill = (): void => void child.kill("SIGKILL");
  process.on("exit", kill);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      process.off("SIGTERM", forward);
      process.off("exit", kill);
      resolve(code ?? 1);
    });
  });
}
