/**
 * Owns scans: running sums, products and extremes along an axis. A block starts from the `carry` of the one before; or
 * blocks are scanned apart ({@link scanTotals} of each, the totals scanned, {@link applyCarry}). Knows no plans.
 */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import type { Dtype } from "@hyperslab/core/dtype";
import { DtypeError, ShapeError } from "@hyperslab/core/errors";
import { normaliseAxis, type Shape, sameShape, sizeOf } from "@hyperslab/core/shape";
import { type Lanes, lanesOf } from "./lanes.js";
import { eachPosition, type LoopAxis } from "./loop.js";
import { type Operand, operandOf } from "./operand.js";
import {
  carryText,
  identityOf,
  scanDtype,
  type ScanLoop,
  type ScanName,
  type ScanOptions,
  scanText,
} from "./scan-source.js";

/**
 * Writes to every position of `out` what `operand`, looped over `shape`, gives up to it along `axis`.
 * `out` has `shape` and {@link scanDtype}'s dtype. NaN and NaT go on to the end of their lane, but with `skipna`
 * see {@link ScanOptions}; extremes of missing elements alone are missing.
 *
 * `carry`, of length 1 on `axis`, is what earlier blocks gave; what this one gives to the next is returned: blocks that follow
 * one another so have the bits of one scan over all of them.
 * @throws DtypeError, ShapeError for operands or blocks that don't fit
 */
export function cumulate(
  name: ScanName,
  operand: Operand,
  shape: Shape,
  axis: number,
  options: ScanOptions,
  out: Block,
  carry?: Block,
): Block {
  const dtype = scanDtype(name, operand.dtype);
  if (out.dtype !== dtype) mismatch(name, dtype, out.dtype);
  const lanes = lanesOf(`cumulative ${name}`, operand, shape, axis, out);
  if (!sameShape(out.shape, shape))
    throw new ShapeError({
      asked: `cumulative ${name} over (${shape.join(", ")})`,
      found: `a block of (${out.shape.join(", ")})`,
    });
  const along = normaliseAxis(axis, shape.length);
  const state = stateOf(name, dtype, shape, along, options, carry);
  runScan(scanText(name, operand.dtype, options, true), operand, lanes, out, state);
  return state;
}

/** What a block gives to the one after it, without writing the scan: the state that {@link cumulate} returns. */
export function scanTotals(
  name: ScanName,
  operand: Operand,
  shape: Shape,
  axis: number,
  options: ScanOptions,
): Block {
  const dtype = scanDtype(name, operand.dtype);
  const along = normaliseAxis(axis, shape.length);
  const state = stateOf(name, dtype, shape, along, options);
  const lanes = lanesOf(`cumulative ${name}`, operand, shape, axis, state);
  runScan(scanText(name, operand.dtype, options, false), operand, lanes, state, state);
  return state;
}

/**
 * Brings a block that was scanned by itself to what it is after others: `carry`, of length 1 on `axis`, is the scan of
 * their totals. In place. Floats may differ in the last bits from those of one scan.
 * @throws DtypeError, ShapeError for a carry that doesn't fit
 */
export function applyCarry(
  name: ScanName,
  block: Block,
  axis: number,
  options: ScanOptions,
  carry: Block,
): void {
  const along = normaliseAxis(axis, block.shape.length);
  checkCarry(name, block.dtype, block.shape, along, carry);
  const apply = carryText(name, block.dtype, options.skipna);
  const lanes = lanesOf(`cumulative ${name}`, operandOf(block, block.shape), block.shape, axis, carry);
  const inner = lanes.outer.at(-1) ?? STILL;
  eachPosition(lanes.outer.slice(0, -1), lanes.offsets, ([p, q]) => {
    apply(
      block.data,
      p,
      lanes.strides[0],
      inner.strides[0],
      carry.data,
      q,
      inner.strides[1],
      lanes.length,
      inner.length,
    );
  });
}

const STILL: LoopAxis = { length: 1, role: "keep", strides: [0, 0, 0] };
/** Lanes that are scanned row by row at once: their last row is still in the cache when the next one comes. */
const WIDE = 2048;

function runScan(loop: ScanLoop, operand: Operand, lanes: Lanes, out: Block, state: Block): void {
  const { outer, strides, length, offsets } = lanes;
  // the state is walked as the result is, with one position on the axis
  const inner = outer.at(-1) ?? STILL;
  let s = 0;
  eachPosition(outer.slice(0, -1), offsets, ([p, q]) => {
    for (let from = 0; from < inner.length; from += WIDE) {
      const columns = Math.min(WIDE, inner.length - from);
      loop(
        operand.data,
        p + from * inner.strides[0],
        strides[0],
        inner.strides[0],
        out.data,
        q + from * inner.strides[1],
        strides[1],
        inner.strides[1],
        state.data,
        s,
        1,
        length,
        columns,
      );
      s += columns;
    }
  });
}

/** The state to start from: a copy of the carry, or what no element gives. */
function stateOf(
  name: ScanName,
  dtype: Dtype,
  shape: Shape,
  along: number,
  { skipna }: ScanOptions,
  carry?: Block,
): Block {
  const state = allocateBlock(
    dtype,
    shape.map((length, i) => (i === along ? 1 : length)),
  );
  if (carry) {
    checkCarry(name, dtype, shape, along, carry);
    (state.data as Float64Array).set(carry.data as Float64Array);
  } else if (sizeOf(state.shape) > 0)
    (state.data as Float64Array).fill(identityOf(name, dtype, skipna) as number);
  return state;
}

function checkCarry(name: ScanName, dtype: Dtype, shape: Shape, along: number, carry: Block): void {
  if (carry.dtype !== dtype) mismatch(name, dtype, carry.dtype);
  const wanted = shape.map((length, i) => (i === along ? 1 : length));
  if (!sameShape(carry.shape, wanted))
    throw new ShapeError({
      asked: `cumulative ${name} with a carry of (${wanted.join(", ")})`,
      found: `a carry of (${carry.shape.join(", ")})`,
    });
}

function mismatch(name: ScanName, wanted: Dtype, found: Dtype): never {
  throw new DtypeError({
    dtype: found,
    operation: `cumulative ${name}`,
    found: `a result of ${wanted} for a block of ${found}`,
  });
}
