/** Owns the translation between messages and a scheduler's events and instructions. Knows no socket. */
import { totalOf } from "@hyperslab/protocol/block-bytes";
import type {
  ClientMessage,
  Hello,
  ToClientMessage,
  ToWorkerMessage,
  WorkerMessage,
} from "@hyperslab/protocol/messages";
import { packRuns, unpackPairs, unpackRepeats, unpackRuns } from "@hyperslab/protocol/number-lists";
import type { SchedulerEvent, SchedulerInstruction, WorkerJoined } from "./events.js";

/** Results as they came from a worker: passed on to a client, and never looked into. */
export interface ResultPayload {
  readonly message: Extract<WorkerMessage, { type: "blocks" | "piece" }>;
  readonly parts: readonly Uint8Array[];
}

/** What a worker brings along. */
export function joinedEvent(worker: number, time: number, hello: Hello): WorkerJoined | null {
  const { role } = hello;
  if (role.kind !== "worker") return null;
  const { name, address, pid, threads, memory } = role;
  return { kind: "WorkerJoined", worker, time, name, address, pid, threads, memory };
}

/** What a worker reports. @throws ProtocolError for lists that are none */
export function workerEvent(
  worker: number,
  time: number,
  message: WorkerMessage,
  parts: readonly Uint8Array[],
): SchedulerEvent {
  switch (message.type) {
    case "started":
      return { kind: "TasksStarted", worker, time, job: message.job, tasks: unpackRuns(message.tasks) };
    case "finished": {
      const { job, tasks, bytes } = message;
      return {
        kind: "TasksFinished",
        worker,
        time,
        job,
        tasks: unpackRuns(tasks),
        bytes: unpackRepeats(bytes),
        spent: unpackPairs(message.spent),
      };
    }
    case "failed":
      return { kind: "TaskFailed", worker, time, job: message.job, task: message.task, error: message.error };
    case "fetched": {
      const { job, blocks, bytes } = message;
      return {
        kind: "BlocksFetched",
        worker,
        time,
        job,
        blocks: unpackRuns(blocks),
        bytes: unpackRepeats(bytes),
      };
    }
    case "returned": {
      const { job, tasks, missing, reason } = message;
      return {
        kind: "TasksReturned",
        worker,
        time,
        job,
        tasks: unpackRuns(tasks),
        missing: unpackRuns(missing),
        reason,
      };
    }
    case "blocks": {
      const payload: ResultPayload = { message, parts };
      return {
        kind: "ResultsArrived",
        worker,
        time,
        job: message.job,
        blocks: unpackRuns(message.blocks),
        payload,
      };
    }
    case "piece": {
      const { job, block, at, total } = message;
      const payload: ResultPayload = { message, parts };
      const blocks = at + totalOf(parts) >= total ? [block] : [];
      return { kind: "ResultsArrived", worker, time, job, blocks, payload };
    }
    case "no-result":
      return { kind: "ResultsMissed", worker, time, job: message.job, blocks: unpackRuns(message.blocks) };
    case "stats":
      return { kind: "WorkerMeasured", worker, time, rss: message.rss };
  }
}

/** What a client says of its runs. @throws ProtocolError for lists that are none */
export function clientEvent(
  client: number,
  time: number,
  message: Exclude<ClientMessage, { type: "submit" | "ask-status" }>,
): SchedulerEvent {
  const { ref } = message;
  switch (message.type) {
    case "cancel":
      return { kind: "JobCancelled", client, time, ref };
    case "steer":
      return { kind: "JobSteered", client, time, ref, paused: message.paused, priority: message.priority };
    case "taken":
      return { kind: "ResultsTaken", client, time, ref, bytes: message.bytes };
    case "results-fetched":
      return { kind: "ResultsFetched", client, time, ref, blocks: unpackRuns(message.blocks) };
    case "fetch-failed": {
      const { worker, answered } = message;
      return { kind: "FetchFailed", client, time, ref, blocks: unpackRuns(message.blocks), worker, answered };
    }
  }
}

/** The instructions that are one message without parts to a worker. */
type WorkerInstruction = Extract<
  SchedulerInstruction,
  { kind: "SendTasks" | "ReleaseBlocks" | "RequestResults" | "ForgetJob" | "SendPeers" }
>;

export function workerMessage(instruction: WorkerInstruction): ToWorkerMessage {
  switch (instruction.kind) {
    case "SendTasks": {
      const { job, tasks, send } = instruction;
      const fetch = instruction.fetch.map(({ from, blocks }) => ({ from, blocks: packRuns(blocks) }));
      return { type: "tasks", job, tasks: packRuns(tasks), fetch, send };
    }
    case "ReleaseBlocks":
      return { type: "release", job: instruction.job, blocks: packRuns(instruction.blocks) };
    case "RequestResults":
      return { type: "send-results", job: instruction.job, blocks: packRuns(instruction.blocks) };
    case "ForgetJob":
      return { type: "forget-job", job: instruction.job };
    case "SendPeers":
      return { type: "peers", joined: instruction.joined, left: instruction.left };
  }
}

/** The instructions that are one message to a client. */
type ClientInstruction = Extract<
  SchedulerInstruction,
  { kind: "TellStarted" | "TellProgress" | "TellSpent" | "TellPlace" | "TellFinished" | "TellFailed" }
>;

export function clientMessage(instruction: ClientInstruction): ToClientMessage {
  const { ref } = instruction;
  switch (instruction.kind) {
    case "TellStarted":
      return { type: "job-started", ref, job: instruction.job, tasks: instruction.tasks };
    case "TellProgress":
      return { type: "progress", ref, tasks: packRuns(instruction.tasks) };
    case "TellSpent": {
      const { tasks, time, bytes } = instruction;
      return { type: "spent", ref, tasks, time, bytes };
    }
    case "TellPlace": {
      const { job, holder, blocks } = instruction;
      return { type: "results-at", ref, job, holder, blocks: packRuns(blocks) };
    }
    case "TellFinished":
      return { type: "job-finished", ref };
    case "TellFailed":
      return { type: "job-failed", ref, error: instruction.error };
  }
}

/** A worker's results, as the client's. */
export function relayedMessage(ref: number, { message }: ResultPayload): ToClientMessage {
  if (message.type === "blocks") return { type: "results", ref, blocks: message.blocks };
  const { block, at, total, crc } = message;
  return { type: "result-piece", ref, block, at, total, crc };
}
