/** Owns the printed form of expressions and plans: nodes, what each rule did, stages, tasks, bytes. */
import { bytesText } from "@hyperslab/core/byte-text";
import { type AxisSelection, isWhole, selectionLength } from "@hyperslab/core/box";
import {
  blockTotal,
  chunkCount,
  type ChunkGrid,
  gridShape,
  maxBlockShape,
  maxChunk,
} from "@hyperslab/core/chunk-grid";
import { streamOf } from "@hyperslab/core/piece";
import type { AxisMap, Plan, Stage } from "@hyperslab/core/plan";
import type { Step } from "@hyperslab/core/program";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import type { JoinedDetail } from "@hyperslab/core/source-ref";
import { lower } from "./lower.js";
import { childrenOf, type Node } from "./node.js";
import { optimise } from "./optimise.js";
import { predictPeak } from "./peak.js";
import { RULES } from "./rules/order.js";
import { postOrder } from "./walk.js";

/** What `explain` prints: the nodes, each rule's effect, the stages, and what a run will read and hold. */
export function explain(roots: readonly Node[], slots = 2): string {
  const parts = ["== expression", printNodes(roots)];
  const effects = new Map<string, string>();
  const nodes = optimise(roots, (rule, after) => effects.set(rule.name, printNodes(after)));
  for (const { name } of RULES) {
    const effect = effects.get(name);
    parts.push(effect ? `== after ${name}\n${effect}` : `== after ${name}: no change`);
  }
  const plan = lower(nodes);
  parts.push("== plan", printPlan(plan, slots));
  return parts.join("\n");
}

/** One line a node, numbered, arguments before those that use them. */
export function printNodes(roots: readonly Node[]): string {
  const nodes = postOrder(roots);
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  return nodes
    .map((node, i) => {
      const args = childrenOf(node).map((child) => `#${numbers.get(child)}`);
      const text = [node.kind, detailOf(node, args)].filter(Boolean).join(" ");
      return `#${i} ${text} → ${node.dtype} ${cut(node.grid)}`;
    })
    .join("\n");
}

/** `(12, 90, 180) in 3 blocks of (4, 90, 180)`. */
function cut(grid: ChunkGrid): string {
  const total = blockTotal(grid);
  const shape = `(${gridShape(grid).join(", ")})`;
  return total === 1
    ? `${shape} in 1 block`
    : `${shape} in ${total} blocks of (${maxBlockShape(grid).join(", ")})`;
}

function detailOf(node: Node, args: readonly string[]): string {
  switch (node.kind) {
    case "source": {
      const stored = gridShape(node.storedGrid);
      const picked = node.selection.every((one, axis) => isWhole(one, stored[axis]));
      const files =
        node.ref.format === "joined" ? ` of ${(node.ref.detail as JoinedDetail).parts.length}` : "";
      return `${node.name}${files}${picked ? "" : ` [${node.selection.map((one, i) => textOf(one, stored[i])).join(", ")}]`}`;
    }
    case "literal":
      return "";
    case "elementwise":
      return formula(node.program, args);
    case "reduce":
      return `${node.reduction.name}(${args[0]}) over axes ${node.axes.join(", ")}${options(node.reduction)}`;
    case "groupReduce":
      return `${node.reduction.name}(${args[0]}) in ${node.groups} groups of axis ${node.axis}${options(node.reduction)}`;
    case "select":
      return `${args[0]} [${node.selection.map((one, i) => textOf(one, node.arg.shape[i])).join(", ")}]`;
    case "view":
      return `${args[0]} axes ${node.axes.map((axis) => axis ?? "new").join(", ")}`;
    case "concat":
      return `${args.join(", ")} along axis ${node.axis}`;
    case "broadcast":
    case "rechunk":
      return args[0];
    case "write":
      return `${args[0]} to ${node.target.path}`;
  }
}

function options(reduction: { skipna: boolean; ddof: number }): string {
  return `${reduction.skipna ? ", skipna" : ""}${reduction.ddof ? `, ddof ${reduction.ddof}` : ""}`;
}

function textOf(selection: AxisSelection, length: number): string {
  if (isWhole(selection, length)) return ":";
  if (selection.kind === "positions") return `${selectionLength(selection)} positions`;
  const { start, step, length: count } = selection;
  if (count === 1) return `${start}`;
  const stop = start + count * step;
  return `${start}:${stop < 0 ? "" : stop}${step === 1 ? "" : `:${step}`}`;
}

