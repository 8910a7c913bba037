import { threadsExecutor } from "@hyperslab/executor/threads";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { reduction, stateOf } from "@hyperslab/core/reduction";
import { regularAxis, regularGrid } from "@hyperslab/core/chunk-grid";
import { openStore } from "@hyperslab/storage/open-store";
import { openZarrGroup } from "@hyperslab/storage/zarr-group";
import { mkdirSync, writeFileSync, existsSync } from "node:fs";
const root = "/tmp/exbench/z"; const N = 32, Y = 1024, X = 2048;
if (!existsSync(root)) {
  mkdirSync(root + "/a", { recursive: true });
  writeFileSync(root + "/zarr.json", JSON.stringify({ zarr_format: 3, node_type: "group", attributes: {} }));
  writeFileSync(root + "/a/zarr.json", JSON.stringify({ zarr_format: 3, node_type: "array", shape: [N * 2, Y, X], data_type: "float32", chunk_grid: { name: "regular", configuration: { chunk_shape: [2, Y, X] } }, chunk_key_encoding: { name: "default", configuration: { separator: "/" } }, fill_value: 0, codecs: [{ name: "bytes", configuration: { endian: "little" } }], dimension_names: ["t", "y", "x"], attributes: {} }));
  const c = new Float32Array(2 * Y * X).map((_, i) => i % 1000);
  for (let i = 0; i < N; i++) { mkdirSync(`${root}/a/c/${i}/0`, { recursive: true }); writeFileSync(`${root}/a/c/${i}/0/0`, c); }
}
const store = { kind: "file", path: root };
const ref = (await openZarrGroup(openStore(store), store, "/")).arrays.get("a").ref;
const sl = (n) => ({ kind: "slice", start: 0, step: 1, length: n });
const f = "float32";
const program = { inputs: [f], ops: [{ op: "input", input: 0, dtype: f }, { op: "constant", value: 2, dtype: f }, { op: "multiply", args: [0, 1], dtype: f }] };
const r = reduction("mean", f); const st = stateOf(r);
const axes = process.argv[2] === "time" ? [0] : [0, 1, 2];
const partial = axes.map((a) => a === 0 ? regularAxis(N * 2, 2) : regularAxis([0, Y, X][a], [0, Y, X][a]));
const pshape = [N, axes.length > 1 ? 1 : Y, axes.length > 1 ? 1 : X];
const stages = [
  { name: "p", grid: [regularAxis(N, 1), regularAxis(pshape[1], pshape[1]), regularAxis(pshape[2], pshape[2])], fields: st, inputs: [], cost: { output: 16 * pshape[1] * pshape[2], working: 32e6, read: 0 },
    program: { sources: [ref], literals: [], targets: [], steps: [
      { kind: "source", source: 0, selection: [sl(N * 2), sl(Y), sl(X)], shape: [N * 2, Y, X], fields: [f] },
      { kind: "elementwise", program, args: [0], shape: [N * 2, Y, X], fields: [f] },
      { kind: "reduce", arg: 1, reduction: r, axes, partial, shape: pshape, fields: st } ] } },
  { name: "m", grid: [regularAxis(N / 4, 1), regularAxis(pshape[1], pshape[1]), regularAxis(pshape[2], pshape[2])], fields: st, inputs: [{ stage: 0, axes: [{ kind: "tree", axis: 0, fanIn: 4 }, { kind: "same", axis: 1 }, { kind: "same", axis: 2 }] }], cost: { output: 16 * pshape[1] * pshape[2], working: 64 * pshape[1] * pshape[2], read: 0 },
    program: { sources: [], literals: [], targets: [], steps: [
      { kind: "input", input: 0, shape: pshape, fields: st },
      { kind: "combine", arg: 0, reduction: r, axes: [{ axis: 0, fanIn: 4, width: 1 }], finish: false, shape: [N / 4, pshape[1], pshape[2]], fields: st } ] } },
  { name: "f", grid: [regularAxis(1, 1), regularAxis(pshape[1], pshape[1]), regularAxis(pshape[2], pshape[2])], fields: [f], inputs: [{ stage: 1, axes: [{ kind: "range", start: 0, stop: N / 4 }, { kind: "same", axis: 1 }, { kind: "same", axis: 2 }] }], cost: { output: 4 * pshape[1] * pshape[2], working: 128 * pshape[1] * pshape[2], read: 0 },
    program: { sources: [], literals: [], targets: [], steps: [
      { kind: "input", input: 0, shape: [N / 4, pshape[1], pshape[2]], fields: st },
      { kind: "combine", arg: 0, reduction: r, axes: [{ axis: 0, fanIn: N / 4, width: 1 }], finish: true, shape: [1, pshape[1], pshape[2]], fields: [f] } ] } },
];
for (const [name, ex] of [["inline", inlineExecutor()], ["threads2", threadsExecutor({ threads: 2 })], ["threads1", threadsExecutor({ threads: 1 })]]) {
  for (let k = 0; k < 3; k++) {
    const t = performance.now();
    for await (const { block } of ex.run({ stages, outputs: [2] })) console.log(name, block.data[5], (performance.now() - t).toFixed(0), "ms", (process.memoryUsage().rss / 1e6).toFixed(0), "MB rss");
  }
}
// threads not closed: the process must end by itself
