/** Owns calendar fields of times, as arrays: `time.month`, `time.season`. */
import { literal } from "@hyperslab/array/build";
import type { Block } from "@hyperslab/core/block";
import { isTime } from "@hyperslab/core/dtype";
import { ArgumentError, DtypeError } from "@hyperslab/core/errors";
import { inMemoryBlock } from "../evaluate.js";
import { type Labelled, arrayVariable, mapData, noSuchName, pickArray } from "../labelled.js";
import { type TimeField, asTimeField, timeField } from "../times.js";
import { Variable } from "../variable.js";

/** One field of every element; an int64 array, strings for seasons, bool for leap years. @throws DtypeError, ArgumentError */
export function timeFieldOf(labelled: Labelled, field: TimeField): Labelled {
  const made = mapData(labelled, (variable) => {
    if (!isTime(variable.dtype))
      throw new DtypeError({
        dtype: variable.dtype,
        operation: `dt.${field}`,
        found: "not a time",
        hint: "decode it as time first",
      });
    const block = inMemoryBlock(variable.node);
    if (!block)
      throw new ArgumentError({
        asked: `dt.${field}`,
        found: "times that are not in memory",
        hint: "await compute() first",
      });
    return new Variable(variable.dims, literal(fieldBlock(block, field)), variable.attrs);
  });
  return { ...made, name: field };
}

function fieldBlock(block: Block, field: TimeField): Block {
  const values = timeField(block.data as BigInt64Array, block.dtype, field);
  if (Array.isArray(values)) return { dtype: "string", shape: block.shape, data: values };
  if (field.startsWith("is")) return { dtype: "bool", shape: block.shape, data: Uint8Array.from(values) };
  if (values.some((value) => Number.isNaN(value)))
    return { dtype: "float64", shape: block.shape, data: values };
  return { dtype: "int64", shape: block.shape, data: int64Of(values) };
}

/** Whole numbers of 32 bits as int64, without a bigint for each. */
function int64Of(values: Float64Array): BigInt64Array {
  const out = new BigInt64Array(values.length);
  const words = new Int32Array(out.buffer);
  const low = new Uint8Array(Int16Array.of(1).buffer)[0] === 1 ? 0 : 1;
  for (let i = 0; i < values.length; i++) {
    words[2 * i + low] = values[i];
    words[2 * i + 1 - low] = values[i] < 0 ? -1 : 0;
  }
  return out;
}

/** A coordinate by name, or a field of one: `"time.month"`. @throws NameError, ArgumentError */
export function virtualArray(labelled: Labelled, name: string, operation: string): Labelled {
  if (labelled.variables.has(name)) return pickArray(labelled, name, operation);
  const dot = name.lastIndexOf(".");
  const base = name.slice(0, dot);
  if (dot === -1 || !labelled.variables.has(base)) throw noSuchName(labelled, name, operation);
  const made = timeFieldOf(pickArray(labelled, base, operation), asTimeField(name.slice(dot + 1)));
  // unlike `dt`, a field asked for by name has no attributes of the times
  return mapData(made, (variable) => new Variable(variable.dims, variable.node));
}

/** The one array of a record, in memory. */
export function blockOf(labelled: Labelled, operation: string): Block {
  const block = inMemoryBlock(arrayVariable(labelled).node);
  if (block) return block;
  throw new ArgumentError({
    asked: operation,
    found: "an array that is not in memory",
    hint: "await compute() first",
  });
}
