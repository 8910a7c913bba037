/**
 * Owns the words of scans (names, options, result dtypes, what they start from) and the JavaScript text of their loops.
 * Knows no shapes.
 */
import {
  type BlockData,
  type Dtype,
  isBig,
  isFloat,
  isSigned,
  isTime,
  isTimedelta,
  NAT,
} from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { castSource } from "./cast-source.js";
import { loadSource, SCOPE_NAMES, scopeOf, storedSource } from "./program-source.js";
import { wrap } from "./wrap-source.js";

export type ScanName = "sum" | "prod" | "max" | "min";

export interface ScanOptions {
  /** NaN and NaT change nothing: sums and products take them as 0 and 1, extremes pass them over. */
  readonly skipna: boolean;
}

/**
 * Dtype of a scan, NumPy's: extremes and floats keep theirs (and are rounded to it at every step); sums and products
 * of other integers and of bools are int64 or uint64, and wrap. Durations have sums. @throws DtypeError for others
 */
export function scanDtype(name: ScanName, dtype: Dtype): Dtype {
  const refuse = (): never => {
    throw new DtypeError({
      dtype,
      operation: `cumulative ${name}`,
      found: `can't scan ${dtype}`,
      hint: "cast it first",
    });
  };
  if (dtype === "string") return refuse();
  if (name === "max" || name === "min" || isFloat(dtype)) return dtype;
  if (isTime(dtype)) return isTimedelta(dtype) && name === "sum" ? dtype : refuse();
  return dtype === "bool" || isSigned(dtype) ? "int64" : "uint64";
}

export type CarryLoop = (
  data: BlockData,
  p: number,
  row: number,
  column: number,
  carry: BlockData,
  q: number,
  carryColumn: number,
  rows: number,
  columns: number,
) => void;

/** Scans `rows` × `columns`, lanes side by side: first element and strides of the source, of the target, of the state. */
export type ScanLoop = (
  source: BlockData,
  p: number,
  row: number,
  column: number,
  target: BlockData,
  q: number,
  targetRow: number,
  targetColumn: number,
  state: BlockData,
  s: number,
  stateColumn: number,
  rows: number,
  columns: number,
) => void;

/** As it is stored. Extremes that pass missing elements over start with a missing one. */
export function identityOf(name: ScanName, dtype: Dtype, skipna: boolean): number | bigint {
  const big = isBig(dtype);
  if (name === "sum") return big ? 0n : 0;
  if (name === "prod") return big ? 1n : dtype === "float16" ? 0x3c00 : 1;
  const max = name === "max";
  if (isTime(dtype)) return skipna ? NAT : max ? NAT + 1n : -(NAT + 1n);
  switch (dtype) {
    case "float16":
      return skipna ? 0x7e00 : max ? 0xfc00 : 0x7c00;
    case "float32":
    case "float64":
      return skipna ? NaN : max ? -Infinity : Infinity;
    case "int64":
      return max ? -(2n ** 63n) : 2n ** 63n - 1n;
    case "uint64":
      return max ? 0n : 2n ** 64n - 1n;
    case "bool":
      return max ? 0 : 1;
    default: {
      const bits = Number(/\d+$/.exec(dtype));
      const [least, most] = isSigned(dtype) ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
      return max ? least : most;
    }
  }
}

/** Source of the state `a` after the element `x`, both of `dtype`. */
function stepOf(name: ScanName, dtype: Dtype, skipna: boolean, a: string, x: string): string {
  const float = isFloat(dtype);
  if (name === "sum" || name === "prod") {
    if (isTime(dtype)) {
      const sum = wrap(dtype, `${a}+${x}`);
      return skipna ? `(${x}===NAT?${a}:${sum})` : `(${x}===NAT||${a}===NAT?NAT:${sum})`;
    }
    const stepped = wrap(dtype, `${a}${name === "sum" ? "+" : "*"}${x}`);
    return float && skipna ? `(${x}!==${x}?${a}:${stepped})` : stepped;
  }
  const better = name === "max" ? ">" : "<";
  if (isTime(dtype))
    return skipna
      ? `(${x}!==NAT&&(${a}===NAT||${x}${better}${a})?${x}:${a})`
      : `(${a}!==NAT&&(${x}===NAT||${x}${better}${a})?${x}:${a})`;
  if (!float) return `(${x}${better}${a}?${x}:${a})`;
  return skipna ? `(${x}${better}${a}||${a}!==${a}?${x}:${a})` : `(${x}${better}${a}||${x}!==${x}?${x}:${a})`;
}

