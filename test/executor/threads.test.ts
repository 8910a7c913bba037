import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { threadsExecutor } from "@hyperslab/executor/threads";
import { registerStore, unregisterStore } from "@hyperslab/storage/stores/process-store";
import { slice } from "@hyperslab/core/box";
import { openStore } from "@hyperslab/storage/open-store";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";
import { afterAll, describe, expect, it } from "vitest";
import { executorContract } from "../contracts/executor.js";
import { collect, elements } from "./collect.js";
import { ProgramBuilder, affine, float64, planOf, same, stageOf } from "./plan-builder.js";

executorContract("threads", async (options) => {
  const executor = threadsExecutor({ threads: 2, ...options });
  return { executor, close: () => executor.close() };
});

describe("threadsExecutor", () => {
  const executor = threadsExecutor({ threads: 2 });
  let storeId = 0;
  afterAll(async () => {
    await executor.close();
    unregisterStore(storeId);
  });

  it("yields blocks in memory that belongs to nobody else", async () => {
    const p = new ProgramBuilder();
    p.elementwise(affine(2, 0), p.literal(float64([6], (i) => i)));
    const plan = planOf([stageOf("mine", regularGrid([6], [2]), p)]);
    for await (const { block } of executor.run(plan)) {
      if (Array.isArray(block.data)) throw new Error("numbers were due");
      expect(block.data.buffer).toBeInstanceOf(ArrayBuffer);
      expect(block.data.buffer.byteLength).toBe(16);
    }
  });

  it("runs nothing any more once it is closed, though it never ran anything", async () => {
    const closed = threadsExecutor({ threads: 1 });
    await closed.close();
    const p = new ProgramBuilder();
    p.elementwise(affine(2, 0), p.literal(float64([6], (i) => i)));
    const plan = planOf([stageOf("late", regularGrid([6], [2]), p)]);
    await expect(collect(closed, plan)).rejects.toThrow("closed");
  });

  it("passes large blocks between stages in memory that is used again", async () => {
    const length = 40_000;
    const grid = regularGrid([length], [4000]);
    const first = new ProgramBuilder();
    first.elementwise(affine(1, 1), first.literal(float64([length], (i) => i)));
    const second = new ProgramBuilder();
    second.elementwise(affine(2, 0), second.input(0, [length], ["float64"]));
    const third = new ProgramBuilder();
    third.view(third.input(0, [length], ["float64"]), [0]);
    const from = (stage: number) => [{ stage, axes: same(1) }];
    const stages = [
      stageOf("first", grid, first),
      stageOf("second", grid, second, from(0)),
      stageOf("third", grid, third, from(1)),
    ];
    const expected = Array.from({ length }, (_, i) => (i + 1) * 2);
    for (let time = 0; time < 3; time++)
      expect((await collect(executor, planOf(stages))).map(elements)).toEqual([expected]);
  });

  it("does not hand out the memory of a literal", async () => {
    const p = new ProgramBuilder();
    const mine = float64([3], [1, 2, 3]);
    p.literal(mine);
    const [result] = await collect(executor, planOf([stageOf("as it is", wholeGrid([3]), p)]));
    result.data[0] = 99;
    expect([...(mine.data as Float64Array)]).toEqual([1, 2, 3]);
  });

  it("reads objects of this process in this thread, and computes the rest on others", async () => {
    const entries = new Map<string, Uint8Array>();
    const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    entries.set("/zarr.json", text({ zarr_format: 3, node_type: "group", attributes: {} }));
    entries.set(
      "/a/zarr.json",
      text({
        zarr_format: 3,
        node_type: "array",
        shape: [4],
        data_type: "float64",
        chunk_grid: { name: "regular", configuration: { chunk_shape: [4] } },
        chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
        fill_value: 0,
        codecs: [{ name: "bytes", configuration: { endian: "little" } }],
        dimension_names: ["x"],
        attributes: {},
      }),
    );
    entries.set("/a/c/0", new Uint8Array(Float64Array.of(5, 6, 7, 8).buffer));
    const ref = registerStore(entries);
    storeId = ref.id;
    const array = (await openZarrGroup(openStore(ref), ref, "/a"))?.arrays.get("a");
    if (!array) throw new Error("the array is not there");
    const p = new ProgramBuilder();
    p.elementwise(affine(1, 1), p.source(array.ref, "float64", [slice(0, 4)]));
    const q = new ProgramBuilder();
    q.elementwise(affine(10, 0), q.input(0, [4], ["float64"]));
    const grid = regularGrid([4], [2]);
    const stages = [stageOf("here", grid, p), stageOf("there", grid, q, [{ stage: 0, axes: same(1) }])];
    expect((await collect(executor, planOf(stages))).map(elements)).toEqual([[60, 70, 80, 90]]);
  });

  it("does not keep the process alive", async () => {
    const script = `
      import { threadsExecutor } from ${JSON.stringify(import.meta.resolve("@hyperslab/executor/threads"))};
      const literal = { dtype: "float64", shape: [4], data: Float64Array.of(1, 2, 3, 4) };
      const step = (kind) => ({ ...kind, shape: [4], fields: ["float64"] });
      const steps = [step({ kind: "literal", literal: 0 }), step({ kind: "broadcast", arg: 0 })];
      const program = { sources: [], targets: [], literals: [literal], steps };
      const grid = [{ kind: "regular", length: 4, chunk: 1 }];
      const cost = { output: 8, working: 0, read: 0 };
      const stage = { name: "s", grid, fields: ["float64"], inputs: [], cost, program };
      let sum = 0;
      for await (const { block } of threadsExecutor({ threads: 2 }).run({ stages: [stage], outputs: [0] }))
        sum += block.data[0];
      console.log(sum);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    expect(stdout.trim()).toBe("10");
  });
});
