/**
 * Owns the watching of a process and all below it, from outside: resident bytes at their peak, and
 * processor time, which tells the truth where others use the machine too. Linux only.
 */
import { readFileSync, readdirSync } from "node:fs";

const PAGE = 4096;
/** Of the kernel's clock; Linux has had no other for user space in decades. */
const TICKS_PER_SECOND = 100;
const EVERY = 25;

/** What is known of a process tree at a moment; nulls where the system does not say. */
export interface TreeUse {
  /** Resident bytes. */
  readonly memory: number | null;
  /** Seconds of processor time of the processes that are there, since they started. */
  readonly cpu: number | null;
}

export function treeUse(pid: number): TreeUse {
  try {
    let memory = Number(read(pid, "statm").split(" ")[1]) * PAGE;
    // the name of the program stands in parentheses, and may have spaces
    const [, fields] = read(pid, "stat").split(/\) (?!.*\) )/s);
    const times = fields.split(" ");
    let cpu = (Number(times[11]) + Number(times[12])) / TICKS_PER_SECOND;
    for (const child of childrenOf(pid)) {
      const below = treeUse(child);
      memory += below.memory ?? 0;
      cpu += below.cpu ?? 0;
    }
    return { memory, cpu };
  } catch {
    return { memory: null, cpu: null };
  }
}

function read(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, "latin1");
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return read(pid, `task/${task}/children`).split(" ").filter(Boolean).map(Number);
    } catch {
      // the thread has ended meanwhile
      return [];
    }
  });
}

/** Watches while `work` goes on: its result, the peak of memory, and the processor time it took. */
export async function watched<T>(
  pid: number,
  work: () => Promise<T>,
  onMemory: (bytes: number) => void,
): Promise<[T, TreeUse]> {
  const before = treeUse(pid);
  let peak = before.memory;
  const look = (): TreeUse => {
    const now = treeUse(pid);
    if (now.memory !== null && now.memory > (peak ?? 0)) peak = now.memory;
    return now;
  };
  const timer = setInterval(() => onMemory(look().memory ?? 0), EVERY);
  try {
    const result = await work();
    const { cpu } = look();
    return [result, { memory: peak, cpu: cpu === null || before.cpu === null ? null : cpu - before.cpu }];
  } finally {
    clearInterval(timer);
  }
}
