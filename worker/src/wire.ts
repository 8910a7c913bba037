/** Owns the translation of a scheduler's messages into a worker's events. Knows no socket. */
import { ProtocolError } from "@hyperslab/core/errors";
import type { ToWorkerMessage } from "@hyperslab/protocol/messages";
import { outlineFromBytes, programFromBytes } from "@hyperslab/protocol/program-bytes";
import type { WorkerEvent } from "./events.js";

/** What the scheduler says. @throws ProtocolError where parts are missing or hold something else */
export function schedulerEvent(
  message: Exclude<ToWorkerMessage, { type: "retire" }>,
  parts: readonly Uint8Array[],
): WorkerEvent {
  switch (message.type) {
    case "peers":
      return { kind: "PeersChanged", joined: message.joined, left: message.left };
    case "job":
      expectParts(message.type, parts, 1);
      return { kind: "JobReceived", job: message.job, outline: outlineFromBytes(parts[0]) };
    case "programs":
      expectParts(message.type, parts, message.stages.length);
      return {
        kind: "ProgramsReceived",
        job: message.job,
        stages: message.stages,
        programs: parts.map(programFromBytes),
      };
    case "tasks":
      return { kind: "TasksReceived", job: message.job, tasks: message.tasks };
    case "release":
      return { kind: "BlocksReleased", job: message.job, blocks: message.blocks };
    case "send-results":
      return { kind: "ResultsRequested", job: message.job, blocks: message.blocks };
    case "forget-job":
      return { kind: "JobForgotten", job: message.job };
  }
}

function expectParts(type: string, parts: readonly Uint8Array[], count: number): void {
  if (parts.length !== count)
    throw new ProtocolError({
      asked: `read a message "${type}"`,
      found: `${parts.length} parts, not ${count}`,
    });
}
