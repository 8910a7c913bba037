/**
 * Owns variables: an array whose axes have names, with attributes and with what is known of how it
 * is stored. Knows no coordinates, no indexes and no way to compute itself.
 */
import type { Node } from "@hyperslab/array/node";
import type { Block } from "@hyperslab/core/block";
import { chunkLengths } from "@hyperslab/core/chunk-grid";
import { type Dtype, itemSize } from "@hyperslab/core/dtype";
import { ArgumentError, DimensionError } from "@hyperslab/core/errors";
import { sizeOf, type Shape } from "@hyperslab/core/shape";
import type { Attributes } from "@hyperslab/storage/source";
import { type HyperslabArray, toNdarray } from "./ndarray.js";

/** How a variable is, or is to be, stored: chunks, packed dtype, fill value, time units. */
export type Encoding = Attributes;

/** An array with named axes. Immutable. */
export class Variable {
  readonly dims: readonly string[];
  readonly node: Node;
  readonly attrs: Attributes;
  readonly encoding: Encoding;

  /** @throws ArgumentError where the names don't fit the rank, or one stands twice */
  constructor(dims: readonly string[], node: Node, attrs: Attributes = {}, encoding: Encoding = {}) {
    if (dims.length !== node.shape.length || new Set(dims).size !== dims.length)
      throw new ArgumentError({
        asked: `dimensions (${dims.join(", ")})`,
        found: `an array of shape (${node.shape.join(", ")})`,
        hint: "give every axis one name of its own",
      });
    this.dims = dims;
    this.node = node;
    this.attrs = attrs;
    this.encoding = encoding;
  }

  get shape(): Shape {
    return this.node.shape;
  }
  get dtype(): Dtype {
    return this.node.dtype;
  }
  get size(): number {
    return sizeOf(this.node.shape);
  }
  /** Bytes of the data, once it is in memory. */
  get nbytes(): number {
    return this.size * itemSize(this.dtype);
  }
  /** Length of every dimension. */
  get sizes(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.dims.map((dim, axis) => [dim, this.shape[axis]]));
  }
  /** Lengths of the blocks along every axis; null for data in memory. */
  get chunks(): readonly (readonly number[])[] | null {
    return this.node.kind === "literal" ? null : this.node.grid.map(chunkLengths);
  }
  /** The elements, where they are in memory. */
  get block(): Block | null {
    return this.node.kind === "literal" ? this.node.block : null;
  }
  /** The elements as an `ndarray`. @throws ArgumentError while they are not in memory */
  get data(): HyperslabArray {
    const { block } = this;
    if (!block)
      throw new ArgumentError({
        asked: "data",
        found: "a lazy array",
        hint: "await compute() first, or take values()",
      });
    return toNdarray(block);
  }
}

/** The axis of a dimension. @throws DimensionError */
export function axisOf(variable: Variable, dim: string, operation: string): number {
  const axis = variable.dims.indexOf(dim);
  if (axis === -1) throw new DimensionError({ dim, dims: variable.dims, operation });
  return axis;
}

/** The variable over another node of the same rank; attributes stay, encoding goes. */
export function withNode(variable: Variable, node: Node, dims: readonly string[] = variable.dims): Variable {
  return new Variable(dims, node, variable.attrs);
}
