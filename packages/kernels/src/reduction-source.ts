/**
 * Owns the JavaScript text of reductions: how an element enters a state, how two states merge.
 * Planes are `a0, a1, …` at position `j`; the other state's are `b0, b1, …` at `k`.
 */
import { isBig, isFloat, isTime } from "@hyperslab/core/dtype";
import { type Reduction, stateOf } from "@hyperslab/core/reduction";
import { unreachable } from "@hyperslab/core/unreachable";
import { SCOPE_NAMES, scopeOf } from "./program-source.js";
import { isMeanOfTimes, type Merge, type Plane } from "./reduction-state.js";

/** {@link Merge} for `n` positions in a row. */
export type RowMerge = (
  into: readonly Plane[],
  a: number,
  from: readonly Plane[],
  b: number,
  n: number,
) => void;

const merges: Map<string, Merge> = new Map();
const rowMerges: Map<string, RowMerge> = new Map();

/** Source that is true for an element `v` that is not missing; null where none can be. */
function validSource(reduction: Reduction): string | null {
  return isFloat(reduction.dtype) ? "v===v" : isTime(reduction.dtype) ? "v!==NAT" : null;
}

function guard(condition: string | null, statement: string): string {
  return condition ? `if(${condition}){${statement}}` : statement;
}

/** Source that lets element `v` (at `pos` on the axis) enter the state at `j`. `M[m]` is the mean, for `moment`. */
export function stepSource(reduction: Reduction, moment: boolean): string {
  const { name, dtype, skipna, minCount } = reduction;
  const valid = validSource(reduction);
  const kept = skipna ? valid : null;
  const big = isBig(dtype);
  const number = big ? "Number(v)" : "v";
  if (moment) return guard(kept, `const e=${number}-M[m];a0[j]+=e*e;`);
  switch (name) {
    case "sum": {
      // NaT sticks; a float64 plane takes integers of 32 bits exactly, see `reduce-loop.ts`
      const add = isTime(dtype) ? "a0[j]=v===NAT||a0[j]===NAT?NAT:BigInt.asIntN(64,a0[j]+v);" : "a0[j]+=v;";
      return guard(kept, add) + counted(minCount, valid);
    }
    case "prod":
      return (
        guard(kept, isFloat(dtype) ? "a0[j]*=v;" : `a0[j]*=${big ? "v" : "BigInt(v)"};`) +
        counted(minCount, valid)
      );
    case "mean":
      if (isMeanOfTimes(reduction))
        return `if(v!==NAT){if(a2[j]===0)a0[j]=v;a1[j]+=Number(v-a0[j]);a2[j]++;}${skipna ? "" : "else{a1[j]=NaN;a2[j]++;}"}`;
      return guard(kept, `a0[j]+=${number};a1[j]++;`);
    case "var":
    case "std":
      // made of two passes: means, then moments
      return "";
    case "min":
    case "max": {
      const sign = name === "min" ? "<" : ">";
      if (isFloat(dtype)) {
        if (!skipna) return `a0[j]=Math.${name}(a0[j],v)+0;`;
        return `if(v===v){const a=a0[j];if(v${sign}a||a!==a)a0[j]=v+0;}`;
      }
      if (isTime(dtype))
        return skipna
          ? `if(v!==NAT&&(a0[j]===NAT||v${sign}a0[j]))a0[j]=v;`
          : `if(v===NAT||(a0[j]!==NAT&&v${sign}a0[j]))a0[j]=v;`;
      return `if(v${sign}a0[j])a0[j]=v;`;
    }
    case "argmin":
    case "argmax": {
      const better = `a1[j]<0||v${name === "argmin" ? "<" : ">"}a0[j]`;
      if (!valid) return `if(${better}){a0[j]=v;a1[j]=pos;}`;
      if (skipna) return `if(${valid}&&(${better})){a0[j]=v;a1[j]=pos;}`;
      const missing = (x: string): string => (big ? `${x}===NAT` : `${x}!==${x}`);
      return `if(a1[j]<0||(!(${missing("a0[j]")})&&(${missing("v")}||${better}))){a0[j]=v;a1[j]=pos;}`;
    }
    case "any":
      return guard(kept, `if(v!==${big ? "0n" : "0"})a0[j]=1;`);
    case "all":
      return guard(kept, `if(v===${big ? "0n" : "0"})a0[j]=0;`);
    case "count":
      return guard(valid, "a0[j]++;");
    case "first":
      return `if(a1[j]<0${kept ? `&&${kept}` : ""}){a0[j]=v;a1[j]=pos;}`;
    case "last":
      return guard(kept, "a0[j]=v;a1[j]=pos;");
    default:
      return unreachable(name);
  }
}

