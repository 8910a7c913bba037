/**
 * Owns how programs and outlines become bytes: plain data with typed arrays, bigints and every
 * number kept as it is. No code goes in, none comes out. Who sends the bytes: not known here.
 *
 * The bytes are a frame whose one message is the data, with what msgpack lacks replaced by
 * `{"~": [kind, ...]}`: typed arrays by the number of the part with their bytes, negative zero,
 * bigints as decimal text, and objects that happen to have a key "~".
 */
import { type Dtype, type TypedArray, isDtype, viewOf } from "@hyperslab/core/dtype";
import { ProtocolError } from "@hyperslab/core/errors";
import type { PlanOutline } from "@hyperslab/core/plan";
import type { Program } from "@hyperslab/core/program";
import { decodeFrame, encodeFrame } from "./frames.js";

/** A program, for the worker that will run it. */
export function programToBytes(program: Program): Uint8Array {
  return dataToBytes(program);
}

/** @throws ProtocolError for bytes that hold no program */
export function programFromBytes(bytes: Uint8Array): Program {
  const data = dataFromBytes(bytes) as Partial<Program> | null;
  if (![data?.sources, data?.literals, data?.targets, data?.steps].every(Array.isArray))
    throw new ProtocolError({ asked: "read a program", found: "data of another form" });
  return data as Program;
}

/** What a scheduler knows of a plan. */
export function outlineToBytes(outline: PlanOutline): Uint8Array {
  return dataToBytes(outline);
}

/** @throws ProtocolError for bytes that hold no outline */
export function outlineFromBytes(bytes: Uint8Array): PlanOutline {
  const data = dataFromBytes(bytes) as Partial<PlanOutline> | null;
  const found = data && outlineFault(data);
  if (!data || found !== null)
    throw new ProtocolError({ asked: "read the outline of a plan", found: found ?? "nothing" });
  return data as PlanOutline;
}

/** What is wrong with an outline; null where a scheduler can expand it. */
function outlineFault(outline: Partial<PlanOutline>): string | null {
  const { stages, outputs } = outline;
  if (!Array.isArray(stages) || !Array.isArray(outputs)) return "no stages or no outputs";
  for (const [s, stage] of (stages as PlanOutline["stages"]).entries()) {
    const at = `stage ${s}`;
    if (typeof stage?.name !== "string") return `${at} without a name`;
    if (!Array.isArray(stage.grid) || !Array.isArray(stage.inputs) || !Array.isArray(stage.fields))
      return `${at} without grid, inputs or fields`;
    const { output, working } = stage.cost ?? {};
    if (!(output >= 0 && working >= 0 && Number.isFinite(output + working))) return `${at} without costs`;
    for (const axis of stage.grid) {
      const cut = axis?.kind === "regular" ? axis.chunk >= 1 : Array.isArray(axis?.bounds);
      if (!cut || !(axis.length >= 0)) return `${at} with a broken grid`;
    }
    for (const input of stage.inputs) {
      if (!(Number.isInteger(input?.stage) && input.stage >= 0 && input.stage < s))
        return `${at} with an input from stage ${input?.stage}, which is not an earlier one`;
      if (input.axes?.length !== stages[input.stage].grid.length)
        return `${at} with an input map of another rank than its input`;
    }
  }
  const known = (output: unknown): boolean =>
    Number.isInteger(output) && (output as number) >= 0 && (output as number) < stages.length;
  return outputs.every(known) ? null : "an output that is not a stage";
}

/** Any plain data, with typed arrays, bigints and undefined (which is left out of objects). */
export function dataToBytes(data: unknown): Uint8Array {
  const parts: Uint8Array[] = [];
  const message = toPlain(data, parts);
  const pieces = encodeFrame([{ message, parts }]);
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}

/** The data that {@link dataToBytes} wrote; typed arrays are copies. @throws ProtocolError */
export function dataFromBytes(bytes: Uint8Array): unknown {
  const [{ message, parts }] = decodeFrame(bytes);
  return fromPlain(message, parts);
}

const ARRAY_TYPES: ReadonlyMap<string, Dtype> = new Map([
  ["Int8Array", "int8"],
  ["Uint8Array", "uint8"],
  ["Int16Array", "int16"],
  ["Uint16Array", "uint16"],
  ["Int32Array", "int32"],
  ["Uint32Array", "uint32"],
  ["BigInt64Array", "int64"],
  ["BigUint64Array", "uint64"],
  ["Float32Array", "float32"],
  ["Float64Array", "float64"],
]);

function toPlain(value: unknown, parts: Uint8Array[]): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Object.is(value, -0) ? { "~": ["-0"] } : value;
    case "bigint":
      return { "~": ["bigint", String(value)] };
    case "object": {
      if (value === null) return null;
      if (ArrayBuffer.isView(value)) {
        // a Buffer is a Uint8Array
        const dtype = ARRAY_TYPES.get(Buffer.isBuffer(value) ? "Uint8Array" : value.constructor.name);
        if (dtype === undefined) break;
        parts.push(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
        return { "~": ["array", dtype, parts.length - 1] };
      }
      if (Array.isArray(value)) return value.map((item) => toPlain(item, parts));
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) break;
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      const made = entries.map(([key, item]): [string, unknown] => [key, toPlain(item, parts)]);
      const hasMark = Object.hasOwn(value, "~") || Object.hasOwn(value, "__proto__");
      return hasMark ? { "~": ["object", made] } : Object.fromEntries(made);
    }
  }
  throw new ProtocolError({
    asked: "send a plan",
    found: `a ${typeof value === "object" ? value?.constructor.name : typeof value} in it`,
    hint: "plans hold plain data: numbers, strings, lists, typed arrays",
  });
}

function fromPlain(value: unknown, parts: readonly Uint8Array[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => fromPlain(item, parts));
  const mark = (value as Record<string, unknown>)["~"];
  if (Array.isArray(mark)) return fromMark(mark, parts);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item, parts)]));
}

function fromMark(mark: readonly unknown[], parts: readonly Uint8Array[]): unknown {
  const [kind, first, second] = mark;
  if (kind === "-0") return -0;
  if (kind === "bigint" && typeof first === "string" && /^-?\d{1,40}$/.test(first)) return BigInt(first);
  if (kind === "array" && typeof first === "string" && isDtype(first) && first !== "string") {
    const part = parts[Number(second)];
    if (part) return arrayOf(first, part);
  }
  if (kind === "object" && Array.isArray(first))
    return Object.fromEntries(
      first.map(([key, item]: [string, unknown]) => [String(key), fromPlain(item, parts)]),
    );
  throw new ProtocolError({ asked: "read a plan", found: `an unknown mark ${String(kind)}` });
}

function arrayOf(dtype: Exclude<Dtype, "string">, part: Uint8Array): TypedArray {
  // a copy: alone in its buffer it is aligned, and does not keep the whole frame alive
  const copy = new Uint8Array(part);
  return viewOf(dtype, copy.buffer);
}
