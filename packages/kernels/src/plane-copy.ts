/** Owns the copying of planes (rows of elements, both with strides) from one dtype to another, for kernels that want tiles. */
import type { BlockData, Dtype, TypedArray } from "@hyperslab/core/dtype";
import { castSource } from "./cast-source.js";
import { loadSource, SCOPE_NAMES, scopeOf, storedSource } from "./program-source.js";

/** Copies `rows` × `columns` elements: first element, row stride and column stride of the source, then of the target. */
export type PlaneCopier = (
  source: BlockData,
  p: number,
  sourceRow: number,
  sourceColumn: number,
  target: BlockData,
  q: number,
  targetRow: number,
  targetColumn: number,
  rows: number,
  columns: number,
) => void;

/** Rows at least this long are worth a call of `set`. */
const RUN = 128;

const copiers: Map<string, PlaneCopier> = new Map();

/** The copier between two dtypes; made once. @throws DtypeError where there is no cast */
export function copier(from: Dtype, to: Dtype): PlaneCopier {
  const key = `${from} ${to}`;
  let made = copiers.get(key);
  if (!made) {
    const cast = castSource(from, to, "x");
    const loops = new Function(
      ...SCOPE_NAMES,
      `return (source, p, ps, pc, target, q, qs, qc, rows, columns) => {
        if (columns === 1) {
          for (let i = 0; i < rows; i++, p += ps, q += qs) {
            const x = ${loadSource(from, "source", "p")};
            target[q] = ${storedSource(to, cast)};
          }
          return;
        }
        if (pc === 1 && qc === 1) {
          for (let i = 0; i < rows; i++, p += ps, q += qs)
            for (let j = 0; j < columns; j++) {
              const x = ${loadSource(from, "source", "p + j")};
              target[q + j] = ${storedSource(to, cast)};
            }
          return;
        }
        for (let i = 0; i < rows; i++, p += ps, q += qs)
          for (let j = 0, a = p, b = q; j < columns; j++, a += pc, b += qc) {
            const x = ${loadSource(from, "source", "a")};
            target[b] = ${storedSource(to, cast)};
          }
      };`,
    )(...scopeOf([])) as PlaneCopier;
    made = from === to && from !== "string" ? withRuns(loops) : loops;
    copiers.set(key, made);
  }
  return made;
}

/** Copies contiguous rows as they are. */
function withRuns(loops: PlaneCopier): PlaneCopier {
  return (source, p, ps, pc, target, q, qs, qc, rows, columns) => {
    if (pc !== 1 || qc !== 1 || columns < RUN)
      return loops(source, p, ps, pc, target, q, qs, qc, rows, columns);
    const from = source as Float64Array;
    const to = target as TypedArray as Float64Array;
    for (let i = 0; i < rows; i++) to.set(from.subarray(p + i * ps, p + i * ps + columns), q + i * qs);
  };
}
