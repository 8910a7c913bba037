/** Owns the `hyperslab` command: finds the command, runs it, turns errors into one clear line and an exit code. */
import { isHyperslabError } from "@hyperslab/core/errors";
import { type Command, helpOf, readInput, UsageError } from "./command.js";
import { convert } from "./convert.js";
import { demo } from "./demo.js";
import { info } from "./info.js";
import { scheduler, worker } from "./serve.js";

const COMMANDS: readonly Command[] = [demo, info, convert, scheduler, worker];

/** Exit code after Ctrl-C, as shells have it: 128 + SIGINT. */
const INTERRUPTED = 130;

/** Runs the command that the words name; gives the exit code: 0 done, 1 failed, 2 not understood, 130 interrupted. */
export async function main(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(overview());
    return name === undefined ? 2 : 0;
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
  const interrupt = (): void => {
    // a second Ctrl-C doesn't wait for anything
    if (abort.signal.aborted) process.exit(INTERRUPTED);
    abort.abort();
  };
  process.on("SIGINT", interrupt);
  try {
    return await command.run(readInput(command, rest, abort.signal));
  } catch (error) {
    return failure(command, error, abort.signal.aborted);
  } finally {
    process.off("SIGINT", interrupt);
  }
}

function failure(command: Command, error: unknown, interrupted: boolean): number {
  if (interrupted) {
    console.error(`hyperslab ${command.name}: interrupted`);
    return INTERRUPTED;
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
