import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHyperslabError } from "@hyperslab/core/errors";
import { type SpillEntry, SpillLog } from "@hyperslab/executor/spill-log";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const logOf = (limit: number, segment: number): SpillLog =>
  new SpillLog({ path: folder, fileSystem: "test", limit }, segment);

const bytesOf = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7) & 255);

describe("the log of spilled bytes", () => {
  it("gives back what was appended, at any number of calls at once, and leaves nothing", async () => {
    const log = logOf(1e6, 1000);
    const entries = await Promise.all(Array.from({ length: 20 }, (_, i) => log.append(bytesOf(i, 300 + i))));
    // files are unlinked at once: a killed process leaves an empty folder at most
    for (const name of await readdir(folder)) expect(await readdir(join(folder, name))).toEqual([]);
    await Promise.all(
      entries.map(async (entry, i) => {
        const into = new Uint8Array(entry.length);
        await log.read(entry, into);
        expect(into).toEqual(bytesOf(i, 300 + i));
      }),
    );
    await log.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("closes segments that nobody needs, and refuses what is over its budget, with numbers", async () => {
    const log = logOf(3000, 1000);
    const entries: SpillEntry[] = [];
    for (let i = 0; i < 3; i++) entries.push(await log.append(bytesOf(i, 1000)));
    const refused = await log.append(bytesOf(9, 1000)).catch((error: unknown) => error);
    expect(isHyperslabError(refused, "StorageError") && refused.message).toMatch(/2.9 KiB of 2.9 KiB/);
    log.free(entries[0]);
    expect(log.size).toBe(2000);
    await log.append(bytesOf(9, 1000));
    await log.close();
  });

  it("holds under any sequence of appends, reads and frees, and stays within its budget by cleaning", async () => {
    const steps = fc.array(
      fc.record({ free: fc.integer({ min: -2, max: 5 }), length: fc.integer({ min: 0, max: 400 }) }),
      { minLength: 30, maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const log = logOf(4000, 700);
        const held: { seed: number; entry: SpillEntry }[] = [];
        for (const [seed, { free, length }] of list.entries()) {
          // half the budget is always enough for the cleaner
          while (held.reduce((sum, { entry }) => sum + entry.length, length) > 2000)
            log.free(held.splice(Math.max(0, free) % held.length, 1)[0].entry);
          held.push({ seed, entry: await log.append(bytesOf(seed, length)) });
          expect(log.size).toBeLessThanOrEqual(4000);
          const one = held[Math.max(0, free) % held.length];
          const into = new Uint8Array(one.entry.length);
          await log.read(one.entry, into);
          expect(into).toEqual(bytesOf(one.seed, into.length));
        }
        expect(log.live).toBe(held.reduce((sum, { entry }) => sum + entry.length, 0));
        await log.close();
      }),
      { numRuns: 40 },
    );
  });
});
