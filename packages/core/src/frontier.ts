/**
 * Owns what is left to do of a task graph: how many dependencies each task still waits for, which
 * tasks are ready (by priority), and whose blocks nobody needs any more. Pure state, no clock;
 * shared by the local executors and the scheduler.
 */
import { ReadySet } from "./ready-set.js";
import type { TaskGraph } from "./task-graph.js";

export interface Frontier {
  readonly graph: TaskGraph;
  /** Dependencies not in memory, by task. */
  readonly waiting: Int32Array;
  /** Dependents not finished, by task; output tasks count one more until they are taken. */
  readonly needed: Int32Array;
  /** Ready tasks, by priority. */
  readonly ready: ReadySet;
}

/** The state at the start: everything without dependencies is ready. */
export function frontierOf(graph: TaskGraph): Frontier {
  const { taskCount, dependencyStart, dependentStart } = graph;
  const waiting = new Int32Array(taskCount);
  const needed = new Int32Array(taskCount);
  const ready = new ReadySet(taskCount);
  const frontier: Frontier = { graph, waiting, needed, ready };
  if (graph.dependencies.length === 0) ready.fill(taskCount);
  else
    for (let task = 0; task < taskCount; task++) {
      waiting[task] = dependencyStart[task + 1] - dependencyStart[task];
      needed[task] = dependentStart[task + 1] - dependentStart[task];
      if (waiting[task] === 0) pushReady(frontier, task);
    }
  for (const stage of new Set(graph.plan.outputs))
    for (let task = graph.firstTask[stage]; task < graph.firstTask[stage + 1]; task++) needed[task]++;
  return frontier;
}

/** The ready task to run next; undefined where none is ready. */
export function takeReady({ ready, graph }: Frontier): number | undefined {
  const rank = ready.takeFirst();
  return rank < 0 ? undefined : graph.order[rank];
}

/** Puts a task that can't run now back among the ready ones. */
export function pushReady({ ready, graph }: Frontier, task: number): void {
  ready.add(graph.priority[task]);
}

/** Marks a task as done. Gives the tasks whose blocks nobody needs any more; new ready ones join the set. */
export function finishTask(frontier: Frontier, task: number): number[] {
  const { graph, waiting, needed } = frontier;
  for (let e = graph.dependentStart[task]; e < graph.dependentStart[task + 1]; e++) {
    const dependent = graph.dependents[e];
    if (--waiting[dependent] === 0) pushReady(frontier, dependent);
  }
  const free: number[] = needed[task] === 0 ? [task] : [];
  for (let e = graph.dependencyStart[task]; e < graph.dependencyStart[task + 1]; e++) {
    const dependency = graph.dependencies[e];
    if (--needed[dependency] === 0) free.push(dependency);
  }
  return free;
}

/** Marks an output block as delivered. True where its memory can go. */
export function takeOutput(frontier: Frontier, task: number): boolean {
  return --frontier.needed[task] === 0;
}
