/**
 * A Python script that answers question after question, since starting Python with its libraries takes longer than
 * most answers. It is given a JSON list of arguments in each line of its input, and writes one line of JSON for each.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { afterAll } from "vitest";

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class PythonProcess {
  readonly #script: string;
  #child: ChildProcessByStdio<Writable, Readable, Readable> | null = null;
  #waiting: Waiting[] = [];
  #errors = "";

  /** Call it at the top of a module: the process, started with the first question, ends with the file of tests. */
  constructor(script: string) {
    this.#script = script;
    afterAll(() => this.#close());
  }

  /** The answer, as the script's head comment has it. @throws Error with what Python printed, where it failed */
  ask<T>(python: string, ...args: readonly (string | number)[]): Promise<T> {
    const child = (this.#child ??= this.#start(python));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (answer: unknown) => void, reject });
      child.stdin.write(`${JSON.stringify(args.map(String))}\n`);
    });
  }

  #start(python: string): ChildProcessByStdio<Writable, Readable, Readable> {
    const child = spawn(python, [this.#script, "serve"], { stdio: ["pipe", "pipe", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    createInterface(child.stdout).on("line", (line) => this.#waiting.shift()?.resolve(JSON.parse(line)));
    const fail = (reason: string): void => {
      this.#child = null;
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${reason}\n${this.#errors}`));
    };
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => fail(error.message));
    child.on("close", (code) => fail(`Python ended with ${code}`));
    return child;
  }

  async #close(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.stdin.end();
    await ended;
  }
}
