/**
 * Owns the check of messages that come in: every field has the form that `messages.ts` says, so
 * that the code behind never meets a message it can't handle. The compiler keeps both in step.
 */
import { ProtocolError } from "@hyperslab/core/errors";
import type {
  ClientMessage,
  Greeting,
  Message,
  PeerMessage,
  ToClientMessage,
  ToWorkerMessage,
  WorkerMessage,
} from "./messages.js";

/** What a field holds; `data` is looked at by whoever reads it. */
type Kind = "number" | "string" | "boolean" | "numbers" | "bytes" | "list" | "data";

/** The fields of every message that one side may send. */
export type Shapes<M extends Message> = {
  readonly [T in M["type"]]: { readonly [F in Exclude<keyof Extract<M, { type: T }>, "type">]: Kind };
};

export const GREETING: Shapes<Greeting> = {
  hello: { protocol: "string", version: "number", features: "list", role: "data" },
  welcome: { version: "number", features: "list", id: "number" },
  refused: { error: "data" },
};

export const FROM_CLIENT: Shapes<ClientMessage> = {
  submit: { ref: "number", name: "string", window: "number", progress: "boolean", priority: "number" },
  cancel: { ref: "number" },
  steer: { ref: "number", paused: "boolean", priority: "number" },
  "results-fetched": { ref: "number", blocks: "bytes" },
  "fetch-failed": { ref: "number", blocks: "bytes", worker: "number", answered: "boolean" },
  taken: { ref: "number", bytes: "number" },
  "ask-status": { ref: "number" },
};

export const TO_CLIENT: Shapes<ToClientMessage> = {
  "job-started": { ref: "number", job: "number", tasks: "number" },
  progress: { ref: "number", tasks: "bytes" },
  spent: { ref: "number", tasks: "numbers", time: "numbers", bytes: "numbers" },
  results: { ref: "number", blocks: "bytes" },
  "result-piece": { ref: "number", block: "number", at: "number", total: "number", crc: "number" },
  "results-at": { ref: "number", job: "number", holder: "data", blocks: "bytes" },
  "job-finished": { ref: "number" },
  "job-failed": { ref: "number", error: "data" },
  status: { ref: "number", status: "data" },
};

export const TO_WORKER: Shapes<ToWorkerMessage> = {
  peers: { joined: "list", left: "numbers" },
  job: { job: "number" },
  programs: { job: "number", stages: "numbers" },
  tasks: { job: "number", tasks: "bytes", fetch: "list", send: "boolean" },
  release: { job: "number", blocks: "bytes" },
  "send-results": { job: "number", blocks: "bytes" },
  "forget-job": { job: "number" },
  retire: { reason: "string" },
};

export const FROM_WORKER: Shapes<WorkerMessage> = {
  started: { job: "number", tasks: "bytes" },
  finished: { job: "number", tasks: "bytes", bytes: "bytes", spent: "bytes" },
  failed: { job: "number", task: "number", error: "data" },
  fetched: { job: "number", blocks: "bytes", bytes: "bytes" },
  returned: { job: "number", tasks: "bytes", missing: "bytes", reason: "string" },
  blocks: { job: "number", blocks: "bytes" },
  piece: { job: "number", block: "number", at: "number", total: "number", crc: "number" },
  "no-result": { job: "number", blocks: "bytes" },
  stats: { stored: "number", running: "number", rss: "number" },
};

export const PEER: Shapes<PeerMessage> = {
  get: { job: "number", blocks: "bytes", from: "number" },
  blocks: { job: "number", blocks: "bytes" },
  piece: { job: "number", block: "number", at: "number", total: "number", crc: "number" },
  missing: { job: "number", blocks: "bytes" },
  "offer-file": { path: "string", check: "string" },
  "accept-file": {},
  "file-piece": {
    job: "number",
    block: "number",
    at: "number",
    total: "number",
    slot: "number",
    length: "number",
  },
  "free-slot": { slot: "number" },
};

/** The message, where it is one of `shapes`. @throws ProtocolError */
export function checkMessage<M extends Message>(shapes: Shapes<M>, value: unknown): M {
  const fields = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const type = String(fields["type"]);
  const shape = Object.hasOwn(shapes, type) ? shapes[type as M["type"]] : undefined;
  if (!shape)
    throw new ProtocolError({
      asked: "read a message",
      found: `"${type.slice(0, 40)}"`,
      hint: `known here are ${Object.keys(shapes).join(", ")}`,
    });
  for (const [field, kind] of Object.entries(shape) as [string, Kind][])
    if (!fits(kind, fields[field]))
      throw new ProtocolError({
        asked: `read a message "${type}"`,
        found: `a field ${field} that is no ${kind}`,
      });
  return value as M;
}

function fits(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "string":
    case "boolean":
      return typeof value === kind;
    case "numbers":
      return Array.isArray(value) && value.every((item) => typeof item === "number");
    case "bytes":
      return value instanceof Uint8Array;
    case "list":
      return Array.isArray(value);
    case "data":
      return typeof value === "object" && value !== null;
  }
}
