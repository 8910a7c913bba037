/** Owns the form of a command, and the reading of its arguments and options. */
import { ArgumentError } from "@hyperslab/core/errors";
import { type ParseArgsConfig, parseArgs } from "node:util";

/** An option: `--name VALUE`, or `--name` alone where it has no `value`. */
export interface Option {
  /** What stands for the value in the help, for example `N`; none for a switch. */
  readonly value?: string;
  /** One letter that stands for the name: `-o`. */
  readonly short?: string;
  readonly help: string;
  readonly default?: string;
}

export interface Command {
  readonly name: string;
  /** For the list of commands. */
  readonly summary: string;
  /** Names of the arguments, all required, for example `["SRC", "DST.zarr"]`. */
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
  /** Longer text for `--help`. */
  readonly details?: string;
  /** The work; gives the exit code. */
  run(input: Input): Promise<number>;
}

/** What the user gave. */
export interface Input {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A line that can't be understood: exit code 2. */
export class UsageError extends Error {}

/** Reads the words after the command's name. @throws UsageError */
export function readInput(command: Command, words: readonly string[], signal: AbortSignal): Input {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, option] of Object.entries(command.options))
    options[name] = {
      type: option.value ? "string" : "boolean",
      ...(option.short ? { short: option.short } : {}),
    };
  let parsed;
  try {
    parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (parsed.positionals.length !== command.arguments.length)
    throw new UsageError(
      `${command.name} takes ${command.arguments.join(" ") || "no arguments"}, found ${parsed.positionals.length ? parsed.positionals.join(" ") : "none"}`,
    );
  const values: Record<string, string | boolean | undefined> = {};
  for (const [name, option] of Object.entries(command.options))
    values[name] = (parsed.values[name] as string | boolean | undefined) ?? option.default;
  return { args: parsed.positionals, options: values, signal };
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const words = ["hyperslab", command.name, ...command.arguments];
  const rows = Object.entries(command.options).map(([name, option]) => {
    const left = `  ${option.short ? `-${option.short}, ` : ""}--${name}${option.value ? ` ${option.value}` : ""}`;
    return `${left.padEnd(26)} ${option.help}${option.default === undefined ? "" : ` (default ${option.default})`}`;
  });
  return [
    `${words.join(" ")}${rows.length ? " [options]" : ""}`,
    "",
    command.summary,
    ...(command.details ? ["", command.details] : []),
    ...(rows.length ? ["", "Options", ...rows] : []),
  ].join("\n");
}

/** A whole number above 0 from an option. @throws ArgumentError */
export function countOption(input: Input, name: string): number {
  const text = String(input.options[name]);
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new ArgumentError({ asked: `--${name} ${text}`, found: "not a whole number above 0" });
}
