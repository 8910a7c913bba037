/**
 * Owns the nodes of a lazy array expression: immutable, tagged with `kind`, of static shape, dtype
 * and chunk grid. Knows no labels, no I/O and no way to compute anything.
 */
import type { Block } from "@hyperslab/core/block";
import type { AxisSelection } from "@hyperslab/core/box";
import type { ChunkGrid } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import type { Reduction } from "@hyperslab/core/reduction";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import type { Shape } from "@hyperslab/core/shape";
import type { SourceRef, TargetRef } from "@hyperslab/core/source-ref";

interface Facts {
  readonly shape: Shape;
  readonly dtype: Dtype;
  /** How the node is cut into blocks where it is computed block by block. */
  readonly grid: ChunkGrid;
  /** Source line of the user's call, where known. */
  readonly where?: string;
}

/** What `selection` picks out of a stored array, whose chunks are `storedGrid`. */
export interface SourceNode extends Facts {
  readonly kind: "source";
  readonly ref: SourceRef;
  /** Name for people: the variable's. */
  readonly name: string;
  readonly storedGrid: ChunkGrid;
  readonly selection: readonly AxisSelection[];
}

/** Data in memory. */
export interface LiteralNode extends Facts {
  readonly kind: "literal";
  readonly block: Block;
}

/** One scalar program over arguments of the same rank; lengths of 1 broadcast. */
export interface ElementwiseNode extends Facts {
  readonly kind: "elementwise";
  readonly program: ScalarProgram;
  readonly args: readonly Node[];
}

/** Reduced axes keep length 1. */
export interface ReduceNode extends Facts {
  readonly kind: "reduce";
  readonly arg: Node;
  readonly reduction: Reduction;
  readonly axes: readonly number[];
}

/** Elements with code g along `axis` are reduced to position g; negative codes go nowhere. */
export interface GroupReduceNode extends Facts {
  readonly kind: "groupReduce";
  readonly arg: Node;
  readonly reduction: Reduction;
  readonly axis: number;
  readonly codes: Int32Array;
  readonly groups: number;
}

export interface SelectNode extends Facts {
  readonly kind: "select";
  readonly arg: Node;
  readonly selection: readonly AxisSelection[];
}

/** Axis `i` is axis `axes[i]` of the argument, or new and of length 1; axes left out have length 1. */
export interface ViewNode extends Facts {
  readonly kind: "view";
  readonly arg: Node;
  readonly axes: readonly (number | null)[];
}

export interface BroadcastNode extends Facts {
  readonly kind: "broadcast";
  readonly arg: Node;
}

export interface ConcatNode extends Facts {
  readonly kind: "concat";
  readonly args: readonly Node[];
  readonly axis: number;
}

/** The same array in other blocks. */
export interface RechunkNode extends Facts {
  readonly kind: "rechunk";
  readonly arg: Node;
}

/** Writes blocks to a stored array. Its own blocks say `true`: one element for each block written. */
export interface WriteNode extends Facts {
  readonly kind: "write";
  readonly arg: Node;
  readonly target: TargetRef;
}

export type Node =
  | SourceNode
  | LiteralNode
  | ElementwiseNode
  | ReduceNode
  | GroupReduceNode
  | SelectNode
  | ViewNode
  | BroadcastNode
  | ConcatNode
  | RechunkNode
  | WriteNode;

/** The nodes that a node is computed from. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "source":
    case "literal":
      return [];
    case "elementwise":
    case "concat":
      return node.args;
    case "reduce":
    case "groupReduce":
    case "select":
    case "view":
    case "broadcast":
    case "rechunk":
    case "write":
      return [node.arg];
  }
}

/** The node over other children; the very node where they are the same. */
export function withChildren(node: Node, children: readonly Node[]): Node {
  const old = childrenOf(node);
  if (children.every((child, i) => child === old[i])) return node;
  switch (node.kind) {
    case "source":
    case "literal":
      return node;
    case "elementwise":
    case "concat":
      return { ...node, args: children };
    case "reduce":
    case "groupReduce":
    case "select":
    case "view":
    case "broadcast":
    case "rechunk":
    case "write":
      return { ...node, arg: children[0] };
  }
}
