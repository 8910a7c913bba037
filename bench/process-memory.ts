/** Owns the watching of a process tree's memory, from outside: resident bytes, summed, at their peak. Linux only. */
import { readFileSync, readdirSync } from "node:fs";

const PAGE = 4096;
const EVERY = 25;

/** Resident bytes of a process and all below it; null where the system does not say. */
export function treeMemory(pid: number): number | null {
  try {
    const resident = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE;
    let below = 0;
    for (const task of readdirSync(`/proc/${pid}/task`))
      for (const child of childrenOf(pid, task)) below += treeMemory(child) ?? 0;
    return resident + below;
  } catch {
    return null;
  }
}

function childrenOf(pid: number, task: string): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Watches while `work` goes on, and gives its result and the peak. */
export async function withPeakMemory<T>(pid: number, work: () => Promise<T>): Promise<[T, number | null]> {
  let peak: number | null = treeMemory(pid);
  const look = (): void => {
    const now = treeMemory(pid);
    if (now !== null && now > (peak ?? 0)) peak = now;
  };
  const timer = setInterval(look, EVERY);
  try {
    const result = await work();
    look();
    return [result, peak];
  } finally {
    clearInterval(timer);
  }
}
