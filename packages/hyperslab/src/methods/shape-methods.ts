/** Owns the methods that change dimensions, names and coordinates, and move no data. */
import type { HasLabels } from "../labelled.js";
import { assignCoords, dropVars, swapDims } from "../ops/assign.js";
import { broadcastLike } from "../ops/broadcast.js";
import { type ChunkSpec, type NewDim, chunk, expandDims, squeeze, transpose } from "../ops/reshape.js";
import type { VariableLike } from "../ops/variable-like.js";
import { SelectionMethods } from "./selection-methods.js";

/** Dimensions, names and coordinates. */
export abstract class ShapeMethods<Self extends HasLabels, Other extends HasLabels> extends SelectionMethods<
  Self,
  Other
> {
  /** Dimensions in another order; reversed where none are given, `"..."` for the rest. `da.transpose("lon", "...")` */
  transpose(...dims: string[]): Self {
    return this.wrap(transpose(this.labelled, dims));
  }

  /** Without dimensions of length 1: those named, or all. `da.squeeze("level")` @throws ShapeError for other lengths */
  squeeze(dims?: string | readonly string[] | null, options: { readonly drop?: boolean } = {}): Self {
    return this.wrap(squeeze(this.labelled, dims, options.drop));
  }

  /** New dimensions, in front or at `axis`. `da.expandDims({ member: [1, 2, 3] })` @throws ArgumentError where it is there */
  expandDims(dims: string | readonly string[] | Readonly<Record<string, NewDim>>, axis = 0): Self {
    return this.wrap(expandDims(this.labelled, dims, axis));
  }

  /** Coordinates added or replaced. `da.assignCoords({ lon: [0, 1, 2] })` @throws ShapeError, DimensionError */
  assignCoords(coords: Readonly<Record<string, VariableLike>>): Self {
    return this.wrap(assignCoords(this.labelled, coords));
  }

  /** Without the named variables or coordinates. `da.dropVars("height")` @throws NameError */
  dropVars(names: string | readonly string[], options: { readonly errors?: "raise" | "ignore" } = {}): Self {
    return this.wrap(dropVars(this.labelled, names, options.errors === "ignore"));
  }

  /** The same as {@link dropVars}. `da.drop("height")` */
  drop(names: string | readonly string[]): Self {
    return this.dropVars(names);
  }

  /** Dimensions labelled by another coordinate, whose name they take. `da.swapDims({ x: "station" })` */
  swapDims(dims: Readonly<Record<string, string>>): Self {
    return this.wrap(swapDims(this.labelled, dims));
  }

  /** The same in other chunks; -1 for one chunk. `da.chunk({ time: 100, lat: -1 })` @throws DimensionError, ShapeError */
  chunk(chunks: ChunkSpec | Readonly<Record<string, ChunkSpec>>): Self {
    return this.wrap(chunk(this.labelled, chunks));
  }

  /** Stretched over the dimensions of another object too. `mask.broadcastLike(da)` */
  broadcastLike(other: HasLabels): Self {
    return this.wrap(broadcastLike(this.labelled, other.labelled));
  }
}
