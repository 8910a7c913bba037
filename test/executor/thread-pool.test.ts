import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { slice } from "@hyperslab/core/box";
import { regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { taskStagesOf } from "@hyperslab/executor/task-stage";
import { ThreadPool } from "@hyperslab/executor/thread-pool";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { elements } from "./collect.js";
import { ProgramBuilder, affine, float64, planOf, stageOf } from "./plan-builder.js";

/** A program whose one task computes for minutes, in hardly any memory. */
function endless() {
  const p = new ProgramBuilder();
  const wide = p.broadcast(p.literal(float64([1, 1, 1], [1])), [100_000, 10_000, 1000]);
  p.reduce(wide, reduction("sum", "float64"), [0, 1, 2]);
  return taskStagesOf(planOf([stageOf("endless", wholeGrid([1, 1, 1]), p)]));
}

function doubling(length = 8, chunk = 2) {
  const p = new ProgramBuilder();
  p.elementwise(affine(2, 0), p.literal(float64([length], (i) => i)));
  return taskStagesOf(planOf([stageOf("doubling", regularGrid([length], [chunk]), p)]));
}

const task = (programId: string, block = 0) => ({ programId, stage: 0, block, inputs: [] });

describe("ThreadPool", () => {
  let pool = new ThreadPool({ threads: 2 });
  afterEach(async () => {
    await pool.close();
    pool = new ThreadPool({ threads: 2 });
  });

  it("runs tasks on no more threads than it may, and starts none before", async () => {
    expect(pool.alive).toBe(0);
    pool.define("d", doubling(40, 1));
    const results = await Promise.all(Array.from({ length: 40 }, (_, i) => pool.run(task("d", i))));
    expect(results.flatMap(({ fields }) => elements(fields[0]))).toEqual(
      Array.from({ length: 40 }, (_, i) => 2 * i),
    );
    expect(pool.alive).toBe(2);
  });

  it("hands inputs and results across without copies", async () => {
    const first = await pool.run((pool.define("d", doubling()), task("d"))).then(({ fields }) => fields[0]);
    if (Array.isArray(first.data)) throw new Error("numbers were due");
    expect(first.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    const p = new ProgramBuilder();
    p.elementwise(affine(1, 1), p.input(0, [2], ["float64"]));
    const [stage] = taskStagesOf(planOf([stageOf("plus one", wholeGrid([2]), p)]));
    pool.define("p", [{ ...stage, inputGrids: [wholeGrid([2])] }]);
    const { fields } = await pool.run({ ...task("p"), inputs: [new Map([[0, [first]]])] });
    expect(elements(fields[0])).toEqual([1, 3]);
  });

  it("ends the thread of a cancelled task, and leaves the others in peace", async () => {
    pool.define("endless", endless());
    pool.define("d", doubling());
    const controller = new AbortController();
    const hopeless = pool.run(task("endless"), { signal: controller.signal });
    await pool.run(task("d", 1));
    controller.abort("enough");
    await expect(hopeless).rejects.toMatchObject({ tag: "CancelledError", cause: "enough" });
    const results = await Promise.all([0, 1, 2, 3].map((block) => pool.run(task("d", block))));
    expect(results.flatMap(({ fields }) => elements(fields[0]))).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  });

  it("takes up again what shared a thread with a cancelled task", async () => {
    await pool.close();
    pool = new ThreadPool({ threads: 1, slots: 2 });
    pool.define("endless", endless());
    pool.define("d", doubling());
    const controller = new AbortController();
    const hopeless = pool.run(task("endless"), { signal: controller.signal });
    const innocent = pool.run(task("d", 3));
    controller.abort();
    await expect(hopeless).rejects.toMatchObject({ tag: "CancelledError" });
    expect(elements((await innocent).fields[0])).toEqual([12, 14]);
  });

  it("forgets a queued task that is cancelled", async () => {
    await pool.close();
    pool = new ThreadPool({ threads: 1 });
    pool.define("d", doubling());
    const controller = new AbortController();
    const first = pool.run(task("d", 0));
    const second = pool.run(task("d", 1), { signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toMatchObject({ tag: "CancelledError" });
    expect(elements((await first).fields[0])).toEqual([0, 2]);
    await expect(pool.run(task("d", 1), { signal: controller.signal })).rejects.toMatchObject({
      tag: "CancelledError",
    });
  });

  it("carries errors across with their class, fields and causes", async () => {
    const p = new ProgramBuilder();
    const store = { kind: "file", path: join(tmpdir(), "hyperslab-no-such-folder") } as const;
    p.source({ format: "zarr", store, path: "/a", detail: null }, "float64", [slice(0, 4)]);
    pool.define("lost", taskStagesOf(planOf([stageOf("lost", wholeGrid([4]), p)])));
    const error: unknown = await pool.run(task("lost")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    await expect(pool.run(task("unheard of"))).rejects.toMatchObject({ tag: "ArgumentError" });
  });

  it("rejects what is left when it closes, and what comes later", async () => {
    pool.define("endless", endless());
    const left = [0, 1, 2].map(() => pool.run(task("endless")));
    const settled = Promise.allSettled(left);
    await pool.close();
    for (const one of await settled) expect(one).toMatchObject({ reason: { tag: "CancelledError" } });
    expect(pool.alive).toBe(0);
    await expect(pool.run(task("endless"))).rejects.toMatchObject({ tag: "CancelledError" });
  });

  it("lets threads go after a while without work", async () => {
    await pool.close();
    pool = new ThreadPool({ threads: 2, idle: 1 });
    pool.define("d", doubling());
    await pool.run(task("d"));
    while (pool.alive > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(elements((await pool.run(task("d", 1))).fields[0])).toEqual([4, 6]);
  });
});

describe("ThreadPool, when threads die", () => {
  let folder = "";
  let pool: ThreadPool;
  const entry = async (name: string, text: string): Promise<URL> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return pathToFileURL(path);
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hyperslab-threads-"));
  });
  afterEach(() => pool.close());
  afterAll(() => rm(folder, { recursive: true }));

  it("tells of the task whose thread ended, and replaces the thread", async () => {
    const served = import.meta.resolve("@hyperslab/executor/serve-tasks");
    const die = `(ref) => ref.path === "/exit" ? process.exit(7) : { readBlock: async (s, into) => into.data.fill(3) }`;
    const text = `import { serveTasks } from ${JSON.stringify(served)}; serveTasks({ openSource: ${die} });`;
    pool = new ThreadPool({ threads: 1, entry: await entry("exits.mjs", text) });
    const program = (path: string) => {
      const p = new ProgramBuilder();
      const store = { kind: "file", path: "/" } as const;
      p.source({ format: "zarr", store, path, detail: null }, "float64", [slice(0, 2)]);
      return taskStagesOf(planOf([stageOf(path, wholeGrid([2]), p)]));
    };
    pool.define("exit", program("/exit"));
    pool.define("stay", program("/stay"));
    await expect(pool.run(task("exit"))).rejects.toMatchObject({
      tag: "ClusterError",
      message: expect.stringContaining("code 7"),
    });
    expect(elements((await pool.run(task("stay"))).fields[0])).toEqual([3, 3]);
  });

  it("tells why threads can't start", async () => {
    pool = new ThreadPool({ threads: 1, entry: await entry("broken.mjs", `throw new Error("no kernel")`) });
    pool.define("d", doubling());
    for (const block of [0, 1])
      await expect(pool.run(task("d", block))).rejects.toMatchObject({
        tag: "ClusterError",
        message: expect.stringContaining("no kernel"),
      });
  });
});
