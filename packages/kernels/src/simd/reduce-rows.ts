/**
 * Owns reductions that keep the innermost axis: it gives columns, and every position of the reduced axes
 * is a row that enters their state, several rows at a time.
 */
import { eachPosition, type LoopAxis } from "../loop.js";
import { WORK_BYTES } from "./arena.js";
import { ColumnState } from "./column-state.js";
import { HEAD_BYTES } from "./elementwise.js";
import { Feeder, SLOT_BYTES, TILE } from "./feeder.js";
import { writeConstants } from "./program.js";
import { type Pass, STATE_BYTES } from "./reduce-pass.js";
import { type RowGroup, RowKernels, RowOrder, ROWS } from "./row-kernels.js";
import { GROUP } from "./vector.js";

/** Fewer columns than this are left to the plain loops. */
const COLUMNS = 32;

/** What stays the same while rows enter. */
interface RowWork {
  readonly pass: Pass;
  readonly store: ColumnState;
  readonly kernels: RowKernels;
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
  const deep = reduced.at(-1);
  const groups = work.grouping?.groups ?? 1;
  const width = (count: number): number =>
    Math.min(TILE, Math.floor(STATE_BYTES / (8 * count * (state.length + 1)) / GROUP) * GROUP);
  // short rows that stand side by side are fed together, and enter the states of all groups
  const together = inner.length * ROWS <= TILE && inner.length <= width(groups) ? deep : undefined;
  const slots = arena.scratch + HEAD_BYTES + STATE_BYTES;
  const room = Math.floor((WORK_BYTES - HEAD_BYTES - STATE_BYTES) / SLOT_BYTES);
  const rows = together || used.length * ROWS <= room ? ROWS : 1;
  const feeders = Array.from({ length: together ? 1 : rows }, (_, row) =>
    used.map((operand, k) => {
      const slot = slots + (row * used.length + k) * SLOT_BYTES;
      const column = { length: inner.length, stride: inner.strides[k] };
      const feed = together ? [{ length: together.length, stride: together.strides[k] }, column] : [column];
      return new Feeder(arena, operand, feed, slot);
    }),
  );
  const splats = feeders[0].map((feeder) => feeder.splat);
  const kernels = RowKernels.create(
    { program: work.program, reduction, moment: means !== null, splats },
    rows,
  );
  if (!kernels) return false;
  writeConstants(work.program, arena, arena.scratch);
  const count = used.length;
  const offsets = [...used.map((operand) => operand.offset), 0];
  const outer = kept.slice(0, -1);
  const stride = inner.strides[count];
  if (together) {
    const store = new ColumnState(pass, Math.ceil(inner.length / GROUP) * GROUP, groups);
    const rowWork: RowWork = { pass, store, kernels, inner, reduced, feeders };
    eachPosition(outer, offsets, (at) => {
      store.reset();
      if (means) store.readMeans(means, at[count], stride, inner.length);
      store.write(at[count], stride, inner.length, enterTogether(rowWork, together, at, groups));
    });
    return true;
  }
  const columns = width(1);
  const store = new ColumnState(pass, columns, 1);
  const rowWork: RowWork = { pass, store, kernels, inner, reduced, feeders };
  const order = new RowOrder(reduced, count, work.grouping);
  eachPosition(outer, offsets, (at) => {
    for (let from = 0; from < inner.length; from += columns) {
      const n = Math.min(columns, inner.length - from);
      const target = at[count] + from * stride;
      // groups without rows stay as they are
      for (const group of order.groups) {
        store.reset();
        if (means) store.readMeans(means, target, stride, n, group.group);
        enterWide(rowWork, order, group, at, from, n);
        store.write(target, stride, n, [group.positions.length], group.group);
      }
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

/** Long rows: each is fed by itself, a stretch of columns of it. */
function enterWide(
  work: RowWork,
  order: RowOrder,
  group: RowGroup,
  outer: readonly number[],
  from: number,
  n: number,
): void {
  const { pass, kernels, feeders } = work;
  const { positions } = group;
  const count = pass.used.length;
  const first = inputsAt(work);
  const known: number[][] = [];
  for (let i = 0; i < positions.length;) {
    const size = order.take(group, i, kernels);
    const args = (known[size] ??= argumentsOf(work, size, n, 0));
    args[1] = positions[i];
    for (let r = 0; r < size; r++)
      for (let k = 0; k < count; k++)
        args[first + r * count + k] = feeders[r][k].feed(
          outer[k] + order.start(positions[i + r], k),
          from,
          n,
        );
    kernels.of(size)(...args);
    i += size;
  }
}

/** Short rows: as many as fit a tile are fed at once. Returns how many rows entered each group. */
function enterTogether(work: RowWork, deep: LoopAxis, outer: readonly number[], groups: number): number[] {
  const { pass, kernels, inner, reduced, feeders } = work;
  const { used } = pass;
  const count = used.length;
  const n = inner.length;
  const codes = pass.work.grouping?.codes ?? null;
  const first = inputsAt(work);
  const batch = Math.floor(TILE / n);
  const steps = feeders[0].map((feeder) => (feeder.splat ? 0 : n * feeder.size));
  const addresses = new Float64Array(count);
  const entered = new Array<number>(groups).fill(0);
  let known: number[][] = [];
  let group = 0;
  let position = 0;
  eachPosition(
    reduced.slice(0, -1),
    outer.map(() => 0),
    (base) => {
      for (let start = 0; start < deep.length; start += batch) {
        const rows = Math.min(batch, deep.length - start);
        for (let k = 0; k < count; k++)
          addresses[k] = feeders[0][k].feed(outer[k] + base[k], start * n, rows * n);
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
              known = [];
            }
          } else last = rows;
          entered[group] += last - row;
          while (row < last) {
            const size = kernels.take(last - row);
            const args = (known[size] ??= argumentsOf(work, size, n, group));
            args[1] = position;
            for (let r = 0; r < size; r++)
              for (let k = 0; k < count; k++)
                args[first + r * count + k] = addresses[k] + (row + r) * steps[k];
            kernels.of(size)(...args);
            row += size;
            position += size;
          }
        }
      }
    },
  );
  return entered;
}
