/**
 * A memory limit is a promise: random plans over stored arrays that are larger than it run in a process of their own, whose
 * resident memory at its highest stays under what it was before, plus the limit, plus a little for engine and code.
 * `HYPERSLAB_MEMORY_SEEDS` sets how many plans there are.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, afterAll, expect, it } from "vitest";

const MIB = 2 ** 20;
/**
 * What a process takes besides: compiled code, young objects, stacks, the codecs' workspaces, by thread, and what V8 has
 * not collected yet. Measured: 105 to 140 MiB beyond what the runs held, more where the machine is busy.
 */
const ALLOWANCE = 224 * MIB;
const LIMIT = 96 * MIB;
const SHAPE = [192, 256, 512];
const SEEDS = Number(process.env["HYPERSLAB_MEMORY_SEEDS"] ?? 4);

/** What the process does: a plan of seed, executor, limit and folder; prints the bytes it grew by. */
const CHILD = `
import { readFileSync } from "node:fs";
import { elementwise, groupReduce, rechunk, reduce, source } from "@hyperslab/array/build";
import { lower } from "@hyperslab/array/lower";
import { optimise } from "@hyperslab/array/optimise";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { threadsExecutor } from "@hyperslab/executor/threads";
import { openGroup } from "@hyperslab/storage/open-group";

const [seed, kind, limit, folder] = [Number(process.argv[1]), process.argv[2], Number(process.argv[3]), process.argv[4]];
let state = seed * 7919 + 17;
const below = (n) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0), (state >>> 8) % n);
const group = await openGroup({ kind: "file", path: folder });
const arrays = ["a", "b"].map((name) => {
  const array = group.arrays.get(name);
  const { dtype, grid } = array.describe();
  return source(array.ref, name, dtype, grid);
});
const shape = arrays[0].shape;
const chunks = [[4, 256, 512], [192, 32, 64], [16, 128, 128], [192, 16, 512]];
const random = (depth) => {
  if (depth === 0) return arrays[below(2)];
  const arg = random(depth - 1);
  switch (below(4)) {
    case 0: return elementwise("add", [arg, random(depth - 1)]);
    case 1: return elementwise("multiply", [arg, 1.5]);
    case 2: return rechunk(arg, regularGrid(shape, chunks[below(4)]));
    default: return elementwise("subtract", [arg, reduce(arg, reduction("mean", arg.dtype), [below(3)])]);
  }
};
const codes = Int32Array.from({ length: shape[0] }, (_, i) => i % 12);
const roots = () => Array.from({ length: 1 + below(2) }, () => {
  const node = random(2);
  const how = below(4);
  if (how === 0) return reduce(node, reduction("std", node.dtype), [0]);
  if (how === 1) return groupReduce(node, reduction("mean", node.dtype), 0, codes, 12);
  return node;
});
const executor = kind === "inline" ? inlineExecutor({ memory: limit }) : threadsExecutor({ threads: 2, memory: limit });
const grown = () => 1024 * Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
const run = async (nodes) => {
  let bytes = 0;
  for await (const { block } of executor.run(lower(optimise(nodes)), { transient: true })) bytes += block.data.byteLength;
  return bytes;
};
await run([elementwise("add", [reduce(reduce(arrays[0], reduction("max", "float32"), [1, 2]), reduction("max", "float32"), [0]), 1])]);
const before = grown();
let refused = 0;
for (let i = 0; i < 3; i++)
  await run(roots()).catch((error) => {
    if (error.name !== "MemoryError" && error._tag !== "MemoryError") throw error;
    refused++;
  });
console.log(JSON.stringify({ grown: grown() - before, refused }));
process.exit(0);
`;

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-test-"));
  const write = `
    import { dataset, inlineExecutor } from "hyperslab";
    const shape = ${JSON.stringify(SHAPE)};
    const data = Float32Array.from({ length: shape.reduce((x, y) => x * y) }, (_, i) => (i * 7) % 1000);
    const one = { dims: ["t", "y", "x"], shape, data };
    await dataset({ a: one, b: one }).toZarr(process.argv[1], {
      on: inlineExecutor(),
      encoding: { a: { chunks: [4, 256, 512] }, b: { chunks: [16, 128, 128] } },
    });`;
  await run(write, [folder]);
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(script: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    script,
    ...args,
  ]);
  return stdout;
}

const kinds = ["inline", "threads"];
it
  .runIf(process.platform === "linux")
  .each(Array.from({ length: SEEDS }, (_, seed) => [seed, kinds[seed % 2]] as const))(
  "plans of seed %i, %s, stay under their limit",
  { timeout: 120_000 },
  async (seed, kind) => {
    const { grown } = JSON.parse(await run(CHILD, [String(seed), kind, String(LIMIT), folder])) as {
      grown: number;
    };
    expect(grown / MIB).toBeLessThan((LIMIT + ALLOWANCE) / MIB);
  },
);
