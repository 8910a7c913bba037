/**
 * Owns the start of a scheduler as a process: flags, environment, signals. Started by a parent
 * (`fork`), it reports its address there and ends with it.
 */
import { parseArgs } from "node:util";
import { TOKEN_VARIABLE } from "@hyperslab/protocol/token";
import { startScheduler } from "./server.js";

const USAGE = `hyperslab-scheduler [--host 127.0.0.1] [--port 8786]

  --host       address to listen on; 127.0.0.1 (this machine alone) by default
  --port       port for workers, clients and the dashboard; 0 for any
The token that every connection must bring is taken from ${TOKEN_VARIABLE}; without it a new one is made and printed.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8786" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new RangeError(`--port ${values.port}: not a port between 0 and 65535`);
  const token = process.env[TOKEN_VARIABLE];
  const scheduler = await startScheduler({ host: values.host, port, ...(token ? { token } : {}) });
  const end = (): void => {
    // whatever still hangs must not keep the process
    setTimeout(() => process.exit(0), 1_000).unref();
    void scheduler.close().then(() => process.exit(0));
  };
  process.on("SIGTERM", end);
  if (process.send) {
    // the terminal's Ctrl-C reaches the whole group: the parent decides what it means
    process.on("SIGINT", () => undefined);
    process.on("disconnect", () => process.exit(0));
    process.send({ kind: "ready", url: scheduler.url, dashboardUrl: scheduler.dashboardUrl });
  } else {
    process.on("SIGINT", end);
    if (!/^(127\.|::1$|localhost$)/.test(values.host))
      console.error(
        "connections are not encrypted: listen beyond this machine only in a network that you trust",
      );
    console.log(`scheduler at ${scheduler.url}\ndashboard at ${scheduler.dashboardUrl}`);
    if (!token) console.log(`${TOKEN_VARIABLE}=${scheduler.token}`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
