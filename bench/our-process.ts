/** Owns our side of a comparison, as a process: it opens one case and runs it when asked. Its far end: `side.ts`. */
import { createReadStream, createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Place, Running, Variant } from "./case.js";
import { caseNamed } from "./cases/order.js";

type Request =
  | { readonly do: "open"; readonly case: string; readonly variant: Variant; readonly place: Place }
  | { readonly do: "run"; readonly repeat: number }
  | { readonly do: "outcome"; readonly path: string }
  | { readonly do: "close" };

let running: Running | undefined;

async function answer(request: Request): Promise<object> {
  switch (request.do) {
    case "open": {
      running = await caseNamed(request.case).open(request.variant, request.place);
      return {};
    }
    case "run": {
      if (!running) throw new Error("nothing is open");
      const own: number[] = [];
      const start = performance.now();
      for (let i = 0; i < request.repeat; i++) {
        const seconds = await running.run();
        if (typeof seconds === "number") own.push(seconds);
      }
      const whole = (performance.now() - start) / 1000;
      return { seconds: (own.length ? own.reduce((a, b) => a + b, 0) : whole) / request.repeat, whole };
    }
    case "outcome": {
      if (!running) throw new Error("nothing is open");
      const { data, facts = {}, bytes } = await running.outcome();
      await writeFile(request.path, data);
      if (bytes) await writeFile(`${request.path}.bytes`, bytes);
      return { facts, elements: elementsOf(data) };
    }
    case "close":
      await running?.close?.();
      return {};
  }
}

/** Name of the elements' dtype, for who reads the file. */
function elementsOf(data: TypedArray): string {
  return data.constructor.name.replace("Array", "");
}

async function main(): Promise<void> {
  const replies = createWriteStream("", { fd: 3 });
  for await (const line of createInterface({ input: createReadStream("", { fd: 0 }) })) {
    const request = JSON.parse(line) as Request;
    let reply: object;
    try {
      reply = await answer(request);
    } catch (error) {
      reply = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    await new Promise((resolve) => replies.write(`${JSON.stringify(reply)}\n`, resolve));
    if (request.do === "close") process.exit(0);
  }
}

void main();
