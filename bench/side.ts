/**
 * Owns one side of a comparison: a process that speaks JSON lines, requests on its standard input and
 * replies on file descriptor 3. Ours and the peer's are alike; `our-process.ts` and `peers/main.py` are the far ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { freemem, totalmem } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { Facts } from "./case.js";
import { type TreeUse, watched } from "./process-tree.js";

export interface Reply {
  readonly error?: string;
  /** Of one run. */
  readonly seconds?: number;
  /** Of the request. */
  readonly whole?: number;
  readonly name?: string;
  readonly version?: string;
  readonly facts?: Facts;
  /** Of an outcome: which typed array the file holds, `Float32`; `Float64` where not said. */
  readonly elements?: string;
}

/** Bytes that a side may take: others may be on this machine. */
function mostMemory(): number {
  return Math.min(totalmem() / 2, 0.7 * freemem());
}

/** A side that has failed at a request: the row goes on without it. */
export class SideError extends Error {}

export class Side {
  readonly #process: ChildProcess;
  readonly #who: string;
  readonly #most: number = mostMemory();
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | null = null;
  #ended: SideError | null = null;

  constructor(who: string, command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#who = who;
    // what a side prints is for people, and must not get among the replies
    this.#process = spawn(command, args, {
      stdio: ["pipe", process.stderr, process.stderr, "pipe"],
      env: { ...process.env, ...environment },
    });
    const replies = createInterface({ input: this.#process.stdio[3] as Readable });
    replies.on("line", (line) => {
      const waiting = this.#waiting;
      this.#waiting = null;
      const reply = JSON.parse(line) as Reply;
      if (reply.error === undefined) waiting?.resolve(reply);
      else waiting?.reject(new SideError(`${who}: ${reply.error}`));
    });
    const end = (how: string): void => {
      this.#ended ??= new SideError(`${who} ended (${how})`);
      this.#waiting?.reject(this.#ended);
    };
    this.#process.on("error", (error) => end(error.message));
    this.#process.on("exit", (code, signal) => end(signal ?? `code ${code}`));
  }

  /** One request, and its reply. @throws SideError */
  ask(request: object): Promise<Reply> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** `repeat` runs in a row: seconds and processor time of one, and what the process tree used. */
  async run(repeat: number): Promise<{ seconds: number; whole: number; use: TreeUse }> {
    const ask = (): Promise<Reply> => this.ask({ do: "run", repeat });
    const onMemory = (bytes: number): void => {
      if (bytes > this.#most)
        this.#endEarly(`took more than ${(this.#most / 2 ** 30).toFixed(1)} GiB of memory`);
    };
    const [{ seconds, whole = 0 }, { memory, cpu }] = await watched(this.#process.pid ?? 0, ask, onMemory);
    if (seconds === undefined) throw new SideError(`${this.#who} gave no time`);
    return { seconds, whole, use: { memory, cpu: cpu === null ? null : cpu / repeat } };
  }

  /** A side that takes the machine's memory is ended before the system starts to end others. */
  #endEarly(reason: string): void {
    this.#ended ??= new SideError(`${this.#who} ${reason}`);
    this.#waiting?.reject(this.#ended);
    this.#waiting = null;
    this.#process.kill("SIGKILL");
  }

  /** Ends the process: by its own means, or at once where it doesn't. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const gone = new Promise<void>((resolve) => this.#process.once("exit", () => resolve()));
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    await this.ask({ do: "close" }).catch(() => undefined);
    this.#process.stdin?.end();
    await gone;
    clearTimeout(timer);
  }
}