function counted(minCount: number, valid: string | null): string {
  return minCount > 0 ? guard(valid, "a1[j]++;") : "";
}

/** Source that merges the state at `k` of `b0 …` into that at `j` of `a0 …`, which stands earlier on the axis. */
function mergeSource(reduction: Reduction): string {
  const { name, dtype, skipna } = reduction;
  switch (name) {
    case "sum":
      if (isTime(dtype)) {
        return `a0[j]=b0[k]===NAT||a0[j]===NAT?NAT:BigInt.asIntN(64,a0[j]+b0[k]);${rest(reduction)}`;
      }
      return `a0[j]+=b0[k];${rest(reduction)}`;
    case "prod":
      return `a0[j]*=b0[k];${rest(reduction)}`;
    case "mean":
      if (isMeanOfTimes(reduction))
        return (
          "if(b2[k]>0){if(a2[j]===0){a0[j]=b0[k];a1[j]=b1[k];}" +
          "else a1[j]+=b1[k]+b2[k]*Number(b0[k]-a0[j]);a2[j]+=b2[k];}"
        );
      return "a0[j]+=b0[k];a1[j]+=b1[k];";
    case "var":
    case "std":
      return (
        "const y=b2[k];if(y>0){const x=a2[j];if(x===0){a0[j]=b0[k];a1[j]=b1[k];}" +
        "else{const e=b0[k]-a0[j];a0[j]+=e*y/(x+y);a1[j]+=b1[k]+e*e*x*y/(x+y);}a2[j]=x+y;}"
      );
    case "min":
    case "max":
      return `const v=b0[k];${stepSource(reduction, false)}`;
    case "argmin":
    case "argmax":
    case "first":
      return `const pos=b1[k];if(pos>=0){const v=b0[k];${stepSource({ ...reduction, skipna: skipna && name !== "first" }, false)}}`;
    case "last":
      return "if(b1[k]>=0){a0[j]=b0[k];a1[j]=b1[k];}";
    case "any":
      return "a0[j]|=b0[k];";
    case "all":
      return "a0[j]&=b0[k];";
    case "count":
      return "a0[j]+=b0[k];";
    default:
      return unreachable(name);
  }
}

function rest(reduction: Reduction): string {
  return reduction.minCount > 0 ? "a1[j]+=b1[k];" : "";
}

/** What makes two reductions share their loops. */
export function reductionKey(reduction: Reduction): string {
  return `${reduction.name}:${reduction.dtype}:${reduction.skipna}:${reduction.minCount > 0}`;
}

/** Compiles the merge of two positions; `from` stands later on the axis than `into`. */
export function compileMerge(reduction: Reduction): Merge {
  const key = reductionKey(reduction);
  let merge = merges.get(key);
  if (!merge) {
    const open = stateOf(reduction).map((_, f) => `const a${f}=into[${f}],b${f}=from[${f}];`);
    const body = `return (into,j,from,k)=>{${open.join("")}${mergeSource(reduction)}}`;
    merge = new Function(...SCOPE_NAMES, body)(...scopeOf([])) as Merge;
    merges.set(key, merge);
  }
  return merge;
}

/** Compiles the merge of `n` neighbouring positions, `from` walked with a stride of 1 as `into` is. */
export function compileRowMerge(reduction: Reduction): RowMerge {
  const key = reductionKey(reduction);
  let merge = rowMerges.get(key);
  if (!merge) {
    const open = stateOf(reduction).map((_, f) => `const a${f}=into[${f}],b${f}=from[${f}];`);
    const body = `return (into,j0,from,k0,n)=>{${open.join("")}for(let i=0;i<n;i++){const j=j0+i,k=k0+i;${mergeSource(reduction)}}}`;
    merge = new Function(...SCOPE_NAMES, body)(...scopeOf([])) as RowMerge;
    rowMerges.set(key, merge);
  }
  return merge;
}