const functions: Map<string, unknown> = new Map();

function compiled(key: string, source: () => string): unknown {
  let made = functions.get(key);
  if (!made) {
    made = new Function(...SCOPE_NAMES, `return ${source()};`)(...scopeOf([]));
    functions.set(key, made);
  }
  return made;
}

/** The loop of a scan; where it only wants totals, nothing but the state is written. */
export function scanText(name: ScanName, from: Dtype, { skipna }: ScanOptions, store: boolean): ScanLoop {
  const key = `scan ${name} ${from} ${skipna} ${store}`;
  return compiled(key, () => {
    const dtype = scanDtype(name, from);
    const load = (index: string): string => {
      const raw = loadSource(from, "d", index);
      return from === dtype ? raw : castSource(from, dtype, raw);
    };
    const step = stepOf(name, dtype, skipna, "a", "x");
    const put = (array: string, index: string, value: string): string =>
      `${array}[${index}] = ${storedSource(dtype, value)};`;
    const rows = store
      ? `for (let j = 0, k = p, l = q, h = s; j < m; j++, k += pc, l += qc, h += sc) {
           const x = ${load("k")}, a = ${loadSource(dtype, "z", "h")};
           ${put("o", "l", step)}
         }
         for (let i = 1; i < n; i++) {
           p += ps; q += qs;
           for (let j = 0, k = p, l = q, g = q - qs; j < m; j++, k += pc, l += qc, g += qc) {
             const x = ${load("k")}, a = ${loadSource(dtype, "o", "g")};
             ${put("o", "l", step)}
           }
         }
         for (let j = 0; j < m; j++) z[s + j * sc] = o[q + j * qc];`
      : `for (let i = 0; i < n; i++, p += ps)
           for (let j = 0, k = p, h = s; j < m; j++, k += pc, h += sc) {
             const x = ${load("k")}, a = ${loadSource(dtype, "z", "h")};
             ${put("z", "h", step)}
           }`;
    // bigints that live from turn to turn are made anew each time: they are better read back from where they were stored
    const held = `let a = ${loadSource(dtype, "z", "h")};
      for (let i = 0; i < n; i++, k += ps, l += qs) {
        const x = ${load("k")};
        a = ${step};
        ${store ? put("o", "l", "a") : ""}
      }
      ${put("z", "h", "a")}`;
    const first = `const x = ${load("k")}, a = ${loadSource(dtype, "z", "h")}; ${put(store ? "o" : "z", store ? "l" : "h", step)}`;
    const next = `const x = ${load("k")}, a = ${store ? "o[l - qs]" : "z[h]"}; ${put(store ? "o" : "z", store ? "l" : "h", step)}`;
    const stored = `{ ${first} }
      for (let i = 1; i < n; i++) { k += ps; l += qs; ${next} }
      ${store ? "z[h] = o[l];" : ""}`;
    const lanes = `for (let j = 0; j < m; j++) {
      let k = p + j * pc, l = q + j * qc;
      const h = s + j * sc;
      ${isBig(dtype) ? stored : held}
    }`;
    return `(d, p, ps, pc, o, q, qs, qc, z, s, sc, n, m) => {
      if (n === 0) return;
      if (m >= 8 && Math.abs(pc) <= Math.abs(ps)) { ${rows} return; }
      ${lanes}
    }`;
  }) as ScanLoop;
}

/** The loop that brings scanned elements to what they are after a carry. */
export function carryText(name: ScanName, dtype: Dtype, skipna: boolean): CarryLoop {
  const key = `carry ${name} ${dtype} ${skipna}`;
  return compiled(key, () => {
    const step = stepOf(name, dtype, skipna, "c", "x");
    return `(d, p, ps, pc, c0, q, qc, n, m) => {
      for (let i = 0; i < n; i++, p += ps)
        for (let j = 0, a = p, b = q; j < m; j++, a += pc, b += qc) {
          const x = ${loadSource(dtype, "d", "a")}, c = ${loadSource(dtype, "c0", "b")};
          d[a] = ${storedSource(dtype, step)};
        }
    }`;
  }) as CarryLoop;
}
