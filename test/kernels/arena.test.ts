import { spawnSync } from "node:child_process";
import { allocateBlock, type Block } from "@hyperslab/core/block";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import { reduction } from "@hyperslab/core/reduction";
import { runElementwise } from "@hyperslab/kernels/elementwise";
import { operandOf } from "@hyperslab/kernels/operand";
import { reducePartial } from "@hyperslab/kernels/reduce";
import {
  type Arena,
  arenaView,
  attachArena,
  currentArena,
  inArenaOf,
  isAttached,
  SCRATCH_BYTES,
  useArena,
} from "@hyperslab/kernels/simd/arena";
import { afterEach, describe, expect, it } from "vitest";

const N = 10_003;
const twice: ScalarProgram = {
  inputs: ["float64"],
  ops: [
    { op: "input", input: 0, dtype: "float64" },
    { op: "add", args: [0, 0], dtype: "float64" },
  ],
};

describe("an arena", () => {
  const before = currentArena();
  afterEach(() => useArena(before));

  it.each([false, true])("lets kernels read and write blocks in place (shared: %s)", (shared) => {
    const pages = 100;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    const arena = { memory, scratch: 0, scratchBytes: SCRATCH_BYTES };
    useArena(arena);
    const blockAt = (address: number): Block => ({
      dtype: "float64",
      shape: [N],
      data: arenaView(arena, "float64", address, N),
    });
    const from = blockAt(SCRATCH_BYTES + 8);
    const to = blockAt(SCRATCH_BYTES + 8 * N + 16);
    for (let i = 0; i < N; i++) from.data[i] = i;
    const behind = arenaView(arena, "float64", SCRATCH_BYTES + 16 * N + 16, 8);
    behind.fill(7 as never);
    runElementwise(twice, [operandOf(from, [N])], [N], to);
    expect((to.data as Float64Array).every((value, i) => value === 2 * i)).toBe(true);
    expect([...(behind as Float64Array)]).toEqual([7, 7, 7, 7, 7, 7, 7, 7]);
    const [sum] = reducePartial(reduction("sum", "float64"), operandOf(to, [N]), [N], [0], 0);
    expect(sum.data[0]).toBe(N * (N - 1));
  });

  it("may be one of several: that in which most operands lie", () => {
    const make = (): Arena => {
      const memory = new WebAssembly.Memory({ initial: 110, maximum: 110, shared: true });
      return { memory, scratch: 0, scratchBytes: SCRATCH_BYTES };
    };
    const [first, second] = [make(), make()];
    const blocks = [before, first, second].map((arena, k): Block => ({
      dtype: "float64",
      shape: [1000],
      data: arenaView(arena, "float64", SCRATCH_BYTES + (k === 0 ? -8000 : 64), 1000),
    }));
    const memoryOf = (...which: number[]): WebAssembly.Memory =>
      inArenaOf(
        which.map((k) => operandOf(blocks[k], [1000])),
        () => currentArena().memory,
      );
    expect(memoryOf(1)).toBe(before.memory);
    attachArena(first);
    attachArena(second);
    expect(isAttached(first.memory)).toBe(true);
    expect(memoryOf(1)).toBe(first.memory);
    expect(memoryOf(1, 2, 2)).toBe(second.memory);
    expect(memoryOf(0, 1)).toBe(before.memory);
    expect(memoryOf(0, 1, 1)).toBe(first.memory);
    expect(memoryOf()).toBe(before.memory);
    expect(currentArena().memory).toBe(before.memory);
    const [a, b] = [blocks[1], blocks[2]];
    for (let i = 0; i < 1000; i++) a.data[i] = i;
    runElementwise(twice, [operandOf(a, [1000])], [1000], b);
    expect((b.data as Float64Array).every((value, i) => value === 2 * i)).toBe(true);
    const out = allocateBlock("float64", [1000]);
    runElementwise(twice, [operandOf(b, [1000])], [1000], out);
    expect((out.data as Float64Array).every((value, i) => value === 4 * i)).toBe(true);
    const [sum] = reducePartial(reduction("sum", "float64"), operandOf(b, [1000]), [1000], [0], 0);
    expect(sum.data[0]).toBe(999_000);
    expect(() =>
      inArenaOf([operandOf(a, [1000])], () => {
        throw new Error("out");
      }),
    ).toThrow("out");
    expect(currentArena().memory).toBe(before.memory);
  });

  it("may be smaller than blocks that lie elsewhere, and hold one at its very end", () => {
    const memory = new WebAssembly.Memory({ initial: SCRATCH_BYTES / 65536 + 2 });
    const arena = { memory, scratch: 0, scratchBytes: SCRATCH_BYTES };
    useArena(arena);
    const length = 5001;
    const end = memory.buffer.byteLength - 8 * length;
    const last: Block = { dtype: "float64", shape: [length], data: arenaView(arena, "float64", end, length) };
    (last.data as Float64Array).fill(1.5);
    const out = allocateBlock("float64", [length]);
    runElementwise(twice, [operandOf(last, [length])], [length], out);
    expect((out.data as Float64Array).every((value) => value === 3)).toBe(true);
    runElementwise(twice, [operandOf(out, [length])], [length], last);
    expect((last.data as Float64Array).every((value) => value === 6)).toBe(true);
  });

  it("needs room for its scratch", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    expect(() => useArena({ memory, scratch: 0, scratchBytes: 65536 })).toThrow(/scratch/);
  });
});

describe("without kernels", () => {
  it("the plain loops do all, and agree", () => {
    const script = `
      import { kernelsAvailable } from "@hyperslab/kernels/simd/kernel";
      import { reducePartial } from "@hyperslab/kernels/reduce";
      import { operandOf } from "@hyperslab/kernels/operand";
      import { reduction } from "@hyperslab/core/reduction";
      const n = 9001, data = Float64Array.from({ length: n }, (_, i) => Math.sqrt(i));
      const block = { dtype: "float64", shape: [n], data };
      const [sum] = reducePartial(reduction("sum", "float64"), operandOf(block, [n]), [n], [0], 0);
      process.stdout.write(kernelsAvailable() + " " + sum.data[0]);`;
    const run = (no: string): string[] =>
      spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: new URL(".", import.meta.url),
        env: { ...process.env, HYPERSLAB_NO_WASM: no },
        encoding: "utf8",
      }).stdout.split(" ");
    const [yes, sum] = run("0");
    const [no, same] = run("1");
    expect([yes, no]).toEqual(["true", "false"]);
    expect(same).toBe(sum);
  });
});
