/** Owns the translation between messages and a worker's events and instructions. Knows no socket. */
import { ProtocolError } from "@hyperslab/core/errors";
import type { ToWorkerMessage, WorkerMessage } from "@hyperslab/protocol/messages";
import { packPairs, packRepeats, packRuns, unpackRuns } from "@hyperslab/protocol/number-lists";
import { outlineFromBytes, programFromBytes } from "@hyperslab/protocol/program-bytes";
import type { WorkerEvent, WorkerInstruction } from "./events.js";

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
    case "tasks": {
      const { job, tasks, fetch, send } = message;
      const orders = fetch.map(({ from, blocks }) => ({ from, blocks: Array.from(unpackRuns(blocks)) }));
      return { kind: "TasksReceived", job, tasks: unpackRuns(tasks), fetch: orders, send };
    }
    case "release":
      return { kind: "BlocksReleased", job: message.job, blocks: unpackRuns(message.blocks) };
    case "send-results":
      return { kind: "ResultsRequested", job: message.job, blocks: unpackRuns(message.blocks) };
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

/** The instructions that are one message without parts to the scheduler. */
type Report = Extract<
  WorkerInstruction,
  { kind: "ReportStarted" | "ReportFinished" | "ReportFailed" | "ReportFetched" | "ReportReturned" }
>;

export function reportMessage(report: Report): WorkerMessage {
  const { job } = report;
  switch (report.kind) {
    case "ReportStarted":
      return { type: "started", job, tasks: packRuns(report.tasks) };
    case "ReportFinished": {
      const { tasks, bytes, spent } = report;
      return {
        type: "finished",
        job,
        tasks: packRuns(tasks),
        bytes: packRepeats(bytes),
        spent: packPairs(spent),
      };
    }
    case "ReportFailed":
      return { type: "failed", job, task: report.task, error: report.error };
    case "ReportFetched":
      return { type: "fetched", job, blocks: packRuns(report.blocks), bytes: packRepeats(report.bytes) };
    case "ReportReturned": {
      const { tasks, missing, reason } = report;
      return { type: "returned", job, tasks: packRuns(tasks), missing: packRuns(missing), reason };
    }
  }
}
