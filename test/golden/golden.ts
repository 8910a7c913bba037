/**
 * Reads the golden files that the reference implementations made, and brings our blocks into the
 * same form. Owns the form of the files (see `reference.py`); knows nothing of what is tested.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type Dtype, NAT, asDtype, isBig, isTime } from "@hyperslab/core/dtype";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";

/** An element in a golden file: wide integers and times are decimal strings, NaN and infinities words. */
export type Word = number | string | boolean;

/** An attribute with the reference's name of its type. */
export interface GoldenAttribute {
  readonly type: string;
  readonly value: unknown;
}

/** Dtype, shape and elements; long arrays have a checksum and a few samples by position instead of values. */
export interface GoldenContent {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values?: readonly Word[];
  readonly sha256?: string;
  readonly samples?: Readonly<Record<string, Word>>;
}

export interface GoldenVariable extends GoldenContent {
  readonly dims: readonly string[];
  readonly attributes: Readonly<Record<string, GoldenAttribute>>;
}

export interface GoldenDataset {
  readonly kind: "Dataset";
  readonly sizes: Readonly<Record<string, number>>;
  readonly attributes: Readonly<Record<string, GoldenAttribute>>;
  readonly coords: Readonly<Record<string, GoldenVariable>>;
  readonly data: Readonly<Record<string, GoldenVariable>>;
  readonly indexes: readonly string[];
}

export interface GoldenDataArray extends GoldenVariable {
  readonly kind: "DataArray";
  readonly name: string | null;
  readonly coords: Readonly<Record<string, GoldenVariable>>;
  readonly indexes: readonly string[];
}

/** The path of a file below `fixtures/`. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`fixtures/${path}`, import.meta.url));
}

/** A golden file below `fixtures/`; its maker stands for its form. */
export function readGolden<T>(path: string): T {
  return JSON.parse(readFileSync(fixture(path), "utf8")) as T;
}

/** The elements of a block as a golden file writes them. */
export function toWords(block: Block): Word[] {
  const { dtype, data } = block;
  if (Array.isArray(data)) return [...data];
  return Array.from(data as ArrayLike<number | bigint>, (item) => toWord(item, dtype));
}

function toWord(item: number | bigint, dtype: Dtype): Word {
  if (dtype === "bool") return item !== 0;
  if (typeof item === "bigint") return isTime(dtype) && item === NAT ? "NaT" : String(item);
  return numberWord(dtype === "float16" ? fromFloat16(item) : item);
}

/** The block that golden values describe. */
export function fromWords(dtype: string, shape: readonly number[], words: readonly Word[]): Block {
  const block = allocateBlock(asDtype(dtype), shape);
  const data = block.data as (number | bigint | string)[];
  words.forEach((word, i) => {
    if (dtype === "string") data[i] = String(word);
    else if (isBig(block.dtype)) data[i] = word === "NaT" ? NAT : BigInt(word);
    else data[i] = dtype === "float16" ? toFloat16(Number(word)) : Number(word);
  });
  return block;
}

/** A number as a golden file writes it: JSON has no NaN and no infinity. */
export function numberWord(value: number): Word {
  return Number.isFinite(value) ? value : String(value);
}

/** SHA-256 of the little-endian elements with every NaN as the canonical one; of each text's UTF-8 and a zero byte. */
export function checksum(block: Block): string {
  const { dtype, data } = block;
  const hash = createHash("sha256");
  if (Array.isArray(data)) {
    for (const text of data) hash.update(text).update("\0");
    return hash.digest("hex");
  }
  const copy = data.slice();
  if (copy instanceof Float32Array || copy instanceof Float64Array) {
    for (let i = 0; i < copy.length; i++) if (Number.isNaN(copy[i])) copy[i] = NaN;
  } else if (dtype === "float16" && copy instanceof Uint16Array) {
    for (let i = 0; i < copy.length; i++) if (Number.isNaN(fromFloat16(copy[i]))) copy[i] = 0x7e00;
  }
  return hash.update(new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength)).digest("hex");
}

/** Relative differences that another order of summation or another libm may bring. */
const TOLERANCE: Record<string, number> = { float64: 1e-12, float32: 2e-6, float16: 2e-3 };

/** Units by which a mean of times may be off: xarray's way over float64 is, for nanoseconds. */
const TIMES_APART = 4n;

/** True where a computed element is the expected one, or near enough for its dtype. -0 and 0 are near. */
export function nearly(got: Word, want: Word, dtype: string, scale = 0): boolean {
  if (typeof got === "number" && typeof want === "number" && dtype.startsWith("float"))
    return Math.abs(got - want) <= TOLERANCE[dtype] * Math.max(Math.abs(got), Math.abs(want), scale);
  if (!dtype.includes("64[") || got === "NaT" || want === "NaT") return Object.is(got, want);
  const apart = BigInt(String(got)) - BigInt(String(want));
  return apart <= TIMES_APART && -apart <= TIMES_APART;
}

/** The first places where a block differs from the golden content, a line each; empty where it agrees. */
export function differences(block: Block, golden: GoldenContent, mode: "exact" | "near" = "exact"): string {
  const found: string[] = [];
  if (block.dtype !== golden.dtype) found.push(`dtype ${block.dtype}, want ${golden.dtype}`);
  if (block.shape.join() !== golden.shape.join())
    found.push(`shape (${block.shape.join(", ")}), want (${golden.shape.join(", ")})`);
  if (found.length) return found.join("\n");
  const words = toWords(block);
  const wanted = golden.values?.map((word, i): [number, Word] => [i, word]) ?? samplesOf(golden);
  // what cancels in a sum leaves an error of the size of the summands, not of the result
  const scale = Math.max(0, ...wanted.map(([, want]) => (typeof want === "number" ? Math.abs(want) : 0)));
  for (const [i, want] of wanted) {
    const got = words[i];
    const same = mode === "exact" ? Object.is(got, want) : nearly(got, want, golden.dtype, scale);
    if (!same && found.length < 5)
      found.push(`element ${i}: ${Object.is(got, -0) ? "-0" : String(got)}, want ${String(want)}`);
  }
  if (golden.values && golden.values.length !== words.length)
    found.push(`${words.length} elements, want ${golden.values.length}`);
  if (golden.sha256 !== undefined && mode === "exact" && checksum(block) !== golden.sha256)
    found.push(`checksum ${checksum(block)}, want ${golden.sha256}`);
  return found.join("\n");
}

function samplesOf(golden: GoldenContent): [number, Word][] {
  return Object.entries(golden.samples ?? {}).map(([i, word]) => [Number(i), word]);
}

/** Our attribute in the form of {@link plainAttributes}. */
export function attributeWord(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return numberWord(value);
  if (Array.isArray(value)) return value.map(attributeWord);
  return value;
}

/** Golden attributes without their types; integers of 64 bits are numbers where those are exact. */
export function plainAttributes(golden: Readonly<Record<string, GoldenAttribute>>): Record<string, unknown> {
  const plain = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(plain)
      : typeof value === "string"
        ? attributeWord(BigInt(value))
        : value;
  return Object.fromEntries(
    Object.entries(golden).map(([name, { type, value }]) => [
      name,
      type.startsWith("int64") || type.startsWith("uint64") ? plain(value) : value,
    ]),
  );
}
