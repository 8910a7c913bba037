import { Semaphore, forEachConcurrent } from "@hyperslab/storage/concurrent";
import { describe, expect, it } from "vitest";

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe("forEachConcurrent", () => {
  it("does everything, a few at a time, in order of starting", async () => {
    let [running, most] = [0, 0];
    const started: number[] = [];
    const items = Array.from({ length: 30 }, (_, i) => i);
    await forEachConcurrent(items, 4, async (item) => {
      started.push(item);
      most = Math.max(most, ++running);
      for (let i = 0; i <= item % 3; i++) await turn();
      running--;
    });
    expect(started).toEqual(items);
    expect(most).toBe(4);
  });
  it("takes nothing more after a failure, waits for what runs, and throws the first", async () => {
    let [taken, finished] = [0, 0];
    function* items(): Generator<number> {
      for (;;) yield taken++;
    }
    const failing = forEachConcurrent(items(), 3, async (item) => {
      await turn();
      if (item === 4) throw new Error("four");
      finished++;
    });
    await expect(failing).rejects.toThrow("four");
    const now = [taken, finished];
    await turn();
    expect([taken, finished]).toEqual(now);
    expect(taken).toBeLessThan(10);
  });
  it("asks how many may run before each job, and never leaves none", async () => {
    let [running, limit] = [0, 1];
    const together: number[] = [];
    const items = Array.from({ length: 40 }, (_, i) => i);
    await forEachConcurrent(
      items,
      () => limit,
      async (item) => {
        together[item] = ++running;
        await turn();
        running--;
        if (item === 9) limit = 5;
        if (item === 24) limit = 0;
      },
    );
    expect(Math.max(...together.slice(0, 10))).toBe(1);
    expect(Math.max(...together)).toBe(5);
    expect(Math.max(...together.slice(32))).toBe(1);
    expect(together).toHaveLength(40);
  });
  it("passes on what the items throw", async () => {
    function* items(): Generator<number> {
      yield 1;
      throw new Error("no more");
    }
    await expect(forEachConcurrent(items(), 2, () => turn())).rejects.toThrow("no more");
  });
});

describe("Semaphore", () => {
  it("lets so many through, whoever comes, and recovers from failures", async () => {
    const semaphore = new Semaphore(2);
    let [running, most] = [0, 0];
    const jobs = Array.from({ length: 9 }, (_, i) =>
      semaphore.run(async () => {
        most = Math.max(most, ++running);
        await turn();
        running--;
        if (i % 2) throw new Error("odd");
        return i;
      }),
    );
    const results = await Promise.allSettled(jobs);
    expect(results.map(({ status }) => status === "fulfilled")).toEqual(jobs.map((_, i) => i % 2 === 0));
    expect(most).toBe(2);
    expect(await semaphore.run(() => Promise.resolve("free"))).toBe("free");
  });
  it("lets who waits go when he is cancelled, and passes his turn on", async () => {
    const semaphore = new Semaphore(1);
    let release = (): void => undefined;
    const first = semaphore.run(() => new Promise<void>((done) => (release = done)));
    const stop = new AbortController();
    const second = semaphore.run(() => Promise.resolve("never"), stop.signal);
    const third = semaphore.run(() => Promise.resolve("third"), new AbortController().signal);
    stop.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    await expect(semaphore.run(() => Promise.resolve(), stop.signal)).rejects.toThrow("enough");
    release();
    await first;
    expect(await third).toBe("third");
    expect(await semaphore.run(() => Promise.resolve("free"))).toBe("free");
  });
});
