/**
 * Owns reductions that keep the innermost axis: it gives columns, and every position of the reduced axes
 * is a row that enters their state, several rows at a time.
 */
import { eachPosition, type LoopAxis } from "../loop.js";
import { SCRATCH_BYTES } from "./arena.js";
import { ColumnState } from "./column-state.js";
import { HEAD_BYTES } from "./elementwise.js";
import { Feeder, SLOT_BYTES, TILE } from "./feeder.js";
import type { Kernel } from "./kernel.js";
import { writeConstants } from "./program.js";
import { type ReduceText, reduceKernel } from "./reduce-kernel.js";
import { type Pass, STATE_BYTES } from "./reduce-pass.js";
import { GROUP } from "./vector.js";

/** Rows that a kernel takes at once, so that the state of a column is loaded and stored once for all of them. */
const ROWS = 4;
/** Fewer columns than this are left to the plain loops. */
const COLUMNS = 32;

/** What stays the same while rows enter. */
interface RowWork {
  readonly pass: Pass;
  readonly store: ColumnState;
  readonly one: Kernel;
  readonly many: Kernel | null;
  readonly inner: LoopAxis;
  readonly reduced: readonly LoopAxis[];
  readonly feeders: readonly (readonly Feeder[])[];
}

/** Reduces rows; false where there is no kernel, or too few columns. */
export function alongRows(pass: Pass, axes: readonly LoopAxis[]): boolean {
  const { arena, used, work, reduction, means, state } = pass;
  const kept = axes.filter((axis) => axis.role === "keep");
  const reduced = axes.filter((axis) => axis.role === "reduce");
  const inner = kept.at(-1);
  if (!inner || inner.length < COLUMNS) return false;
  const groups = work.grouping?.groups ?? 1;
  const width = Math.floor(STATE_BYTES / (8 * groups * (state.length + 1)) / GROUP) * GROUP;
  const columns = Math.min(TILE, width);
  if (columns < Math.min(4 * COLUMNS, inner.length)) return false;
  // short rows that stand side by side are fed together
  const wide = inner.length * ROWS > TILE || inner.length > columns || reduced.length === 0;
  const slots = arena.scratch + HEAD_BYTES + STATE_BYTES;
  const room = Math.floor((SCRATCH_BYTES - HEAD_BYTES - STATE_BYTES) / SLOT_BYTES);
  const rows = wide && (work.grouping || used.length * ROWS > room) ? 1 : ROWS;
  const feeders = Array.from({ length: wide ? rows : 1 }, (_, row) =>
    used.map((operand, k) => {
      const slot = slots + (row * used.length + k) * SLOT_BYTES;
      const column = { length: inner.length, stride: inner.strides[k] };
      const deep = reduced.at(-1);
      const feed = wide || !deep ? [column] : [{ length: deep.length, stride: deep.strides[k] }, column];
      return new Feeder(arena, operand, feed, slot);
    }),
  );
  const text: ReduceText = {
    program: work.program,
    reduction,
    moment: means !== null,
    splats: feeders[0].map((feeder) => feeder.splat),
    mode: 1,
  };
  const many = rows > 1 ? reduceKernel({ ...text, mode: rows }) : null;
  const one = reduceKernel(text);
  if (!one) return false;
  writeConstants(work.program, arena, arena.scratch);
  const count = used.length;
  const store = new ColumnState(pass, columns, groups);
  const rowWork: RowWork = { pass, store, one, many, inner, reduced, feeders };
  eachPosition(kept.slice(0, -1), [...used.map((operand) => operand.offset), 0], (outer) => {
    for (let from = 0; from < inner.length; from += columns) {
      const n = Math.min(columns, inner.length - from);
      const target = outer[count] + from * inner.strides[count];
      store.reset();
      if (means) store.readMeans(means, target, inner.strides[count], n);
      const entered = wide ? enterWide(rowWork, outer, from, n) : enterTogether(rowWork, outer, n);
      store.write(target, inner.strides[count], n, entered);
    }
  });
  return true;
}

