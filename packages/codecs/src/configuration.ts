/** Owns the reading of codec configurations, which are JSON from a file and therefore checked. */
import { CodecError } from "@hyperslab/core/errors";
import type { CodecSpec } from "./codec.js";
import { shown } from "./shown.js";

function fail(spec: CodecSpec, key: string, wanted: string): CodecError {
  return new CodecError({
    codec: spec.name,
    reason: `configuration "${key}" is ${shown(spec.configuration[key])}`,
    hint: `it has to be ${wanted}`,
  });
}

/** An integer in `[lo, hi]`; `missing` where the key is absent or null. @throws CodecError */
export function integerOf(spec: CodecSpec, key: string, missing: number, lo: number, hi: number): number {
  const value = spec.configuration[key] ?? missing;
  if (typeof value === "number" && Number.isInteger(value) && value >= lo && value <= hi) return value;
  throw fail(spec, key, `an integer of ${lo} to ${hi}`);
}

/** A finite number. @throws CodecError */
export function numberOf(spec: CodecSpec, key: string, missing?: number): number {
  const value = spec.configuration[key] ?? missing;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw fail(spec, key, "a number");
}

/** A text; `missing` where the key is absent or null. @throws CodecError */
export function textOf(spec: CodecSpec, key: string, missing?: string): string {
  const value = spec.configuration[key] ?? missing;
  if (typeof value === "string") return value;
  throw fail(spec, key, "a text");
}

/** One of `choices`. @throws CodecError */
export function choiceOf<T extends string>(
  spec: CodecSpec,
  key: string,
  choices: readonly T[],
  missing: T,
): T {
  const value = textOf(spec, key, missing);
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw fail(spec, key, `one of ${choices.join(", ")}`);
}

export function flagOf(spec: CodecSpec, key: string, missing: boolean): boolean {
  const value = spec.configuration[key] ?? missing;
  if (typeof value === "boolean") return value;
  throw fail(spec, key, "true or false");
}

/** Integers of at least `lo`. @throws CodecError */
export function integersOf(spec: CodecSpec, key: string, lo: number): number[] {
  const value = spec.configuration[key];
  if (Array.isArray(value) && value.every((one) => Number.isInteger(one) && Number(one) >= lo))
    return value.map(Number);
  throw fail(spec, key, `a list of integers of at least ${lo}`);
}

/** An HDF5 filter's client data, `values`: at least `count` unsigned numbers of 32 bits. @throws CodecError */
export function clientData(spec: CodecSpec, count: number): number[] {
  const values = integersOf(spec, "values", 0);
  if (values.length >= count && values.every((value) => value < 2 ** 32)) return values;
  throw fail(spec, "values", `${count} or more numbers of 32 bits`);
}

/** Codecs within a codec (v3). @throws CodecError */
export function codecsOf(spec: CodecSpec, key: string): CodecSpec[] {
  const value = spec.configuration[key];
  if (!Array.isArray(value)) throw fail(spec, key, "a list of codecs");
  return value.map(fromV3);
}

/** A codec as v3 metadata write it: `{ name, configuration }`, or the bare name. @throws CodecError */
export function fromV3(json: unknown): CodecSpec {
  if (typeof json === "string") return { name: json, configuration: {} };
  if (isRecord(json) && typeof json["name"] === "string") {
    const configuration = json["configuration"] ?? {};
    if (isRecord(configuration)) return { name: json["name"], configuration };
  }
  throw new CodecError({
    codec: shown(json),
    reason: "is no codec",
    hint: 'a Zarr v3 codec is written { "name": …, "configuration": { … } }',
  });
}

/** A compressor or filter as v2 metadata write it: `{ id, … }`. @throws CodecError */
export function fromV2(json: unknown): CodecSpec {
  if (isRecord(json) && typeof json["id"] === "string") {
    const { id, ...configuration } = json;
    return { name: id as string, configuration };
  }
  throw new CodecError({
    codec: shown(json),
    reason: "is no codec",
    hint: 'a Zarr v2 codec is written { "id": …, … }',
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
