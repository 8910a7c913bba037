/**
 * Owns the growing of a partial state: pieces of an array, and states of others, enter it one after another, in
 * place. Where the innermost axis is kept, elements enter the state itself; else a state of the piece
 * is made, a stretch of positions at a time, so that it never leaves the cache, and merged. Which of the two
 * goes by shape and reduction alone, for the two differ in the last bits of floating-point sums.
 */
import type { Block } from "@hyperslab/core/block";
import { isTime, viewOf } from "@hyperslab/core/dtype";
import { ShapeError } from "@hyperslab/core/errors";
import type { Reduction } from "@hyperslab/core/reduction";
import { sameShape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import { ColumnAccumulator, type PlaneMemory } from "./column-accumulator.js";
import { canonicalLoop, eachPosition } from "./loop.js";
import type { Operand } from "./operand.js";
import { withProducts } from "./power-products.js";
import { reduceIntoPlanes, reduceToPlanes } from "./reduce-loop.js";
import { checkReducing, type Reducing, stateShape } from "./reduce-source.js";
import { compileRowMerge, type RowMerge } from "./reduction-source.js";
import {
  isCount,
  openPlanes,
  type Plane,
  recyclePlanes,
  resetPlanes,
  writeCounts,
  writeHalves,
} from "./reduction-state.js";
import { openRow } from "./state-row.js";
import { VarianceAccumulator } from "./variance-accumulator.js";

/** Positions of a piece's own state that are made at a time. */
const POSITIONS = 32768;
/** Positions of other states that are opened at a time. */
const ROW = 4096;

/** A state that grows. Until it is sealed, its blocks hold something that only it can read. */
export class StateAccumulator {
  readonly #reduction: Reduction;
  readonly #blocks: readonly Block[];
  readonly #planes: readonly Plane[];
  readonly #strides: readonly number[];
  readonly #merge: RowMerge;
  #groupAxis = -1;

  readonly #memory: PlaneMemory;
  /** Holds the state instead of the planes, as long as all pieces can enter it. */
  #columns: ColumnAccumulator | null = null;
  #variance: VarianceAccumulator | null = null;
  #fresh = true;

  /**
   * @param blocks fields of core's `stateOf`, of one shape; what stands in them is overwritten
   * @param memory for the state while it grows, in the kernels' own memory; nobody may use it before `seal`
   */
  constructor(reduction: Reduction, blocks: readonly Block[], memory: PlaneMemory = () => null) {
    this.#reduction = reduction;
    this.#blocks = blocks;
    this.#memory = memory;
    this.#planes = blocks.map(({ data, dtype }, field): Plane => {
      // counts are float64 until the end, in the memory of the int64s that they become
      if (isCount(reduction, field) && !Array.isArray(data))
        return viewOf("float64", data.buffer, data.byteOffset, data.length);
      return dtype === "float16" ? new Float32Array(data.length) : data;
    });
    this.#strides = stridesOf(blocks[0].shape);
    this.#merge = compileRowMerge(reduction);
  }

  /**
   * The planes, with the state in them; counts are float64 there. For those who go on with them: whatever they make
   * of it is the state.
   */
  open(): readonly Plane[] {
    if (this.#variance) this.#variance.open();
    else if (this.#columns) {
      const { shape } = this.#blocks[0];
      const axis = this.#groupAxis;
      const stride = this.#strides[axis];
      this.#columns.writeTo(this.#planes, (position) =>
        axis < 0 ? 0 : Math.floor(position / stride) % shape[axis],
      );
    } else if (this.#fresh) resetPlanes(this.#reduction, this.#planes);
    this.#columns = null;
    this.#variance = null;
    this.#fresh = false;
    return this.#planes;
  }

  /** Lets elements enter the state itself. */
  #reduceDirectly(work: Reducing): void {
    if (this.#fresh) {
      this.#groupAxis = work.grouping?.axis ?? -1;
      const length = sizeOf(this.#blocks[0].shape);
      this.#columns = ColumnAccumulator.create(this.#reduction, work, length, this.#strides, this.#memory);
      this.#fresh = this.#columns === null;
    }
    if (this.#columns?.enter(work)) return;
    reduceIntoPlanes(work, this.#reduction, [...this.open()]);
  }

  /**
   * Lets the elements of a piece enter. Pieces come in the order in which they stand on the reduced axes.
   * @throws DtypeError, ShapeError for a piece that doesn't fit
   */
  reduce(piece: Reducing): void {
    checkReducing(piece, this.#reduction);
    const work = { ...piece, program: withProducts(piece.program) };
    const { shape } = this.#blocks[0];
    const found = stateShape(work);
    if (!sameShape(found, shape))
      throw new ShapeError({
        asked: `a piece whose state is (${found.join(", ")})`,
        found: `a state of (${shape.join(", ")})`,
      });
    if (sizeOf(work.shape) === 0) return;
    if (isRows(work)) {
      if (!isVariance(this.#reduction)) return this.#reduceDirectly(work);
      if (this.#reduceVariance(work)) return;
    }
    const { grouping } = work;
    if (!grouping) return this.#reduceTiles(work, [0]);
    const { present, codes } = compact(grouping.codes, grouping.groups);
    if (present.length === 0) return;
    this.#reduceTiles({ ...work, grouping: { ...grouping, codes, groups: present.length } }, present);
  }

  /** Lets elements enter the sums that a variance is made of; false once the state is in its planes. */
  #reduceVariance(work: Reducing): boolean {
    const reduction = this.#reduction;
    if (isTime(reduction.dtype) || (!this.#fresh && !this.#variance)) return false;
    this.#variance ??= new VarianceAccumulator(
      reduction,
      this.#blocks,
      work,
      this.#memory,
      (...state) => new StateAccumulator(...state),
    );
    this.#fresh = false;
    this.#variance.reduce(work);
    return true;
  }

  /** `groups[g]` is the place of the piece's group `g` in this state. */
  #reduceTiles(work: Reducing, groups: readonly number[]): void {
    for (const { start, shape } of tilesOf(work)) {
      const operands = work.operands.map((operand) => sliced(operand, start));
      const tile = { ...work, operands, shape };
      const planes = reduceToPlanes(tile, this.#reduction);
      this.#enter(planes, tile, start, groups);
      recyclePlanes(planes);
    }
  }

  /** Merges the state of a tile, group by group. */
  #enter(
    planes: readonly Plane[],
    tile: Reducing,
    start: readonly number[],
    groups: readonly number[],
  ): void {
    const into = this.open();
    const full = stateShape(tile);
    const axis = tile.grouping?.axis ?? -1;
    const from = stridesOf(full);
    const first = start.reduce(
      (sum, at, i) => sum + (i === axis || tile.axes.includes(i) ? 0 : at * this.#strides[i]),
      0,
    );
    const shape = full.map((length, i) => (i === axis ? 1 : length));
    groups.forEach((group, g) => {
      const { axes, offsets } = canonicalLoop(shape, [
        { offset: axis < 0 ? 0 : g * from[axis], strides: from },
        { offset: first + (axis < 0 ? 0 : group * this.#strides[axis]), strides: this.#strides },
      ]);
      const last = axes.at(-1);
      const rows = last && last.strides[0] === 1 && last.strides[1] === 1;
      eachPosition(rows ? axes.slice(0, -1) : axes, offsets, (at) => {
        this.#merge(into, at[1], planes, at[0], rows ? last.length : 1);
      });
    });
  }

  /**
   * Merges states: along each of `axes` the fields have k·width positions, and the k stretches enter one after
   * another; this state is `width` long there, and as long as the fields elsewhere.
   * @throws ShapeError
   */
  merge(fields: readonly Block[], axes: readonly { readonly axis: number; readonly width: number }[]): void {
    const { shape } = fields[0];
    // every combined axis becomes two: which stretch, and where in it
    const inStrides = stridesOf(shape);
    const split: number[] = [];
    const from: number[] = [];
    const to: number[] = [];
    shape.forEach((length, axis) => {
      const width = axes.find((one) => one.axis === axis)?.width ?? length;
      if (length === 0) return;
      if (width === 0 || length % width !== 0 || this.#blocks[0].shape[axis] !== width)
        throw new ShapeError({
          asked: `combine stretches of ${width} along axis ${axis}`,
          found: `a length of ${length}`,
        });
      split.push(length / width, width);
      from.push(inStrides[axis] * width, inStrides[axis]);
      to.push(0, this.#strides[axis]);
    });
    if (sizeOf(shape) === 0) return;
    const into = this.open();
    const stretches = split.map((_, i) => i).filter((i) => i % 2 === 0);
    const walk = [
      { offset: 0, strides: from },
      { offset: 0, strides: to },
    ];
    const { axes: loop, offsets } = canonicalLoop(split, walk, stretches);
    const last = loop.at(-1);
    if (last?.role === "keep" && last.strides[0] === 1 && last.strides[1] === 1)
      return eachPosition(loop.slice(0, -1), offsets, (at) => {
        for (let start = 0; start < last.length; start += ROW) {
          const n = Math.min(ROW, last.length - start);
          const row = openRow(this.#reduction, fields, at[0] + start, n, 1);
          this.#merge(into, at[1] + start, row, 0, n);
        }
      });
    const planes = openPlanes(this.#reduction, fields);
    eachPosition(loop, offsets, (at) => this.#merge(into, at[1], planes, at[0], 1));
  }

  /** The blocks, with the state in them. Nothing can enter any more. */
  seal(): Block[] {
    this.open();
    this.#blocks.forEach(({ data, dtype }, field) => {
      const plane = this.#planes[field];
      if (isCount(this.#reduction, field)) writeCounts(plane as Float64Array, data as BigInt64Array);
      else if (dtype === "float16") writeHalves(plane as Float32Array, data as Uint16Array);
    });
    return [...this.#blocks];
  }
}

/** The groups that occur, in order, and the codes by their number among those. */
function compact(codes: Int32Array, groups: number): { present: number[]; codes: Int32Array } {
  const number = new Int32Array(groups).fill(-1);
  for (const code of codes) if (code >= 0) number[code] = 0;
  const present: number[] = [];
  number.forEach((seen, group) => {
    if (seen === 0) number[group] = present.push(group) - 1;
  });
  return { present, codes: codes.map((code) => (code < 0 ? -1 : number[code])) };
}

/** True for pieces that are rows of columns: their innermost axis is kept, and elements enter the state one by one. */
function isRows({ shape, axes, grouping }: Reducing): boolean {
  const innermost = shape.findLastIndex((length) => length > 1);
  return innermost >= 0 && innermost !== grouping?.axis && !axes.includes(innermost);
}

function isVariance({ name }: Reduction): boolean {
  return name === "var" || name === "std";
}

interface TileBox {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

/** Cuts the kept axes where the state of a piece is long, and neighbours along its innermost axis stand in it. */
function tilesOf(work: Reducing): TileBox[] {
  const { shape, axes, grouping } = work;
  const whole = { start: shape.map(() => 0), shape };
  const isKept = (axis: number): boolean => axis !== grouping?.axis && !axes.includes(axis);
  const innermost = shape.findLastIndex((length) => length > 1);
  const room = POSITIONS / (grouping?.groups ?? 1);
  const kept = shape.map((length, axis) => (isKept(axis) ? length : 1));
  if (innermost < 0 || !isKept(innermost) || sizeOf(kept) <= room) return [whole];
  const steps = [...shape];
  let inner = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (!isKept(axis)) continue;
    steps[axis] = Math.max(1, Math.min(shape[axis], Math.floor(room / inner)));
    inner *= steps[axis];
  }
  // even cuts: the last one is not left with a single position
  steps[innermost] = Math.ceil(shape[innermost] / Math.ceil(shape[innermost] / steps[innermost]));
  let tiles: TileBox[] = [{ start: [], shape: [] }];
  shape.forEach((length, axis) => {
    const next: TileBox[] = [];
    for (const tile of tiles)
      for (let at = 0; at < length; at += steps[axis])
        next.push({
          start: [...tile.start, at],
          shape: [...tile.shape, Math.min(steps[axis], length - at)],
        });
    tiles = next;
  });
  return tiles;
}

function sliced(operand: Operand, start: readonly number[]): Operand {
  const offset = start.reduce((sum, at, axis) => sum + at * operand.strides[axis], operand.offset);
  return { ...operand, offset };
}