/** The arguments of a kernel of `rows` rows, but for the addresses of inputs, which follow at {@link inputsAt}. */
function argumentsOf({ pass, store }: RowWork, rows: number, n: number, group: number): number[] {
  const { arena, state, used } = pass;
  const args = [Math.ceil(n / GROUP), 0, arena.scratch, store.meanAddress(group)];
  state.forEach((_, p) => args.push(store.address(p, group)));
  for (let i = 0; i < rows * used.length; i++) args.push(0);
  return args;
}

function inputsAt({ pass }: RowWork): number {
  return 4 + pass.state.length;
}

/** Long rows: each is fed by itself, a stretch of columns of it. Returns how many rows entered. */
function enterWide(work: RowWork, outer: readonly number[], from: number, n: number): number {
  const { pass, one, many, reduced, feeders } = work;
  const count = pass.used.length;
  const rows = feeders.length;
  const grouping = pass.work.grouping;
  const first = inputsAt(work);
  const manyArgs = argumentsOf(work, rows, n, 0);
  const oneArgs = argumentsOf(work, 1, n, 0);
  const pending: number[][] = [];
  let position = 0;
  const enter = (kernel: Kernel, args: number[], batch: readonly number[][]): void => {
    args[1] = position;
    batch.forEach((row, r) => {
      for (let k = 0; k < count; k++)
        args[first + r * count + k] = feeders[r][k].feed(outer[k] + row[k], from, n);
    });
    kernel(...args);
    position += batch.length;
  };
  eachPosition(
    reduced,
    outer.map(() => 0),
    (row) => {
      if (grouping) {
        const code = grouping.codes[position];
        if (code >= 0) enter(one, argumentsOf(work, 1, n, code), [[...row]]);
        else position++;
        return;
      }
      pending.push([...row]);
      if (pending.length < rows) return;
      enter(many ?? one, many ? manyArgs : oneArgs, pending);
      pending.length = 0;
    },
  );
  for (const row of pending) enter(one, oneArgs, [row]);
  return position;
}

/** Short rows: as many as fit a tile are fed at once. Returns how many rows entered. */
function enterTogether(work: RowWork, outer: readonly number[], n: number): number {
  const { pass, one, many, inner, reduced, feeders } = work;
  const { used } = pass;
  const count = used.length;
  const codes = pass.work.grouping?.codes ?? null;
  const first = inputsAt(work);
  const deep = reduced[reduced.length - 1];
  const batch = Math.floor(TILE / inner.length);
  const steps = feeders[0].map((feeder) => (feeder.splat ? 0 : inner.length * feeder.size));
  const addresses = new Float64Array(count);
  let manyArgs = argumentsOf(work, ROWS, n, 0);
  let oneArgs = argumentsOf(work, 1, n, 0);
  let group = 0;
  let position = 0;
  eachPosition(
    reduced.slice(0, -1),
    outer.map(() => 0),
    (base) => {
      for (let start = 0; start < deep.length; start += batch) {
        const rows = Math.min(batch, deep.length - start);
        for (let k = 0; k < count; k++)
          addresses[k] = feeders[0][k].feed(outer[k] + base[k], start * inner.length, rows * inner.length);
        for (let row = 0; row < rows;) {
          // neighbours of one group enter together
          let last = row + 1;
          if (codes) {
            const code = codes[position];
            while (last < rows && codes[position + last - row] === code) last++;
            if (code < 0) {
              position += last - row;
              row = last;
              continue;
            }
            if (code !== group) {
              group = code;
              manyArgs = argumentsOf(work, ROWS, n, group);
              oneArgs = argumentsOf(work, 1, n, group);
            }
          } else last = rows;
          while (row < last) {
            const size = many && last - row >= ROWS ? ROWS : 1;
            const args = size === 1 ? oneArgs : manyArgs;
            args[1] = position;
            for (let r = 0; r < size; r++)
              for (let k = 0; k < count; k++)
                args[first + r * count + k] = addresses[k] + (row + r) * steps[k];
            (size === 1 || !many ? one : many)(...args);
            row += size;
            position += size;
          }
        }
      }
    },
  );
  return position;
}
