import { isHyperslabError } from "@hyperslab/core/errors";
import { fromFloat16 } from "@hyperslab/core/float16";
import { decodeRecipe } from "hyperslab/conventions/decode-recipe";
import { decodeTimes } from "hyperslab/conventions/decode-times";
import { decodeValues } from "hyperslab/conventions/decode-values";
import { encodeTimes } from "hyperslab/conventions/encode-times";
import { expect, test } from "vitest";
import { golden, storageOf, attributesOf } from "./golden.js";

test("recipe", () => {
  let n=0;
  for (const one of golden.recipe) {
    let ours: unknown = null;
    try {
      const r = decodeRecipe("v", one.dtype, attributesOf(one.attributes), { ...one.options, attributeDtypes: one.dtypes } as never);
      let dtype: string = r.dtype; let data: unknown;
      const st = storageOf(one.dtype, one.values);
      if (r.time) { const t = decodeTimes(st, r); dtype = t.dtype; data = Array.from(t.data, String); }
      else { const v = decodeValues(st, r); data = Array.from(v as ArrayLike<number|bigint>, (x) => { if (dtype==="bool") return x===1; if (dtype==="float16") x = fromFloat16(Number(x)); return dtype.startsWith("float") ? (Number.isNaN(x)?"NaN":x) : String(x)}); }
      ours = { dtype, values: data, attributes: r.attributes, encoding: Object.fromEntries(Object.entries(r.encoding).map(([k,v])=>[k, typeof v === "number" && Number.isNaN(v) ? "NaN" : v])) };
    } catch (e) { if (!isHyperslabError(e)) throw e; }
    const sort = (o: any) => o && { ...o, attributes: Object.entries(o.attributes).sort(), encoding: Object.entries(o.encoding).filter(e => !["source","original_shape"].includes(e[0])).sort() };
    if (JSON.stringify(sort(ours)) !== JSON.stringify(sort(one.out))) { n++; console.log(JSON.stringify({...one,out:0}), "\n  xarray", JSON.stringify(sort(one.out)), "\n  ours  ", JSON.stringify(sort(ours))); }
  }
  expect(n).toBe(0);
});
test("encode", () => {
  let n=0;
  for (const one of golden.encode) {
    let ours: any = null; let w: any;
    try {
      const e = encodeTimes(storageOf(one.dtype, one.values) as BigInt64Array, one.dtype as never, one.options);
      w = e.warnings;
      ours = { dtype: e.dtype, values: Array.from(e.data as ArrayLike<number|bigint>, (x)=> typeof x === "bigint" ? String(x) : Number.isNaN(x) ? "NaN" : x), units: e.attributes.units, calendar: e.attributes.calendar ?? null };
    } catch (e) { if (!isHyperslabError(e)) throw e; w = e.message; }
    if (JSON.stringify(ours) !== JSON.stringify(one.out)) { n++; console.log(JSON.stringify({...one,out:0}), "\n  xarray", JSON.stringify(one.out), "\n  ours  ", JSON.stringify(ours), w); }
  }
  expect(n).toBe(0);
});
