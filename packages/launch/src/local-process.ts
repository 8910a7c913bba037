/**
 * Owns one child process of a local cluster: how it is started, what it reports, how it ends. The
 * child ends by itself when this process does, however that happens: it watches the channel between them.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ClusterError } from "@hyperslab/core/errors";

/** How a child ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last that it wrote to its error output. */
  readonly output: string;
}

/** What children report: the scheduler its address, a worker that it has joined. */
export type ProcessReport =
  | { readonly kind: "ready"; readonly url: string; readonly dashboardUrl: string }
  | { readonly kind: "joined" };

/** How much of a child's error output is kept. */
const OUTPUT = 4096;
/** Milliseconds to wait for the rest of that output once a child has ended. */
const LAST_WORDS = 100;
/** Milliseconds that a child may take to end. */
const GRACE = 3_000;

export class LocalProcess {
  readonly name: string;
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #output = "";
  #end: ProcessEnd | null = null;

  /** @param module name of the module to run, as `import` resolves it */
  constructor(name: string, module: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name;
    this.#child = fork(fileURLToPath(import.meta.resolve(module)), args, {
      env: { ...process.env, ...env },
      // flags such as --inspect are for this process
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "json",
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-OUTPUT);
    });
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#end ??= { code, signal, output: this.#output.trim() };
        resolve(this.#end);
      };
      this.#child.on("exit", (code, signal) => {
        const pipe = this.#child.stderr;
        if (!pipe || pipe.readableEnded) return end(code, signal);
        // its last words may still be on their way; "close" would wait for ever after a disconnect
        const timer = setTimeout(end, LAST_WORDS, code, signal);
        pipe.once("end", () => {
          clearTimeout(timer);
          end(code, signal);
        });
      });
      this.#child.on("error", (error) => {
        this.#output += error.message;
        end(null, null);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get alive(): boolean {
    return this.#end === null;
  }

  /** Waits for a report. @throws ClusterError where the child ends first */
  report<K extends ProcessReport["kind"]>(kind: K): Promise<Extract<ProcessReport, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: unknown): void => {
        if ((message as ProcessReport | null)?.kind !== kind) return;
        this.#child.off("message", onMessage);
        resolve(message as Extract<ProcessReport, { kind: K }>);
      };
      this.#child.on("message", onMessage);
      void this.ended.then((end) => reject(endError(this.name, end)));
    });
  }

  send(message: Readonly<Record<string, string>>): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** Whether the child keeps this process alive. */
  hold(held: boolean): void {
    // the pipe is a socket, which its type does not say
    const pipe = this.#child.stderr as { ref?(): void; unref?(): void } | null;
    if (held) {
      this.#child.ref();
      this.#child.channel?.ref();
      pipe?.ref?.();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
      pipe?.unref?.();
    }
  }

  /** Asks the child to leave in order: a worker says farewell to its scheduler. */
  async retire(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#awaitEnd();
  }

  /** Ends the child now. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    else this.#child.kill("SIGTERM");
    await this.#awaitEnd();
  }

  async #awaitEnd(): Promise<void> {
    this.hold(true);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE);
    await this.ended;
    clearTimeout(timer);
  }
}

/** The error for a child that ended and should not have. */
export function endError(name: string, { code, signal, output }: ProcessEnd): ClusterError {
  const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
  return new ClusterError({ who: name, reason: output ? `${how}: ${output}` : how });
}
