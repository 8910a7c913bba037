/** Owns the `hyperslab` command: finds the command, runs it, turns errors into one clear line and an exit code. */
import { isHyperslabError } from "@hyperslab/core/errors";
import { type Command, helpOf, readInput, UsageError } from "./command.js";
import { readFileSync } from "node:fs";
import { convert } from "./convert.js";
import { demo } from "./demo.js";
import { info } from "./info.js";
import { manifest } from "./manifest.js";
import { scheduler, worker } from "./serve.js";

const COMMANDS: readonly Command[] = [demo, info, manifest, convert, scheduler, worker];

/** Exit codes of what was ended from outside, as shells have them: 128 + the number of the signal. */
const ENDED = { SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 } as const;

/** Runs the command that the words name; gives the exit code: 0 done, 1 failed, 2 not understood, 130 Ctrl-C, 143 SIGTERM. */
export async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "version") {
    console.log(version());
    return 0;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (!command) {
    console.error(
      `hyperslab ${name}: no such command; there are ${COMMANDS.map((one) => one.name).join(", ")}`,
    );
    return 2;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    console.log(helpOf(command));
    return 0;
  }
  const abort = new AbortController();
  let ended: keyof typeof ENDED | null = null;
  const interrupt = (signal: keyof typeof ENDED): void => {
    // a second Ctrl-C doesn't wait for anything
    if (ended && signal !== "SIGPIPE") process.exit(ENDED[signal]);
    ended ??= signal;
    abort.abort();
  };
  const onSignal = (signal: NodeJS.Signals): void => interrupt(signal === "SIGTERM" ? "SIGTERM" : "SIGINT");
  // whoever read the output (`| head`) has left: what was begun is given up, in order
  const onOutputError = (): void => interrupt("SIGPIPE");
  const isServer = command === scheduler || command === worker;
  process.on("SIGINT", onSignal);
  if (!isServer) process.on("SIGTERM", onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", onOutputError);
  process.on("warning", onWarning);
  try {
    return await command.run(readInput(command, rest, abort.signal));
  } catch (error) {
    return failure(command, error, ended);
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    process.off("warning", onWarning);
  }
}

function version(): string {
  const { version: own } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return own;
}

/** Warnings of the library, without what Node puts around them (bin/hyperslab.js turns that off). */
function onWarning(warning: Error): void {
  console.error(warning.name === "HyperslabWarning" ? `warning: ${warning.message}` : String(warning));
}

function failure(command: Command, error: unknown, ended: keyof typeof ENDED | null): number {
  if (ended) {
    console.error(`hyperslab ${command.name}: interrupted`);
    return ENDED[ended];
  }
  if (error instanceof UsageError) {
    console.error(`hyperslab ${command.name}: ${error.message}\n\n${helpOf(command)}`);
    return 2;
  }
  const message = isHyperslabError(error) ? `${error.tag}: ${error.message}` : error;
  console.error(`hyperslab ${command.name}:`, message);
  if (isHyperslabError(error)) for (const cause of causes(error)) console.error(`  because ${cause}`);
  return 1;
}

/** The messages of all causes, those left out that the message above already says. */
function causes(error: Error): string[] {
  const out: string[] = [];
  let above = error.message;
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (!above.includes(cause.message)) out.push(cause.message);
    above = cause.message;
  }
  return out;
}

function overview(): string {
  const rows = COMMANDS.map((one) => `  ${[one.name, ...one.arguments].join(" ").padEnd(22)} ${one.summary}`);
  return [
    "hyperslab: labelled N-dimensional arrays, lazily, here or on a cluster",
    "",
    "Commands",
    ...rows,
    "",
    "hyperslab COMMAND --help says more.",
  ].join("\n");
}
