/**
 * Owns the orders of one tick: the tasks that each worker gets, collected, and the instructions that
 * they become. A worker gets an outline and programs before the first task that needs them.
 */
import { stageOfTask } from "@hyperslab/core/task-graph";
import type { FetchOrder } from "@hyperslab/protocol/messages";
import type { SchedulerInstruction } from "./events.js";
import type { SchedulerState } from "./state.js";

interface Order {
  readonly worker: number;
  readonly job: number;
  readonly send: boolean;
  readonly tasks: number[];
  readonly fetch: { readonly from: readonly number[]; readonly blocks: number[] }[];
}

export class Orders {
  readonly #orders = new Map<string, Order>();
  #last: Order | null = null;

  /** A worker gets a task. @param send its result is to be sent as soon as it is made */
  add(worker: number, job: number, task: number, send: boolean): void {
    let order = this.#last;
    if (!order || order.worker !== worker || order.job !== job || order.send !== send) {
      const key = `${worker} ${job} ${send}`;
      order = this.#orders.get(key) ?? { worker, job, send, tasks: [], fetch: [] };
      this.#orders.set(key, order);
      this.#last = order;
    }
    order.tasks.push(task);
  }

  /** For the task that was added last: it has to fetch a block, from one of these workers. */
  fetch(from: readonly number[], block: number): void {
    const groups = this.#last?.fetch ?? [];
    const group = groups.find(
      (one) => one.from.length === from.length && one.from.every((id, i) => id === from[i]),
    );
    if (group) group.blocks.push(block);
    else groups.push({ from, blocks: [block] });
  }

  /** Turns them into instructions. */
  send(state: SchedulerState, out: SchedulerInstruction[]): void {
    for (const { worker: id, job: jobId, send, tasks, fetch } of this.#orders.values()) {
      const worker = state.workers.get(id);
      const job = state.jobs.get(jobId);
      if (!worker || !job) continue;
      let known = worker.programs.get(jobId);
      if (!known) {
        known = new Set();
        worker.programs.set(jobId, known);
        out.push({ kind: "SendJob", worker: id, job: jobId });
      }
      if (known.size < job.graph.plan.stages.length) {
        const stages = new Set<number>();
        for (const task of tasks) stages.add(stageOfTask(job.graph, task));
        const unknown = [...stages].filter((stage) => !known.has(stage));
        for (const stage of unknown) known.add(stage);
        if (unknown.length > 0) out.push({ kind: "SendPrograms", worker: id, job: jobId, stages: unknown });
      }
      const orders: FetchOrder[] = fetch;
      out.push({ kind: "SendTasks", worker: id, job: jobId, tasks, fetch: orders, send });
    }
  }
}
