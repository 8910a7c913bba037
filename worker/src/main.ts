/**
 * Owns the start of a worker as a process: flags, environment, signals, coming back after the
 * scheduler was away. Started by a parent (`fork`), it ends with it.
 */
import { availableParallelism, hostname } from "node:os";
import { delimiter } from "node:path";
import { parseArgs } from "node:util";
import { isHyperslabError } from "@hyperslab/core/errors";
import { TOKEN_VARIABLE } from "@hyperslab/protocol/token";
import { availableMemory, parseBytes } from "./memory-limit.js";
import { type RunningWorker, startWorker } from "./server.js";

const USAGE = `hyperslab-worker <ws://scheduler:port> [--threads N] [--memory 4GiB] [--name NAME] [--reconnect SECONDS] [--allow-modules DIR]

  --threads    compute threads; as many as the machine runs at once by default
  --memory     for blocks and running tasks; 60 % of the machine's or container's memory by default
  --name       for people; host name and process id by default
  --reconnect  how long to look for a scheduler that is not there; 30 s by default
  --allow-modules  a folder with modules whose exported functions clients may call; may be given several times, or
               several separated by "${delimiter}"; none by default
The token is taken from ${TOKEN_VARIABLE}.
`;

/** The part of the memory that blocks and tasks may have; the rest is for Node itself. */
const SHARE = 0.6;

let worker: RunningWorker | null = null;
let ending = false;

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(code), 1_000).unref();
  await worker?.close();
  process.exit(code);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      threads: { type: "string" },
      memory: { type: "string" },
      name: { type: "string" },
      reconnect: { type: "string", default: "30" },
      "allow-modules": { type: "string", multiple: true, default: [] },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help || positionals.length > 1) {
    process.stdout.write(USAGE);
    return;
  }
  process.on("SIGTERM", () => void end(0));
  if (process.send) {
    // the terminal's Ctrl-C reaches the whole group: the parent decides what it means
    process.on("SIGINT", () => undefined);
    process.on("disconnect", () => process.exit(0));
  } else process.on("SIGINT", () => void end(0));
  const url = positionals[0] ?? (await urlFromParent());
  const patience = 1000 * Number(values.reconnect);
  if (!(patience >= 0)) throw new RangeError(`--reconnect ${values.reconnect}: not a number of seconds`);
  const threads = values.threads === undefined ? availableParallelism() : Number(values.threads);
  if (!Number.isInteger(threads) || threads < 1)
    throw new RangeError(`--threads ${values.threads}: not a number above 0`);
  const options = {
    url,
    token: process.env[TOKEN_VARIABLE] ?? "",
    name: values.name ?? `${hostname()}-${process.pid}`,
    threads,
    allowModules: values["allow-modules"].flatMap((folders) => folders.split(delimiter)).filter(Boolean),
    memory: values.memory === undefined ? Math.floor(SHARE * availableMemory()) : parseBytes(values.memory),
  };
  await work(options, patience);
}

/** Works for the scheduler; looks for it again for `patience` milliseconds where it is not there. */
async function work(options: Parameters<typeof startWorker>[0], patience: number): Promise<void> {
  let since = Date.now();
  for (let pause = 100; ; pause = Math.min(2 * pause, 2_000)) {
    try {
      worker = await startWorker(options);
      process.send?.({ kind: "joined" });
      const ended = await worker.ended;
      if (ending) return;
      if (ended.retired) return await end(0);
      await worker.close();
      worker = null;
      since = Date.now();
      pause = 100;
      if (patience === 0) throw new Error(ended.reason);
    } catch (error) {
      // a refusal stays one, and so does what is no address
      const refused =
        isHyperslabError(error, "ProtocolError") || /\btoken\b|not an address/.test(String(error));
      if (refused || Date.now() - since >= patience) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** The parent knows the address only once its scheduler listens; this process loads meanwhile. */
function urlFromParent(): Promise<string> {
  if (!process.send) throw new RangeError(`the address of the scheduler is missing\n\n${USAGE}`);
  return new Promise((resolve) => {
    process.once("message", (message: { url?: unknown }) => resolve(String(message.url)));
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  void end(1);
});
