/** Owns the translation between messages and a scheduler's events and instructions. Knows no socket. */
import type { Hello, ToClientMessage, ToWorkerMessage, WorkerMessage } from "@hyperslab/protocol/messages";
import type { SchedulerEvent, SchedulerInstruction, WorkerJoined } from "./events.js";

/** What a worker brings along. */
export function joinedEvent(worker: number, time: number, hello: Hello): WorkerJoined | null {
  const { role } = hello;
  if (role.kind !== "worker") return null;
  const { name, address, pid, threads, memory } = role;
  return { kind: "WorkerJoined", worker, time, name, address, pid, threads, memory };
}

/** What a worker reports. */
export function workerEvent(
  worker: number,
  time: number,
  message: WorkerMessage,
  parts: readonly Uint8Array[],
): SchedulerEvent {
  switch (message.type) {
    case "started":
      return { kind: "TasksStarted", worker, time, job: message.job, tasks: message.tasks };
    case "finished":
      return {
        kind: "TasksFinished",
        worker,
        time,
        job: message.job,
        tasks: message.tasks,
        bytes: message.bytes,
      };
    case "failed":
      return { kind: "TaskFailed", worker, time, job: message.job, task: message.task, error: message.error };
    case "fetched":
      return {
        kind: "BlocksFetched",
        worker,
        time,
        job: message.job,
        blocks: message.blocks,
        bytes: message.bytes,
      };
    case "returned": {
      const { job, tasks, missing, reason } = message;
      return { kind: "TasksReturned", worker, time, job, tasks, missing, reason };
    }
    case "result": {
      const { job, block, bytes, heads } = message;
      return { kind: "ResultArrived", worker, time, job, block, bytes, payload: { heads, parts } };
    }
    case "no-result":
      return { kind: "ResultMissed", worker, time, job: message.job, block: message.block };
    case "stats":
      return { kind: "WorkerMeasured", worker, time, rss: message.rss };
  }
}

/** The instructions that are one message without parts to a worker. */
type WorkerInstruction = Extract<
  SchedulerInstruction,
  { kind: "SendTasks" | "ReleaseBlocks" | "RequestResults" | "ForgetJob" | "SendPeers" }
>;

export function workerMessage(instruction: WorkerInstruction): ToWorkerMessage {
  switch (instruction.kind) {
    case "SendTasks":
      return { type: "tasks", job: instruction.job, tasks: instruction.tasks };
    case "ReleaseBlocks":
      return { type: "release", job: instruction.job, blocks: instruction.blocks };
    case "RequestResults":
      return { type: "send-results", job: instruction.job, blocks: instruction.blocks };
    case "ForgetJob":
      return { type: "forget-job", job: instruction.job };
    case "SendPeers":
      return { type: "peers", joined: instruction.joined, left: instruction.left };
  }
}

/** The instructions that are one message without parts to a client. */
type ClientInstruction = Extract<
  SchedulerInstruction,
  { kind: "TellStarted" | "TellProgress" | "TellFinished" | "TellFailed" }
>;

export function clientMessage(instruction: ClientInstruction): ToClientMessage {
  const { ref } = instruction;
  switch (instruction.kind) {
    case "TellStarted":
      return { type: "job-started", ref, job: instruction.job, tasks: instruction.tasks };
    case "TellProgress":
      return { type: "progress", ref, tasks: instruction.tasks };
    case "TellFinished":
      return { type: "job-finished", ref };
    case "TellFailed":
      return { type: "job-failed", ref, error: instruction.error };
  }
}
