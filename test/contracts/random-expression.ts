/**
 * Random array expressions over stored arrays: the same seed gives the same expression. The arrays
 * lie in a Zarr v2 store that is written byte by byte here, so that no part under test makes them.
 */
import {
  broadcast,
  cast,
  concat,
  elementwise,
  groupReduce,
  rechunk,
  reduce,
  select,
  source,
  view,
  where,
} from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { type AxisSelection, positions, slice } from "@hyperslab/core/box";
import { axisFromChunks, type ChunkGrid } from "@hyperslab/core/chunk-grid";
import { type Dtype, isFloat, isInteger } from "@hyperslab/core/dtype";
import type { OperatorName } from "@hyperslab/core/operator";
import { reduction, type ReductionName } from "@hyperslab/core/reduction";
import { openGroup } from "@hyperslab/storage/open-group";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type Random = () => number;

/** Numbers in [0, 1) from a seed (mulberry32, public domain). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const below = (random: Random, most: number): number => Math.floor(random() * most);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)];

const SHAPE = [9, 7, 10];
const ARRAYS: readonly { name: string; dtype: Dtype; code: string; chunks: number[] }[] = [
  { name: "a", dtype: "float32", code: "<f4", chunks: [2, 7, 10] },
  { name: "b", dtype: "float64", code: "<f8", chunks: [3, 3, 4] },
  { name: "c", dtype: "int16", code: "<i2", chunks: [9, 2, 5] },
  { name: "d", dtype: "int64", code: "<i8", chunks: [4, 4, 4] },
  { name: "e", dtype: "uint8", code: "|u1", chunks: [1, 7, 10] },
  { name: "f", dtype: "bool", code: "|b1", chunks: [5, 5, 5] },
];

/** Writes the arrays below `folder`. */
export function writeArrays(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".zgroup"), '{"zarr_format":2}');
  for (const [k, { name, dtype, code, chunks }] of ARRAYS.entries()) {
    const path = join(folder, name);
    mkdirSync(path);
    const head = {
      zarr_format: 2,
      shape: SHAPE,
      chunks,
      dtype: code,
      compressor: null,
      filters: null,
      order: "C",
      fill_value: 0,
    };
    writeFileSync(join(path, ".zarray"), JSON.stringify(head));
    writeFileSync(join(path, ".zattrs"), '{"_ARRAY_DIMENSIONS":["t","y","x"]}');
    const random = randomOf(k);
    const counts = SHAPE.map((length, axis) => Math.ceil(length / chunks[axis]));
    for (let i = 0; i < counts[0]; i++)
      for (let j = 0; j < counts[1]; j++)
        for (let l = 0; l < counts[2]; l++)
          writeFileSync(
            join(path, `${i}.${j}.${l}`),
            chunkBytes(dtype, chunks[0] * chunks[1] * chunks[2], random),
          );
  }
}

function chunkBytes(dtype: Dtype, length: number, random: Random): Uint8Array {
  const whole = (): number => below(random, 200) - 100;
  const list = Array.from({ length }, whole);
  switch (dtype) {
    case "float32":
      return new Uint8Array(Float32Array.from(list, (v) => (v === 7 ? NaN : v / 8)).buffer);
    case "float64":
      return new Uint8Array(Float64Array.from(list, (v) => (v === 7 ? NaN : v / 3)).buffer);
    case "int16":
      return new Uint8Array(Int16Array.from(list, (v) => v * 300).buffer);
    case "int64":
      return new Uint8Array(BigInt64Array.from(list, (v) => BigInt(v) * 2n ** 55n).buffer);
    case "bool":
      return Uint8Array.from(list, (v) => (v > 0 ? 1 : 0));
    default:
      return Uint8Array.from(list, (v) => v & 255);
  }
}

/** The stored arrays as nodes, each cut anew by the seed. */
export async function openArrays(folder: string, random: Random): Promise<Node[]> {
  const { arrays } = await openGroup(folder);
  return [...arrays].map(([name, stored]) => {
    const { dtype, grid } = stored.describe();
    const node = source(stored.ref, name, dtype, grid);
    return random() < 0.5 ? node : rechunk(node, randomGrid(random, node.shape));
  });
}

export function randomGrid(random: Random, shape: readonly number[]): ChunkGrid {
  return shape.map((length) => {
    const chunks: number[] = [];
    for (let left = length; left > 0;) {
      const chunk = Math.min(left, 1 + below(random, Math.max(1, length)));
      chunks.push(chunk);
      left -= chunk;
    }
    return axisFromChunks(chunks.length ? chunks : [1]);
  });
}

/** An expression of some eight operations over `arrays`. */
export function randomExpression(random: Random, arrays: readonly Node[]): Node {
  let node = pick(random, arrays);
  const steps = 2 + below(random, 8);
  for (let i = 0; i < steps; i++) node = grow(random, node, arrays);
  return node;
}

