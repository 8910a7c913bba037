/** Calls of users' functions on a cluster. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CancelledError, TaskError } from "@hyperslab/core/errors";
import { Cluster } from "@hyperslab/launch/cluster";
import type { LocalCluster } from "@hyperslab/launch/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MODULE = `
export const add = (a, b) => a + b;
export async function scale({ data, factor }) {
  return { data: data.map((x) => x * factor), big: 2n ** 70n, none: undefined ?? null };
}
export function nothing() {}
export function odd(x) { if (x % 2 === 0) throw new RangeError(x + " is even"); return x; }
export const forever = () => { for (;;); };
export const unsendable = () => () => 1;
`;

let folder: string;
let cluster: LocalCluster;
const of = (name: string) => ({ module: "mine.mjs", name });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-calls-"));
  await writeFile(join(folder, "mine.mjs"), MODULE);
  cluster = await Cluster.local({ workers: 1, memory: "128MiB", allowModules: [folder] });
});
afterAll(async () => {
  await cluster?.close();
  await rm(folder, { recursive: true, force: true });
});

describe("calls on a cluster", () => {
  it("give their results: plain data and typed arrays", async () => {
    const { client } = cluster;
    const sum = client.submit(of("add"), 1, 2);
    expect(sum.status).toBe("pending");
    expect(await sum.result()).toBe(3);
    expect(sum.status).toBe("finished");
    const scaled = await client.submit(of("scale"), { data: Float32Array.of(1, 2), factor: 3 }).result();
    expect(scaled).toEqual({ data: Float32Array.of(3, 6), big: 2n ** 70n, none: null });
    expect(await client.submit(of("nothing")).result()).toBeNull();
  });

  it("go in one job where a function is mapped; one that fails leaves the others be", async () => {
    const { client } = cluster;
    const items = Array.from({ length: 50 }, (_, i) => 2 * i + 1);
    expect(await client.gather(client.map(of("odd"), items))).toEqual(items);
    expect((await client.status()).jobs[0]).toMatchObject({ name: "mine.mjs#odd", tasks: 50 });
    const [one, two, three] = client.map(of("odd"), [1, 2, 3]);
    expect(await Promise.all([one.result(), three.result()])).toEqual([1, 3]);
    const error: unknown = await two.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ message: "task mine.mjs#odd, block (1): 2 is even" });
    expect((error as { cause: Error }).cause.stack).toMatch(/at odd .*mine\.mjs:7/);
    await expect(client.gather([one, two])).rejects.toThrow(TaskError);
    expect([one.status, two.status]).toEqual(["finished", "failed"]);
    expect(client.map(of("odd"), [])).toEqual([]);
  });

  it("are stopped with their thread, and the worker goes on", async () => {
    const { client } = cluster;
    const [{ pid }] = await cluster.workers();
    const endless = client.submit(of("forever"));
    while ((await cluster.workers())[0].executing === 0);
    endless.cancel();
    endless.cancel();
    await expect(endless.result()).rejects.toThrow(CancelledError);
    expect(endless.status).toBe("cancelled");
    // the only thread is free again
    expect(await client.submit(of("add"), "a", "b").result()).toBe("ab");
    const controller = new AbortController();
    const mapped = client.map(of("forever"), [1, 2], { signal: controller.signal });
    controller.abort();
    await expect(mapped[1].result()).rejects.toThrow(CancelledError);
    expect((await cluster.workers())[0].pid).toBe(pid);
  });

  it("are refused: other modules, what can't be sent, and workers that allow nothing", async () => {
    const { client } = cluster;
    await expect(client.submit({ module: "../x.mjs", name: "f" }).result()).rejects.toThrow(
      /a path that leaves the folders|no module of this name/,
    );
    await expect(client.submit(of("unsendable")).result()).rejects.toThrow(TaskError);
    await using other = await Cluster.local({ workers: 1, memory: "128MiB" });
    await expect(other.client.submit(of("add"), 1, 2).result()).rejects.toThrow(/--allow-modules/);
  });
});
