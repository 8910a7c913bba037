/** Nothing of a local cluster is left behind, however the program that started it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { ArgumentError, ClusterError } from "@hyperslab/core/errors";
import { Cluster } from "@hyperslab/launch/cluster";
import type { ClusterEvent } from "@hyperslab/launch/local";
import { describe, expect, it } from "vitest";

/** A program that starts a cluster, prints the ids of all its processes, and then does `then`. */
function program(then: string): ChildProcess {
  const code = `
    import { Cluster } from ${JSON.stringify(import.meta.resolve("@hyperslab/launch/cluster"))};
    const cluster = await Cluster.local({ workers: 2, memory: "64MiB" });
    const workers = await cluster.workers();
    process.stdout.write(JSON.stringify(workers.map((worker) => worker.pid)) + "\\n");
    ${then}`;
  return spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "ignore"],
  });
}

async function idsOf(child: ChildProcess): Promise<number[]> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return JSON.parse(text) as number[];
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function expectGone(pids: readonly number[]): Promise<void> {
  for (let i = 0; i < 200 && pids.some(isAlive); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(pids.filter(isAlive)).toEqual([]);
}

describe("the processes of a local cluster", () => {
  it.each([
    ["comes to its end", "", null],
    ["throws", "throw new Error('x');", null],
    ["exits", "process.exit(3);", null],
    ["is interrupted", "setInterval(() => {}, 1000);", "SIGINT"],
    ["is told to end", "setInterval(() => {}, 1000);", "SIGTERM"],
    ["is killed", "setInterval(() => {}, 1000);", "SIGKILL"],
  ] as const)("are gone when the program %s", async (_, then, signal) => {
    const child = program(then);
    const pids = await idsOf(child);
    expect(pids).toHaveLength(2);
    if (signal) child.kill(signal);
    await new Promise((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.on("exit", resolve) : resolve(null),
    );
    await expectGone(pids);
  });

  it("are gone after close, which may come twice", async () => {
    const cluster = await Cluster.local({ workers: 1, memory: "64MiB" });
    const pids = (await cluster.workers()).map((worker) => worker.pid);
    await Promise.all([cluster.close(), cluster.close()]);
    await expectGone(pids);
    await expect(cluster.workers()).rejects.toThrow(ClusterError);
    await expect(cluster.scale(2)).rejects.toThrow(/was closed/);
  });

  it("end with the scheduler, and runs with an error", async () => {
    const cluster = await Cluster.local({ workers: 1, memory: "64MiB" });
    const [{ pid }] = await cluster.workers();
    // workers know their scheduler's process only by its socket: end it as a crash would
    const { execFileSync } = await import("node:child_process");
    const parent = execFileSync("ps", ["-o", "pid=,ppid=,args=", "--ppid", String(process.pid)]).toString();
    const line = parent.split("\n").find((text) => /scheduler\/dist\/main\.js --port 0/.test(text));
    process.kill(Number(line?.trim().split(/\s+/)[0]), "SIGKILL");
    await expectGone([pid]);
    await expect(cluster.workers()).rejects.toThrow(ClusterError);
    await cluster.close();
  });
});

describe("starting a local cluster", () => {
  it("takes no nonsense", async () => {
    await expect(Cluster.local({ workers: -1 })).rejects.toThrow(ArgumentError);
    await expect(Cluster.local({ threads: 0 })).rejects.toThrow(ArgumentError);
    await expect(Cluster.local({ workers: 1, memory: "lots" })).rejects.toThrow(
      /memory "lots": no amount of bytes/,
    );
  });

  it("may start without workers, and get some later", async () => {
    const cluster = await Cluster.local({ workers: 0, memory: "64MiB" });
    expect(await cluster.workers()).toEqual([]);
    await cluster.scale(1);
    expect(await cluster.workers()).toHaveLength(1);
    await cluster.close();
  });

  it("gives up on workers that keep dying, and says so", async () => {
    const died: ClusterEvent[] = [];
    const cluster = await Cluster.local({ workers: 1, memory: "64MiB", on: (event) => died.push(event) });
    const killed = new Set<number>();
    try {
      while (died.length < 6) {
        const [worker] = await cluster.workers();
        if (worker && !killed.has(worker.pid)) {
          killed.add(worker.pid);
          process.kill(worker.pid, "SIGKILL");
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } catch (error) {
      expect(error).toBeInstanceOf(ClusterError);
    }
    expect(died.map(({ replaced }) => replaced)).toEqual([true, true, true, true, true, false]);
    await expect(cluster.workers()).rejects.toThrow(/worker-6: was ended by SIGKILL/);
    await cluster.close();
  });
});