const UNARY: readonly OperatorName[] = [
  "absolute",
  "floor",
  "square",
  "isnan",
  "sqrt",
  "exp",
  "sin",
  "trunc",
];
const BINARY: readonly OperatorName[] = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "maximum",
  "fmin",
  "less",
  "equal",
  "remainder",
  "hypot",
];
const REDUCTIONS: readonly ReductionName[] = [
  "sum",
  "mean",
  "min",
  "max",
  "var",
  "std",
  "count",
  "any",
  "all",
  "argmax",
  "prod",
  "first",
  "last",
];

function grow(random: Random, node: Node, arrays: readonly Node[]): Node {
  const { shape } = node;
  const numeric = node.dtype === "bool" ? cast(node, "int32") : node;
  switch (below(random, 11)) {
    case 0:
      return elementwise(pick(random, UNARY), [numeric]);
    case 1:
      return elementwise(pick(random, BINARY), [numeric, below(random, 9) + (isFloat(node.dtype) ? 0.5 : 1)]);
    case 2: {
      const other = fitted(random, pick(random, arrays), shape);
      return other
        ? elementwise(pick(random, BINARY), [numeric, other.dtype === "bool" ? cast(other, "int8") : other])
        : node;
    }
    case 3:
      return where(elementwise("greater", [numeric, 1]), numeric, random() < 0.5 ? 0 : numeric);
    case 4:
      return select(
        node,
        shape.map((length) => randomSelection(random, length)),
      );
    case 5:
      return turned(random, node);
    case 6:
      return reduced(random, numeric);
    case 7:
      return grouped(random, numeric);
    case 8:
      return rechunk(node, randomGrid(random, shape));
    case 9: {
      if (shape.length === 0) return node;
      const axis = below(random, shape.length);
      return shape[axis] > 12
        ? node
        : concat(
            [
              node,
              select(
                node,
                shape
                  .map((length) =>
                    randomSelection(random, length, shape[axis] === length ? undefined : length),
                  )
                  .map((one, i) => (i === axis ? one : slice(0, shape[i]))),
              ),
            ],
            axis,
          );
    }
    default:
      return isInteger(node.dtype) || node.dtype === "float64"
        ? cast(node, "float32")
        : cast(node, "float64");
  }
}

/** An array that broadcasts with `shape`, where one can be cut from this one. */
function fitted(random: Random, other: Node, shape: readonly number[]): Node | null {
  if (other.shape.length !== shape.length) return null;
  const fits = shape.every((length, axis) => other.shape[axis] >= length);
  if (!fits) return null;
  const flat = random() < 0.3;
  return select(
    other,
    shape.map((length, axis) => slice(0, flat && axis === 0 ? Math.min(1, length) : length)),
  );
}

function randomSelection(random: Random, length: number, keep?: number): AxisSelection {
  if (length === 0 || keep !== undefined || random() < 0.4) return slice(0, length);
  const kind = below(random, 4);
  if (kind === 0) return slice(below(random, length), 1);
  if (kind === 1) return slice(length - 1, length, -1);
  if (kind === 2)
    return positions(Array.from({ length: 1 + below(random, length) }, () => below(random, length)));
  const start = below(random, length);
  const step = 1 + below(random, 3);
  return slice(start, Math.ceil((length - start) / step), step);
}

function turned(random: Random, node: Node): Node {
  const axes: (number | null)[] = node.shape.map((_, axis) => axis);
  for (let i = axes.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [axes[i], axes[j]] = [axes[j], axes[i]];
  }
  const kept = axes.filter((axis) => axis === null || node.shape[axis] !== 1 || random() < 0.5);
  if (kept.length < 4 && random() < 0.3) kept.splice(below(random, kept.length + 1), 0, null);
  const viewed = view(node, kept);
  const at = viewed.shape.indexOf(1);
  if (at === -1 || random() < 0.6) return viewed;
  return broadcast(
    viewed,
    viewed.shape.map((length, axis) => (axis === at ? 3 : length)),
  );
}

function reduced(random: Random, node: Node): Node {
  const axes = node.shape.map((_, axis) => axis).filter(() => random() < 0.5);
  const name = pick(random, REDUCTIONS);
  const along = name.startsWith("arg") || name === "first" || name === "last" ? axes.slice(0, 1) : axes;
  if (along.length === 0 || along.some((axis) => node.shape[axis] === 0)) return node;
  const one = reduce(
    node,
    reduction(name, node.dtype, { skipna: random() < 0.5, ddof: below(random, 2) }),
    along,
  );
  // two reductions of the same blocks share a stage
  if (random() < 0.6) return one;
  const other = elementwise("absolute", [node]);
  return elementwise("maximum", [one, reduce(other, reduction("mean", other.dtype), along)]);
}

function grouped(random: Random, node: Node): Node {
  if (node.shape.length === 0) return node;
  const axis = below(random, node.shape.length);
  if (node.shape[axis] === 0) return node;
  const groups = 1 + below(random, 4);
  const codes = Int32Array.from({ length: node.shape[axis] }, () => below(random, groups + 1) - 1);
  const name = pick(random, ["sum", "mean", "count", "var"] as const);
  return groupReduce(node, reduction(name, node.dtype, { skipna: random() < 0.7 }), axis, codes, groups);
}
