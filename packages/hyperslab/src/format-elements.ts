/** Owns the printed form of elements and arrays in memory: a few on one line, or a whole array in brackets. */
import type { Block } from "@hyperslab/core/block";
import { type Dtype, isFloat, isTime } from "@hyperslab/core/dtype";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { formatTime } from "./times.js";

type Element = number | bigint | string;

/** One element on a line of its kind: floats with four digits, strings in quotes. */
export function formatElement(element: Element, dtype: Dtype): string {
  if (typeof element === "string") return quote(element);
  if (isTime(dtype)) return shortSpan(formatTime(element as bigint, dtype));
  if (dtype === "bool") return element ? "True" : "False";
  if (typeof element === "bigint") return String(element);
  if (!isFloat(dtype)) return String(element);
  return fourDigits(dtype === "float16" ? fromFloat16(element) : element);
}

/** Spans of whole days are said in days alone. */
function shortSpan(text: string): string {
  return text.replace(/ days 00:00:00$/, " days");
}

function quote(text: string): string {
  const escaped = text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/\t/g, "\\t");
  return escaped.includes("'") && !escaped.includes('"')
    ? `"${escaped}"`
    : `'${escaped.replace(/'/g, "\\'")}'`;
}

/** Four significant digits, always with a point: `5.5`, `531.0`, `1.429e+06`. */
function fourDigits(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits, power] = value.toExponential(3).split("e");
  const exponent = Number(power);
  const short = digits.replace(/\.?0+$/, "");
  if (exponent < -4 || exponent >= 3)
    return `${short}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  const fixed = Number(value.toPrecision(4)).toString();
  const plain = fixed.includes("e")
    ? Number(fixed)
        .toFixed(3 - exponent)
        .replace(/0+$/, "")
    : fixed;
  return plain.includes(".") ? plain : `${plain}.0`;
}

/** As many first and last elements as fit into `width` characters. */
export function formatFlat(block: Block, width: number): string {
  const size = block.data.length;
  const most = Math.min(Math.max(size, 1), Math.max(Math.ceil(width / 2), 2));
  const at = (i: number): string => formatElement(block.data[i], block.dtype);
  const front = Array.from({ length: Math.min(size, (most + 1) >> 1) }, (_, i) => at(i));
  const back = Array.from({ length: Math.min(size, most >> 1) }, (_, i) => at(size - 1 - i));
  const turns: string[] = [];
  for (let i = 0; turns.length < most && i < Math.max(front.length, back.length); i++) {
    if (i < front.length) turns.push(front[i]);
    if (i < back.length && turns.length < most) turns.push(back[i]);
  }
  const ends: number[] = [];
  turns.reduce((sum, text) => (ends.push(sum + text.length), sum + text.length + 1), 0);
  let count = size;
  let padding = count <= 1 ? "" : " ";
  if (size > 2 && (most < size || ends.some((end) => end > width))) {
    padding = " ... ";
    const full = ends.findIndex((end) => end + padding.length - 1 > width);
    count = Math.min(size, Math.max(full === -1 ? 0 : full, 2));
  }
  const last = back.slice(0, count - ((count + 1) >> 1)).reverse();
  const text = front.slice(0, (count + 1) >> 1).join(" ") + padding + last.join(" ");
  return text.length > width ? `${text.slice(0, Math.max(width - 3, 0))}...` : text;
}

/** Arrays with more elements than this show only their edges. */
const THRESHOLD = 200;

/** A whole array in brackets as NumPy prints it: `array([[1., 2.],` … */
export function formatArray(block: Block, width = 80): string {
  const { shape } = block;
  const rank = shape.length;
  if (sizeOf(shape) === 0)
    return rank === 1
      ? `array([], dtype=${block.dtype})`
      : `array([], shape=(${shape.join(", ")}), dtype=${block.dtype})`;
  const edge = sizeOf(shape) <= THRESHOLD ? Infinity : rank < 3 ? 3 : rank === 3 ? 2 : 1;
  const strides = stridesOf(shape);
  const picked: number[] = [];
  const visit = (axis: number, base: number): void => {
    if (axis === rank) picked.push(base);
    else for (const i of shown(shape[axis], edge)) if (i >= 0) visit(axis + 1, base + i * strides[axis]);
  };
  visit(0, 0);
  const texts = wideElements(block, picked);
  const prefix = "array(";
  let next = 0;
  const print = (axis: number, indent: number): string => {
    if (axis === rank) return texts[next++] ?? "";
    const parts = shown(shape[axis], edge).map((i) => (i < 0 ? "..." : print(axis + 1, indent + 1)));
    const pad = " ".repeat(indent + 1);
    if (axis === rank - 1) return `[${wrapped(parts, pad, width)}]`;
    return `[${parts.join(`,${"\n".repeat(rank - 1 - axis)}${pad}`)}]`;
  };
  const body = print(0, prefix.length);
  const facts: string[] = [];
  if (edge !== Infinity) facts.push(`shape=(${shape.join(", ")}${rank === 1 ? "," : ""})`);
  if (!["float64", "int64", "bool"].includes(block.dtype)) facts.push(`dtype=${block.dtype}`);
  return facts.length ? `${prefix}${body}, ${facts.join(", ")})` : `${prefix}${body})`;
}

/** Positions to show of an axis; -1 stands for what is left out. */
function shown(length: number, edge: number): number[] {
  if (length <= 2 * edge) return Array.from({ length }, (_, i) => i);
  return [
    ...Array.from({ length: edge }, (_, i) => i),
    -1,
    ...Array.from({ length: edge }, (_, i) => length - edge + i),
  ];
}

function wrapped(parts: readonly string[], pad: string, width: number): string {
  const lines: string[] = [];
  let line = "";
  for (const [i, part] of parts.entries()) {
    const text = i < parts.length - 1 ? `${part},` : part;
    if (line && pad.length + line.length + 1 + text.length > width) {
      lines.push(line);
      line = text;
    } else line = line ? `${line} ${text}` : text;
  }
  return [...lines, line].join(`\n${pad}`);
}

/** Elements as they stand in an array: floats with up to six digits after the point, all of one width. */
function wideElements(block: Block, picked: readonly number[]): string[] {
  const { dtype, data } = block;
  if (!isFloat(dtype)) {
    const texts = picked.map((i) =>
      isTime(dtype) ? `'${formatTime(data[i] as bigint, dtype)}'` : formatElement(data[i], dtype),
    );
    const width = dtype === "string" ? 0 : Math.max(0, ...texts.map((text) => text.length));
    return texts.map((text) => text.padStart(width));
  }
  const numbers = picked.map((i) =>
    dtype === "float16" ? fromFloat16(data[i] as number) : (data[i] as number),
  );
  const finite = numbers.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const high = Math.max(0, ...finite);
  const low = Math.min(Infinity, ...finite);
  const scientific = finite.length > 0 && (high >= 1e8 || low < 1e-4) && !finite.every(Number.isInteger);
  const special = (value: number): string => (Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf");
  const digits = (value: number): string =>
    scientific ? exponential(value) : shortest(value, dtype).toFixed(6).replace(/0+$/, "");
  const texts = numbers.map((value) => (Number.isFinite(value) ? digits(value) : special(value)));
  const after = Math.max(
    0,
    ...texts.map((text) => (text.includes(".") ? text.length - text.indexOf(".") : 0)),
  );
  const padded = texts.map((text) =>
    text.includes(".") && !text.includes("e") ? text.padEnd(text.indexOf(".") + after) : text,
  );
  const width = Math.max(0, ...padded.map((text) => text.length));
  return padded.map((text) => text.padStart(width));
}

/** The number of fewest digits that is this one in its dtype. */
function shortest(value: number, dtype: Dtype): number {
  if (dtype === "float64") return value;
  for (let digits = 3; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    const same = dtype === "float32" ? Math.fround(short) : fromFloat16(toFloat16(short));
    if (same === value) return short;
  }
  return value;
}

function exponential(value: number): string {
  const [digits, power] = value.toExponential(6).split("e");
  const exponent = Number(power);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