/** A scalar program as a formula over its arguments; long ones are cut short. */
function formula(program: ScalarProgram, args: readonly string[]): string {
  const texts: string[] = [];
  for (const op of program.ops) {
    if (op.op === "input") texts.push(args[op.input]);
    else if (op.op === "constant") texts.push(String(op.value));
    else if (op.op === "cast") texts.push(`${op.dtype}(${texts[op.args[0]]})`);
    else texts.push(`${op.op}(${op.args.map((arg) => texts[arg]).join(", ")})`);
    const last = texts.length - 1;
    if (texts[last].length > 160) texts[last] = `${texts[last].slice(0, 157)}...`;
  }
  return texts[texts.length - 1];
}

/** The stages of a plan, and its totals. */
export function printPlan(plan: Plan, slots: number): string {
  let tasks = 0;
  let read = 0;
  const lines = plan.stages.map((stage, s) => {
    const count = blockTotal(stage.grid);
    tasks += count;
    read += stage.cost.read;
    const from = stage.inputs.map(
      (input) => `stage ${input.stage} by ${input.axes.map(mapText).join(" × ")}`,
    );
    const steps = stage.program.steps.map(stepText).join(" → ");
    return [
      `stage ${s}: ${stage.name}, ${count} task${count === 1 ? "" : "s"}${plan.outputs.includes(s) ? ", result" : ""}`,
      `  does  ${steps}`,
      ...(from.length ? [`  takes ${[...new Set(from)].join("; ")}`] : []),
      ...piecesText(stage),
      `  bytes ${bytesText(stage.cost.output)} out, ${bytesText(stage.cost.working)} working a task; ${bytesText(stage.cost.read)} read in all`,
    ].join("\n");
  });
  const peak = predictPeak(plan, slots);
  lines.push(
    `${tasks} task${tasks === 1 ? "" : "s"} in ${plan.stages.length} stage${plan.stages.length === 1 ? "" : "s"}; reads ${bytesText(read)} (decoded); ` +
      `predicted peak memory ${bytesText(peak.bytes)} with ${slots} tasks at a time (${bytesText(peak.running)} running, ${bytesText(peak.kept)} kept)`,
  );
  return lines.join("\n");
}

/** What a stage that is streamed goes through. */
function piecesText({ program, grid }: Stage): string[] {
  const stream = streamOf(program.steps);
  if (!stream) return [];
  const counts = stream.axes.map(({ pieces }) => chunkCount(pieces));
  const total = counts.reduce((a, b) => a * b, 1);
  const tasks = stream.axes.reduce((n, { axis }) => n * chunkCount(grid[axis]), 1);
  const lengths = stream.axes.map(({ pieces, axis }) => `${maxChunk(pieces)} along axis ${axis}`);
  const each = stream.axes.every(({ partial }) => partial)
    ? `about ${Math.ceil(total / tasks)}`
    : "only what its groups need";
  return [`  goes  through pieces of ${lengths.join(", ")}, one at a time: ${total} in all, ${each} a task`];
}

function stepText(step: Step): string {
  switch (step.kind) {
    case "reduce":
    case "groupReduce":
      return `${step.kind === "reduce" ? "" : "group "}${step.reduction.name}${step.partial ? " partial" : ""}`;
    case "combine":
      return `${step.finish ? "finish" : "combine"} ${step.reduction.name}`;
    case "elementwise":
      return `elementwise(${step.program.ops.filter(({ op }) => op !== "input" && op !== "constant").length} ops)`;
    case "source":
      return "read";
    case "input":
    case "literal":
    case "view":
    case "broadcast":
    case "select":
    case "concat":
    case "tuple":
    case "write":
      return step.kind;
  }
}

function mapText(map: AxisMap): string {
  switch (map.kind) {
    case "same":
      return "same";
    case "range":
      return map.stop - map.start === 1 ? `block ${map.start}` : `blocks ${map.start}..${map.stop - 1}`;
    case "tree":
      return `${map.fanIn} to 1`;
    case "overlap":
      return "overlap";
    case "table":
      return "table";
  }
}
